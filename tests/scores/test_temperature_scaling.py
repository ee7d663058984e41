from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from tests.scores.scored import Sample, made, scored

from openworld3d.scores import temperature_scaling

LOGITS = arrays(np.float32, st.tuples(st.integers(1, 9), st.integers(2, 5)), elements=st.floats(-8, 8, width=16))


def sample(logits: list[list[float]], target: list[int], weight: list[float]) -> Sample:
    return {
        "logits": np.array(logits, np.float32),
        "target": np.array(target, np.uint8),
        "weight": np.array(weight, np.float64),
    }


# Right three times in four, with a lead of 2: calibrated where e^(2 / T) = 3.
THREE_IN_FOUR = sample([[2, 0], [0, 2], [2, 0], [2, 0]], [0, 1, 0, 1], [1, 1, 1, 1])
# Right nine times in ten by weight: e^(2 / T) = 9.
WEIGHTED = sample([[2, 0], [2, 0]], [0, 1], [9, 1])
ALWAYS_RIGHT = sample([[2, 0], [0, 3]], [0, 1], [1, 1])
NO_BETTER_THAN_CHANCE = sample([[2, 0], [2, 0]], [0, 1], [1, 1])
IMPOSSIBLE = sample([[2, 0], [-math.inf, 0]], [0, 0], [1, 1])
NEVER_OF_CLASS_2 = sample([[2, 0, -math.inf], [2, 0, -math.inf]], [0, 1], [9, 1])


@pytest.mark.parametrize(
    ("fitted", "temperature"),
    [
        (THREE_IN_FOUR, 2 / math.log(3)),
        (WEIGHTED, 2 / math.log(9)),
        (ALWAYS_RIGHT, 0.01),
        (NO_BETTER_THAN_CHANCE, 100),
        (IMPOSSIBLE, 100),
        (NEVER_OF_CLASS_2, 2 / math.log(9)),
    ],
)
def test_temperature_by_hand(fitted: Sample, temperature: float) -> None:
    assert temperature_scaling.fit(fitted)["temperature"] == pytest.approx(temperature, rel=1e-9)


def test_row_by_hand() -> None:
    rows = np.array([[2, 0], [4, 4], [0, 6]], np.float32)
    odds = [-math.log(3), 0, -3 * math.log(3)]
    assert made("temperature_scaling", THREE_IN_FOUR)({"logits": rows}) == pytest.approx(odds)


@settings(deadline=None)
@given(LOGITS)
def test_at_1_it_is_msp(logits: np.ndarray) -> None:
    result = temperature_scaling.score({"logits": logits}, temperature=1.0)
    np.testing.assert_array_equal(result, scored("msp", logits))
