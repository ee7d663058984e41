"""What a step that teaches unknown classes does to the classes that were known from the start."""

from __future__ import annotations

from typing import Sequence

import numpy as np

from openworld3d.metrics import segmentation
from openworld3d.metrics.measures import Measured
from openworld3d.metrics.statistics import Statistics


def of_step(
    statistics: Statistics, before: Statistics | None, old: Sequence[str], taught: Sequence[str], drawn: np.ndarray
) -> Measured:
    """Return the mean IoU of classes known from the start and of those taught since, and how much the former fell.

    Each over the classes that have a true point, for draws (R, S) of the scenes: (3, R); NaN without a step before.
    """

    def mean_iou(of: Statistics, names: Sequence[str]) -> np.ndarray:
        return segmentation.miou_known(np.tensordot(drawn, of.confusion, 1), of.index(names))

    miou_old = mean_iou(statistics, old)
    found = {
        "miou_old": miou_old,
        "miou_novel": mean_iou(statistics, taught),
        "forgetting": np.full_like(miou_old, np.nan) if before is None else mean_iou(before, old) - miou_old,
    }
    return {name: np.stack([value] * 3) for name, value in found.items()}
