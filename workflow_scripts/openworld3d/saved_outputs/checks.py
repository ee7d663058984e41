"""Checks of what saved numbers mean: whether logits are logits, and features the input of the last layer."""

from __future__ import annotations

from pathlib import Path
from typing import Mapping

import numpy as np
from scipy.special import logsumexp

from openworld3d.errors import UserError

Arrays = Mapping[str, np.ndarray]

ROWS_SEEN = 1000
FEWEST_ROWS = 5  # below which numbers may sum to one by chance, and deviations say little
LAST_LAYER_TOLERANCE = 1e-2  # of the largest logit
FAR_SHARE, FEWEST_FAR = 0.01, 20  # of a scene's points, and how many at least
SAME_ROW_SHARE, SAME_ROW_EXTENT = 0.5, 2.0  # of them, and metres, more than a voxel has
SMALLEST_DEVIATION = 1e-2  # of a channel's mean: one that is constant has none
DEVIATIONS = 5.0  # between the means of a channel, above which features are of another preprocessing


def some_rows(array: np.ndarray) -> np.ndarray:
    """Return at most 1,000 rows at equal distances in float64: (R, C) -> (r, C)."""
    rows = np.unique(np.linspace(0, len(array) - 1, ROWS_SEEN).astype(np.int64)) if len(array) else slice(0)
    return np.asarray(array[rows], np.float64)


def check_logits(path: Path, logits: np.ndarray) -> None:
    """Raise UserError for logits (R, K) that are not finite, or are probabilities, their sums or logarithms.

    -inf is the logit of a class that is impossible, but for float16, where it is what was below -65504.
    """
    check_finite(path, logits, minus_infinity=logits.dtype != np.float16)
    found = what_logits_are(some_rows(logits), 2e-3 if logits.dtype == np.float16 else 1e-4)
    if found:
        raise UserError(f"{path}: {found}; save the logits, which go into the softmax")


def what_logits_are(rows: np.ndarray, tolerance: float) -> str | None:
    """Return what some rows (r, K) are if they are no logits.

    tolerance: of a sum of numbers that sum to one, in their precision.
    """
    if len(rows) < FEWEST_ROWS or rows.shape[1] < 2:
        return None
    total, is_whole = rows.sum(axis=1), np.array_equal(rows, np.rint(rows))
    if rows.min() >= 0:
        if np.all(np.abs(total - 1) <= tolerance):
            return "its rows sum to one, as probabilities do after a softmax"
        nearest, error = np.rint(total), tolerance * total
        if not is_whole and nearest.min() >= 1 and error.max() < 0.05 and np.all(np.abs(total - nearest) <= error):
            return f"its rows sum to whole numbers up to {nearest.max():.0f}, as softmaxes summed over passes do"
        if not is_whole and rows.max() <= 1:
            return "its numbers lie from 0 to 1, as sigmoids and the confidences of mask transformers do"
    if not is_whole and np.all(np.abs(logsumexp(rows, axis=1)) <= tolerance):
        return "the exponentials of its rows sum to one, as after a log-softmax"
    return None


def check_finite(path: Path, array: np.ndarray, minus_infinity: bool = False) -> None:
    """Raise UserError for the first number of an array (R, C) that is not finite."""
    wrong = ~np.isfinite(array)
    if minus_infinity:
        wrong &= ~np.isneginf(array)
    if not wrong.any():
        return
    row, column = np.argwhere(wrong)[0]
    number = array[row, column]
    if array.dtype == np.float16 and np.isinf(number):
        remedy = f"float16 holds at most {np.finfo(np.float16).max}: save it as float32"
    else:
        remedy = "the network has diverged, or the points of this row were not seen: save what it says of every point"
    raise UserError(f"{path}: row {row}, column {column} is {number}, expected a finite number; {remedy}")


def check_score(path: Path, score: np.ndarray) -> None:
    """Raise UserError for the first number of a score (R,) that is not finite."""
    wrong = np.flatnonzero(~np.isfinite(score))
    if len(wrong):
        raise UserError(
            f"{path}: the score of row {wrong[0]} is {score[wrong[0]]}, expected a finite number; save one for every "
            "point, such as the highest for those that the network finds most unknown"
        )


