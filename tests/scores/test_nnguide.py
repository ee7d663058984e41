from __future__ import annotations

import math

import numpy as np
import pytest
from tests.scores.scored import Sample, made

from openworld3d.errors import UserError

# One logit each, which is its own log-sum: the bank is (5, 0), (0, 2), (0.6, 0.8) and (-1, 0).
FITTED: Sample = {
    "features": np.array([[3, 0], [0, 7], [6, 8], [-2, 0]], np.float32),
    "logits": np.array([[5], [2], [1], [1]], np.float32),
}


@pytest.mark.parametrize(
    ("k", "features", "logits", "expected"),
    [
        (1, [2, 0], [4], -4 * 5),
        (2, [2, 0], [4], -4 * (5 + 0.6) / 2),
        (4, [2, 0], [4], -4 * (5 + 0.6 + 0 - 1) / 4),
        (1, [0, 9], [4], -4 * 2),
        (1, [3, 4], [4], -4 * 3),  # 0.6 of 5
        (1, [0, 0], [4], 0),
        (1, [2, 0], [-3], 15),
        (1, [2, 0], [-math.inf, 4], -20),
    ],
)
def test_row_by_hand(k: int, features: list[float], logits: list[float], expected: float) -> None:
    outputs = {"features": np.array([features], np.float32), "logits": np.array([logits], np.float32)}
    assert made("nnguide", FITTED, k=k)(outputs) == pytest.approx([expected], abs=1e-6)


def test_more_neighbours_than_voxels_are_refused() -> None:
    with pytest.raises(UserError, match="score nnguide: k is 5, but the bank has 4 voxels of the training"):
        made("nnguide", FITTED, k=5)
