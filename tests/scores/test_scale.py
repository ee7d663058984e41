from __future__ import annotations

import math

import numpy as np
import pytest
from tests.scores.scored import Sample, made

from openworld3d.errors import UserError

FITTED: Sample = {"last_weight": np.array([[1, 0, 0, 0]], np.float32), "last_bias": np.array([-1], np.float32)}


def scaled(row: list[float], percentile: float) -> np.ndarray:
    return made("scale", FITTED, percentile=percentile)({"features": np.array([row], np.float32)})


@pytest.mark.parametrize(
    ("row", "percentile", "expected"),
    [
        ([4, 2, 1, 1], 50, 1 - 4 * math.exp(8 / 6)),
        ([1, 2, 1, 4], 50, 1 - math.exp(8 / 6)),  # small ones are scaled too
        ([4, 2, 1, 1], 75, 1 - 4 * math.exp(8 / 4)),
        ([4, 2, 1, 1], 85, 1 - 4 * math.exp(8 / 4)),  # 4 - round(3.4)
        ([4, 2, 1, 1], 98, 1 - 4 * math.exp(8 / 4)),  # at least one
        ([4, 2, 1, 1], 0, 1 - 4 * math.e),
        ([0, 0, 0, 0], 50, 1),
        ([0, 0, 0, 3], 50, 1),
        ([3, -1, 0, 0], 50, 1 - 3 * math.exp(2 / 3)),
    ],
)
def test_row_by_hand(row: list[float], percentile: float, expected: float) -> None:
    assert scaled(row, percentile) == pytest.approx([expected], rel=1e-6)


@pytest.mark.parametrize(("row", "total"), [([-1, -2, -3, 0], "-1"), ([1, -1, -1, -1], "0")])
def test_features_that_are_no_activations_are_refused(row: list[float], total: str) -> None:
    with pytest.raises(
        UserError,
        match=f"score scale: the 2 largest features of a point add up to {total}, expected above 0; 75% of the ",
    ):
        scaled(row, 50)
