from __future__ import annotations

import math

import numpy as np
import pytest
from tests.scores.scored import Sample, made, scored, training_sample

LOG_2 = math.log(2)
ELEVEN: Sample = {  # activations 0 to 10 and as many zeros: the 100th percentile is 10, the 50th 0
    "features": np.stack([np.arange(11), np.zeros(11)], axis=1).astype(np.float32),
    "last_weight": np.array([[1, 0], [0, 1]], np.float32),
    "last_bias": np.array([0, 2], np.float32),
}
ALONE: Sample = {  # activations 0 to 10: the 90th percentile is 9, the 95th halfway between 9 and 10
    "features": np.arange(11, dtype=np.float32)[:, None],
    "last_weight": np.array([[2]], np.float32),
    "last_bias": np.array([-1], np.float32),
}


@pytest.mark.parametrize(
    ("fitted", "percentile", "row", "expected"),
    [
        (ALONE, 90, [5], -9),  # -(2 * 5 - 1)
        (ALONE, 90, [9], -17),
        (ALONE, 90, [500], -17),
        (ALONE, 95, [500], -18),
        (ALONE, 0, [500], 1),
        (ELEVEN, 100, [3, 1], -3 - LOG_2),  # logits 3, 3
        (ELEVEN, 100, [12, 8], -10 - LOG_2),  # clipped to 10, 8: logits 10, 10
        (ELEVEN, 100, [0, 30], -12 - math.log1p(math.exp(-12))),  # logits 0, 12
        (ELEVEN, 50, [12, 8], -2 - math.log1p(math.exp(-2))),  # nothing is left but the bias
    ],
)
def test_row_by_hand(fitted: Sample, percentile: float, row: list[float], expected: float) -> None:
    result = made("react", fitted, percentile=percentile)({"features": np.array([row], np.float32)})
    assert result == pytest.approx([expected], rel=1e-6)


def test_is_the_energy_where_nothing_is_above() -> None:
    sample = training_sample(3)
    result = made("react", sample, percentile=100)({"features": sample["features"]})
    np.testing.assert_allclose(result, scored("energy", sample["logits"]), rtol=1e-6)
