from __future__ import annotations

import math

import numpy as np
import pytest
from tests.scores.scored import Sample, made, scored, training_sample

LOG_2 = math.log(2)
# Mean activations 1 and 2: contributions 4, 2 and -3, 6, of which 4 and 6 are above the median, 3, and 6 above 75 %.
FITTED: Sample = {
    "features": np.array([[0, 3], [2, 1]], np.float32),
    "last_weight": np.array([[4, 1], [-3, 3]], np.float32),
    "last_bias": np.array([0, 1], np.float32),
}


@pytest.mark.parametrize(
    ("percentile", "row", "expected"),
    [
        (50, [1, 1], -4 - LOG_2),  # logits 4 and 3 + 1
        (50, [2, 0], -8 - math.log1p(math.exp(-7))),
        (75, [1, 1], -4 - math.log1p(math.exp(-4))),  # logits 0 and 4: 4.5 is the percentile
        (0, [1, 1], -5 - math.log1p(math.exp(-1))),  # logits 5 and 4: the least contribution, -3, is dropped
    ],
)
def test_row_by_hand(percentile: float, row: list[float], expected: float) -> None:
    result = made("dice", FITTED, percentile=percentile)({"features": np.array([row], np.float32)})
    assert result == pytest.approx([expected], rel=1e-6)


def test_is_the_energy_where_what_is_dropped_has_no_weight() -> None:
    sample = training_sample(3)
    sample["last_weight"] = np.maximum(sample["last_weight"], 0)  # 15 of 18 weights are 0
    result = made("dice", sample, percentile=80)({"features": sample["features"]})
    energy = scored("energy", sample["features"] @ sample["last_weight"].T)
    np.testing.assert_allclose(result, energy, rtol=1e-6)
