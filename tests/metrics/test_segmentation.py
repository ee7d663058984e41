from __future__ import annotations

import math

import numpy as np
import pytest

from openworld3d.metrics.segmentation import accuracy, iou, miou_all, miou_known

# Classes wall, chair, lamp, sofa; the sofa is unknown, so nothing is predicted as one.
TABLE = [
    # What the matrix shows, true x predicted, IoU, mean over wall, chair, lamp, mean over all, accuracy.
    (
        "all right but the unknown",
        [[6, 0, 0, 0], [0, 3, 0, 0], [0, 0, 1, 0], [2, 0, 0, 0]],
        [6 / 8, 1, 1, 0],
        (6 / 8 + 2) / 3,
        (6 / 8 + 2) / 4,
        10 / 12,
    ),
    (
        "known classes mixed up",
        [[4, 2, 0, 0], [1, 3, 0, 0], [0, 1, 1, 0], [1, 1, 0, 0]],
        [4 / 8, 3 / 8, 1 / 2, 0],
        (4 / 8 + 3 / 8 + 1 / 2) / 3,
        (4 / 8 + 3 / 8 + 1 / 2) / 4,
        8 / 14,
    ),
    (
        "a class neither true nor predicted is left out",
        [[4, 0, 0, 0], [0, 1, 0, 0], [0, 0, 0, 0], [1, 0, 0, 0]],
        [4 / 5, 1, math.nan, 0],
        (4 / 5 + 1) / 2,
        (4 / 5 + 1) / 3,
        5 / 6,
    ),
    (
        "a class predicted but never true counts as 0 among all, and is not present among the known",
        [[3, 0, 1, 0], [0, 1, 0, 0], [0, 0, 0, 0], [0, 0, 1, 0]],
        [3 / 4, 1, 0, 0],
        (3 / 4 + 1) / 2,
        (3 / 4 + 1) / 4,
        4 / 6,
    ),
    ("no point at all", [[0] * 4] * 4, [math.nan] * 4, math.nan, math.nan, math.nan),
]


@pytest.mark.parametrize(("confusion", "by_class", "known", "every", "right"), [row[1:] for row in TABLE])
def test_table_by_hand(
    confusion: list[list[int]], by_class: list[float], known: float, every: float, right: float
) -> None:
    matrix = np.array(confusion)
    assert iou(matrix) == pytest.approx(by_class, nan_ok=True)
    assert miou_known(matrix, [0, 1, 2]) == pytest.approx(known, nan_ok=True)
    assert miou_all(matrix) == pytest.approx(every, nan_ok=True)
    assert accuracy(matrix) == pytest.approx(right, nan_ok=True)
