from __future__ import annotations

import math

import numpy as np
import pytest
from tests.scores.scored import Sample, made, scored, training_sample

from openworld3d.scores import vra

SAMPLE = training_sample(3)
LAST_LAYER = {name: SAMPLE[name] for name in ("last_weight", "last_bias")}
ALONE: Sample = {  # activations 0 to 10
    "features": np.arange(11, dtype=np.float32)[:, None],
    "last_weight": np.array([[2]], np.float32),
    "last_bias": np.array([-1], np.float32),
}


@pytest.mark.parametrize(
    ("low", "high", "row", "expected"),
    [
        (10, 90, 5, -9),  # -(2 * 5 - 1)
        (10, 90, 0, -1),  # raised to 1
        (10, 90, -3, -1),
        (10, 90, 500, -17),  # lowered to 9
        (0, 95, 500, -18),
        (50, 50, 7, -9),  # all are 5
    ],
)
def test_row_by_hand(low: float, high: float, row: float, expected: float) -> None:
    result = made("vra", ALONE, low=low, high=high)({"features": np.array([[row]], np.float32)})
    assert result == pytest.approx([expected], rel=1e-6)


def test_with_infinite_bounds_it_is_the_energy() -> None:
    result = vra.score({"features": SAMPLE["features"]}, floor=-math.inf, ceiling=math.inf, **LAST_LAYER)
    np.testing.assert_allclose(result, scored("energy", SAMPLE["logits"]), rtol=1e-6)


def test_without_a_floor_it_is_react() -> None:
    outputs = {"features": SAMPLE["features"]}
    result = made("vra", SAMPLE, low=0.0, high=90.0)(outputs)  # no activation is below 0
    np.testing.assert_allclose(result, made("react", SAMPLE)(outputs), rtol=1e-6)