def check_features(path: Path, features: np.ndarray, of_sample: np.ndarray | None) -> None:
    """Raise UserError for features (R, F) that are not finite, or not those of the training sample's network.

    of_sample (S, F); the means of most channels lie many of the sample's standard deviations apart where scenes and
    training points were preprocessed otherwise.
    """
    check_finite(path, features)
    if of_sample is None:
        return
    if features.shape[1] != of_sample.shape[1]:
        raise UserError(
            f"{path}: has {features.shape[1]} channels, but train_sample/features.npy has {of_sample.shape[1]}; save "
            "the input of the same layer for both"
        )
    if len(features) == 0 or len(of_sample) < FEWEST_ROWS:
        return
    other = of_sample.astype(np.float64)
    mean, of_other = some_rows(features).mean(axis=0), other.mean(axis=0)
    least = SMALLEST_DEVIATION * np.maximum(np.abs(mean), np.abs(of_other)) + np.finfo(np.float32).tiny
    deviations = np.median(np.abs(mean - of_other) / np.maximum(other.std(axis=0), least))
    if deviations > DEVIATIONS:
        raise UserError(
            f"{path}: the mean of a channel lies {deviations:.0f} standard deviations from that of "
            "train_sample/features.npy, by the median of the channels; preprocess scenes and training points alike"
        )


def check_classifier(place: Path, outputs: Arrays, sample: Arrays) -> None:
    """Raise UserError where logits are not the last layer of the features: |W f + b - z| on 1,000 rows.

    place: what the sentence begins with; outputs: `logits` (R, K) and `features` (R, F); sample: with `last_weight`
    (K, F) and `last_bias` (K,), or without, where nothing is checked.
    """
    if "last_weight" not in sample:
        return
    weight, bias = sample["last_weight"].astype(np.float64), sample["last_bias"].astype(np.float64)
    if outputs["features"].shape[1] != weight.shape[1]:
        raise UserError(
            f"{place}: features have {outputs['features'].shape[1]} channels, but the weight of classifier.npz takes "
            f"{weight.shape[1]}; save the input of the last linear layer"
        )
    logits, computed = some_rows(outputs["logits"]), some_rows(outputs["features"]) @ weight.T + bias
    is_finite = np.isfinite(logits)
    if not is_finite.any():
        return
    size, apart = np.abs(logits[is_finite]).max(), np.abs(computed - logits)[is_finite].max()
    if apart > LAST_LAYER_TOLERANCE * size:
        raise UserError(
            f"{place}: features @ weight.T + bias of classifier.npz is up to {apart:.3g} from the logits, expected "
            f"at most 1 % of the largest, {size:.3g}; save logits and features of one pass without averages, the "
            "input of the last linear layer, and its rows in the order of the columns, or leave classifier.npz out"
        )


def check_far_end(path: Path, logits: np.ndarray, inverse: np.ndarray, coord: np.ndarray) -> None:
    """Raise UserError where most of the farthest points have one row, though they lie metres apart.

    logits (R, K), inverse (N,), coord (N, 3) float32 in metres. Clipped coordinates do that, and points that the
    network did not see.
    """
    count = max(FEWEST_FAR, int(len(coord) * FAR_SHARE))
    if len(coord) < 4 * count or len(logits) < 2:
        return
    distance = np.linalg.norm(coord - coord.mean(axis=0), axis=1)
    far = np.argpartition(distance, -count)[-count:]
    same, counts = np.unique(logits[inverse[far]], axis=0, return_inverse=True, return_counts=True)[1:]
    alike = far[same.reshape(-1) == counts.argmax()]
    extent = np.linalg.norm(np.ptp(coord[alike], axis=0))
    if len(alike) > SAME_ROW_SHARE * count and extent > SAME_ROW_EXTENT:
        raise UserError(
            f"{path}: {len(alike)} of the {count} farthest points have the same logits though they lie up to "
            f"{extent:.0f} m apart; run the network on coordinates that are not clipped, or give a point that it did "
            "not see the row of the nearest one that it saw"
        )


def negative_share(features: np.ndarray) -> float:
    """Return which share of features (R, F) is negative, which ASH, ASH-P and SCALE do not suppose."""
    return float(np.mean(some_rows(features) < 0)) if features.size else 0.0
