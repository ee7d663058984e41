"""How well the known classes are told apart, from a confusion matrix (C, C) of true x predicted points.

A network predicts the classes that it was taught, so each point of another is a false positive of one of them.
A class with neither a true nor a predicted point has no IoU and is left out of every mean; the codes of
REAL (ECCV 2022) and PDF (CVPR 2024) count such a class as 0. A class that is predicted but never true
has IoU 0; it is left out of the mean over known classes, which asks of the classes that are present.
"""

from __future__ import annotations

from typing import Sequence

import numpy as np


def iou(confusion: np.ndarray) -> np.ndarray:
    """Return intersection over union of each class, (C,) float64 in 0..1, NaN where the union is empty."""
    both = np.diag(confusion)
    union = confusion.sum(axis=0) + confusion.sum(axis=1) - both  # (C,)
    return np.where(union > 0, both / np.maximum(union, 1), np.nan)


def miou_known(confusion: np.ndarray, known: Sequence[int]) -> float:
    """Return the mean IoU over the known classes that have a true point, where unknown points count against them.

    PDF's convention (CVPR 2024) where every class is present. `known` are indices in the dataset's list.
    """
    present = [index for index in known if confusion[index].any()]
    return _mean(iou(confusion)[present])


def miou_all(confusion: np.ndarray) -> float:
    """Return the mean IoU over all classes, the unknown ones at 0 unless a network was taught them.

    REAL's convention (ECCV 2022), where K known and U unknown classes cannot reach more than K / (K + U).
    """
    return _mean(iou(confusion))


def accuracy(confusion: np.ndarray) -> float:
    """Return the share of points whose prediction is right; unknown points count and are always wrong."""
    points = confusion.sum()
    return float(np.trace(confusion) / points) if points else float("nan")


def _mean(values: np.ndarray) -> float:
    defined = values[~np.isnan(values)]
    return float(defined.mean()) if len(defined) else float("nan")
