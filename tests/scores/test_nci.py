from __future__ import annotations

import numpy as np
import pytest
from tests.scores.scored import Sample, made

# The mean feature is (1, 1).
FITTED: Sample = {
    "features": np.array([[0, 2], [2, 0]], np.float32),
    "last_weight": np.array([[2, 0], [0, 1]], np.float32),
    "last_bias": np.array([0, 3], np.float32),
}


@pytest.mark.parametrize(
    ("row", "alpha", "expected"),
    [
        ([4, 5], 0, -4 / 5),  # logits 8, 8: of class 0 it is -6 / 5
        ([5, 4], 0, -2 * 4 / 5),
        ([5, 4], 0.5, -2 * 4 / 5 - 4.5),
        ([-2, 5], 0.1, -4 / 5 - 0.7),
        ([1, -1], 0, 1),  # logits 2, 2, against its weights
        ([1, 1], 0.25, -0.5),  # the mean itself
    ],
)
def test_row_by_hand(row: list[float], alpha: float, expected: float) -> None:
    result = made("nci", FITTED, alpha=alpha)({"features": np.array([row], np.float32)})
    assert result == pytest.approx([expected], abs=1e-6)


def test_length_counts_little_by_default() -> None:
    result = made("nci", FITTED)({"features": np.array([[5, 4]], np.float32)})
    assert result == pytest.approx([-1.6 - 0.0009], abs=1e-6)
