from __future__ import annotations

import math

import numpy as np
import pytest

from openworld3d.scores.parts.class_confidence import class_confidence

THREE_TO_ONE = [math.log(3), 0]  # p = 3/4, 1/4


@pytest.mark.parametrize(
    ("logits", "target", "expected"),
    [
        ([THREE_TO_ONE], [0], [0.75, 2]),  # class 1 is absent
        ([THREE_TO_ONE], [1], [2, 0.25]),  # what its own class got, not the winner
        ([THREE_TO_ONE, [0, 0], [0, 0]], [0, 0, 1], [(0.75 + 0.5) / 2, 0.5]),
        ([[0, -math.inf], [0, 0]], [0, 1], [1, 0.5]),
        ([[0, -math.inf]], [1], [2, 2e-6]),  # a probability of 0
        ([[3], [-5]], [0, 0], [1]),
    ],
)
def test_threshold_by_hand(logits: list[list[float]], target: list[int], expected: list[float]) -> None:
    result = class_confidence(np.array(logits, np.float32), np.array(target, np.uint8), np.ones(len(target)))
    assert result == pytest.approx(expected, rel=1e-6)


def test_voxels_are_counted_by_weight() -> None:
    result = class_confidence(np.array([THREE_TO_ONE, [0, 0]]), np.zeros(2, np.uint8), np.array([3.0, 1.0]))
    assert result == pytest.approx([(3 * 0.75 + 0.5) / 4, 2], rel=1e-12)


def test_float16_is_averaged_in_float64() -> None:
    logits = np.array([[8, 0]] * 1000, np.float16)
    result = class_confidence(logits, np.zeros(1000, np.uint8), np.full(1000, 0.1))
    assert result == pytest.approx([1 / (1 + math.exp(-8)), 2], rel=1e-12)
