"""Segmentation metrics from confusion matrices (..., C, C) of true x predicted points.

A network predicts the classes that it was trained on, so that each point of another class is a false positive of one
of them. A class with neither a true nor a predicted point has no IoU and is left out of every mean; the codes of REAL
(ECCV 2022) and PDF (CVPR 2024) count such a class as 0. A class that is predicted but never true has IoU 0; it is
left out of the mean over known classes, which is over the classes present.
Counts are exact integers, or sums of them over drawn scenes; every function takes many matrices at once.
"""

from __future__ import annotations

from typing import NamedTuple, Sequence

import numpy as np


def iou(confusion: np.ndarray) -> np.ndarray:
    """Return the intersection over union of each class, (..., C) float64 in 0..1, NaN where the union is empty."""
    both = np.diagonal(confusion, axis1=-2, axis2=-1)
    union = confusion.sum(axis=-2) + confusion.sum(axis=-1) - both  # (..., C)
    return np.where(union > 0, both / np.maximum(union, 1), np.nan)


def miou_known(confusion: np.ndarray, known: Sequence[int] | np.ndarray) -> np.ndarray:
    """Return the mean IoU over the known classes that have a true point, with unknown points counting against them.

    PDF's convention (CVPR 2024) where every class is present. `known` are indices in the dataset's list.
    """
    chosen = list(known)
    return mean_where(iou(confusion)[..., chosen], confusion.sum(axis=-1)[..., chosen] > 0)


def miou_all(confusion: np.ndarray, classes: Sequence[int]) -> np.ndarray:
    """Return the mean IoU over all classes of the dataset, unknown ones at 0 unless the network was trained on them.

    REAL's convention (ECCV 2022), in which K known and U unknown classes cannot reach more than K / (K + U).
    """
    found = iou(confusion)[..., list(classes)]
    return mean_where(found, ~np.isnan(found))


def miou_present(confusion: np.ndarray, classes: Sequence[int]) -> np.ndarray:
    """Return the mean IoU over the classes of the dataset with a true point, unknown ones at 0 unless trained on."""
    chosen = list(classes)
    return mean_where(iou(confusion)[..., chosen], confusion.sum(axis=-1)[..., chosen] > 0)


def accuracy(confusion: np.ndarray) -> np.ndarray:
    """Return the share of points predicted correctly; unknown points count and are always wrong."""
    points = confusion.sum(axis=(-2, -1))
    right = np.trace(confusion, axis1=-2, axis2=-1)
    return np.where(points > 0, right / np.maximum(points, 1), np.nan)


def mean_where(values: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    """Return the mean over the last axis of the chosen values, NaN where there are none."""
    count = chosen.sum(axis=-1)
    return np.where(count > 0, np.where(chosen, values, 0).sum(axis=-1) / np.maximum(count, 1), np.nan)


class OpenSet(NamedTuple):
    """IoU where flagged points count as predicted unknown: mean over known classes and unknown; unknown alone."""

    miou: np.ndarray
    iou_unknown: np.ndarray


def open_set(confusion: np.ndarray, unflagged: np.ndarray, known: Sequence[int]) -> OpenSet:
    """Return the IoU with all unknown classes as one more class, over the classes that have a true point: (...).

    confusion (..., C, C): all points; unflagged (..., C, C): those whose score is not above the threshold.
    """
    chosen = list(known)
    others = [index for index in range(confusion.shape[-1]) if index not in chosen]
    both = np.diagonal(unflagged, axis1=-2, axis2=-1)[..., chosen]
    true, predicted = confusion.sum(axis=-1)[..., chosen], unflagged.sum(axis=-2)[..., chosen]
    flagged = (confusion - unflagged).sum(axis=-1)  # (..., C), by true class
    hit, unknown = flagged[..., others].sum(axis=-1), confusion.sum(axis=-1)[..., others].sum(axis=-1)
    both, true = np.append(both, hit[..., None], -1), np.append(true, unknown[..., None], -1)
    predicted = np.append(predicted, flagged.sum(axis=-1)[..., None], -1)
    union = true + predicted - both
    found = np.where(union > 0, both / np.maximum(union, 1), np.nan)  # (..., K + 1)
    return OpenSet(mean_where(found, true > 0), np.where(unknown > 0, found[..., -1], np.nan))
