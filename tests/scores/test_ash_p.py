from __future__ import annotations

import math

import numpy as np
import pytest
from tests.scores.scored import Sample, made, scored, training_sample

FITTED: Sample = {
    "last_weight": np.array([[1, 1, 1, 1], [0, 0, 0, 0]], np.float32),
    "last_bias": np.array([0, 0], np.float32),
}


@pytest.mark.parametrize(
    ("row", "percentile", "total"),
    [
        ([4, 2, 1, 1], 50, 6),
        ([4, 2, 1, 1], 75, 4),
        ([4, 2, 1, 1], 25, 8),  # of the equal ones all are kept
        ([4, 2, 1, 1], 100, 4),  # at least one
        ([4, 2, 1, 1], 0, 8),
        ([0, 0, 0, 0], 50, 0),
    ],
)
def test_row_by_hand(row: list[float], percentile: float, total: float) -> None:
    result = made("ash_p", FITTED, percentile=percentile)({"features": np.array([row], np.float32)})
    assert result == pytest.approx([-math.log(math.exp(total) + 1)], rel=1e-6)


def test_at_0_percent_it_is_the_energy() -> None:
    sample = training_sample(4)
    result = made("ash_p", sample, percentile=0)({"features": sample["features"]})
    np.testing.assert_allclose(result, scored("energy", sample["logits"]), rtol=1e-6)
