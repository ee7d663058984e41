"""Object level: how many objects of unknown classes a method finds, counted as in STU's devkit.

STU, CVPR 2025, kumuji/stu_dataset b1d8146, compute_object_level_ood.py. A predicted and a true instance match if
their intersection over union, over the points that count, exceeds 0.5; neither can match another then. A match is a
true positive (TP), whatever its size. Without a match, a predicted instance is a false positive (FP) and a true one a
false negative (FN) if it has at least 5 points. Counts of scenes add up.

The devkit reads labels as int32 and so loses instances from 32768 on; here they count.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from openworld3d.metrics.statistics import OBJECT_COUNTS, UNIT
from openworld3d.scenes.scene import NO_INSTANCE

MATCHED_ABOVE = 0.5
MIN_POINTS = 5
IOU, TP, FP, FN = range(OBJECT_COUNTS)


def true_instances(label: np.ndarray, instance: np.ndarray, unknown: np.ndarray) -> np.ndarray:
    """Return the instance of each point of an unknown class, -1 elsewhere: (N,) int64.

    label (N,) uint8; instance (N,) int32, -1 where none; unknown (N,) bool. Points of one class without an instance
    form an instance, as those with id 0 do in the devkit.
    """
    number = label.astype(np.int64) << 32 | (instance.astype(np.int64) - NO_INSTANCE)  # not negative
    return np.where(unknown, number, NO_INSTANCE)


def count_objects(true: np.ndarray, predicted: np.ndarray) -> np.ndarray:
    """Return one scene's counts: sum of the matches' IoU in units of 2^-32, TP, FP, FN, (4,) int64.

    true, predicted (N,) integer: the instance of each point that counts, -1 where none. The IoU is an integer so that
    the sum over scenes does not depend on their order.
    """
    true_index, true_size = numbered(true)
    predicted_index, predicted_size = numbered(predicted)
    in_both = (true_index >= 0) & (predicted_index >= 0)
    pairs, common = np.unique(np.stack([true_index[in_both], predicted_index[in_both]]), axis=1, return_counts=True)
    union = true_size[pairs[0]] + predicted_size[pairs[1]] - common
    iou = common / union
    matched = iou > MATCHED_ABOVE
    true_missed = np.delete(true_size, pairs[0][matched])
    predicted_missed = np.delete(predicted_size, pairs[1][matched])
    counts = np.zeros(OBJECT_COUNTS, np.int64)
    counts[IOU] = np.rint(iou[matched] * UNIT).astype(np.int64).sum()
    counts[TP] = np.count_nonzero(matched)
    counts[FP] = np.count_nonzero(predicted_missed >= MIN_POINTS)
    counts[FN] = np.count_nonzero(true_missed >= MIN_POINTS)
    return counts


def numbered(instance: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the points' instances numbered from 0, (N,) int64, -1 where none, and the points of each, (I,) int64."""
    index = np.full(len(instance), NO_INSTANCE, np.int64)
    has = instance != NO_INSTANCE
    _, index[has], size = np.unique(instance[has], return_inverse=True, return_counts=True)
    return index, size


class Qualities(NamedTuple):
    """The metrics of the object level, (...) float64 each: five in 0..1, and the three counts.

    sq = sum of IoU / TP, recallq = TP / (TP + FN), uq = sq * recallq, rq = TP / (TP + FP / 2 + FN / 2), pq = sq * rq.
    Without a match all five are 0, as in the devkit. NaN where all counts are 0, and recallq and uq where TP + FN is.
    """

    sq: np.ndarray
    recallq: np.ndarray
    uq: np.ndarray
    rq: np.ndarray
    pq: np.ndarray
    tp: np.ndarray
    fp: np.ndarray
    fn: np.ndarray


def qualities(objects: np.ndarray) -> Qualities:
    """Return the metrics of the object level from counts of `count_objects`, or sums of them: (..., 4)."""
    counts = np.where(objects[..., TP:].any(axis=-1, keepdims=True), objects, np.nan)
    iou, tp, fp, fn = np.moveaxis(counts, -1, 0)
    with np.errstate(invalid="ignore"):
        sq = iou / UNIT / np.maximum(tp, 1)
        recallq = tp / (tp + fn)
        rq = tp / (tp + fp / 2 + fn / 2)
    return Qualities(sq, recallq, sq * recallq, rq, sq * rq, tp, fp, fn)
