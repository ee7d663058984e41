from __future__ import annotations

import math

import numpy as np
import pytest
from tests.scores.scored import Sample, made

# The mean feature is (1, 1); w_0 and w_1 are 5 apart, w_2 is 3 from w_0 and 4 from w_1.
FITTED: Sample = {
    "features": np.array([[0, 2], [2, 0]], np.float32),
    "last_weight": np.array([[3, 0], [0, 4], [0, 0]], np.float32),
    "last_bias": np.array([0, 0, 1], np.float32),
}
EQUAL = {**FITTED, "last_weight": np.array([[1, 0], [1, 0], [0, 0]], np.float32)}


def distance(fitted: Sample, row: list[float]) -> np.ndarray:
    return made("fdbd", fitted)({"features": np.array([row], np.float32)})


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ([4, 1], -(8 / 5 + 11 / 3) / 2 / 3),  # logits 12, 4, 1
        ([1, 4], -(13 / 5 + 15 / 4) / 2 / 3),  # logits 3, 16, 1
        ([0, 0], -(1 / 3 + 1 / 4) / 2 / math.sqrt(2)),  # logits 0, 0, 1
        ([4, 3], -(0 / 5 + 11 / 4) / 2 / math.sqrt(13)),  # logits 12, 12, 1: of class 1, less far than 11 / 3
        ([1, 1], -(1 / 5 + 3 / 4) / 2 / 1e-8),  # the mean itself
    ],
)
def test_row_by_hand(row: list[float], expected: float) -> None:
    assert distance(FITTED, row) == pytest.approx([expected], rel=1e-6)


def test_classes_of_equal_weights_have_no_boundary() -> None:
    assert distance(EQUAL, [4, 1]) == pytest.approx([-(0 + 3) / 2 / 3])  # logits 4, 4, 1


def test_scale_of_the_network_is_no_matter() -> None:
    larger = {
        "features": FITTED["features"] * 10,
        "last_weight": FITTED["last_weight"],
        "last_bias": FITTED["last_bias"] * 10,
    }
    assert distance(larger, [40, 10]) == pytest.approx(distance(FITTED, [4, 1]))
