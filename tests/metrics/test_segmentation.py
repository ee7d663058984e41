from __future__ import annotations

import math

import numpy as np
import pytest

from openworld3d.metrics.segmentation import accuracy, iou, miou_all, miou_known, miou_present, open_set

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
    assert miou_all(matrix, range(matrix.shape[-1])) == pytest.approx(every, nan_ok=True)
    assert accuracy(matrix) == pytest.approx(right, nan_ok=True)


def test_present_classes_are_those_with_a_true_point() -> None:
    matrix = np.array([[3, 0, 1, 0], [0, 1, 0, 0], [0, 0, 0, 0], [0, 0, 1, 0]])
    assert miou_present(matrix, range(matrix.shape[-1])) == pytest.approx(
        (3 / 4 + 1 + 0) / 3
    )  # wall, chair, sofa; a lamp is predicted alone


def test_many_matrices_at_once() -> None:
    many = np.stack([np.array(row[1]) for row in TABLE])
    assert miou_known(many, [0, 1, 2]) == pytest.approx([row[3] for row in TABLE], nan_ok=True)
    assert miou_all(many, range(many.shape[-1])) == pytest.approx([row[4] for row in TABLE], nan_ok=True)
    assert accuracy(many) == pytest.approx([row[5] for row in TABLE], nan_ok=True)


def test_open_set_by_hand() -> None:
    """Of 4 walls one is flagged, of 3 sofas two; a chair that passed for a wall is flagged too."""
    confusion = np.array([[4, 0, 0, 0], [1, 2, 0, 0], [0, 0, 0, 0], [3, 0, 0, 0]])
    unflagged = np.array([[3, 0, 0, 0], [0, 2, 0, 0], [0, 0, 0, 0], [1, 0, 0, 0]])
    opened = open_set(confusion, unflagged, [0, 1, 2])
    assert opened.iou_unknown == pytest.approx(2 / (3 + 4 - 2))
    assert opened.miou == pytest.approx((3 / (4 + 4 - 3) + 2 / 3 + 2 / 5) / 3)


def test_open_set_without_unknown_points_has_no_iou_of_unknown() -> None:
    confusion = np.diag([4, 2, 0, 0])
    opened = open_set(confusion, confusion, [0, 1, 2])
    assert np.isnan(opened.iou_unknown)
    assert opened.miou == 1
