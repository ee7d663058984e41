from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.special import softmax
from tests.scores.scored import scored

from openworld3d.errors import UserError

LOGITS = arrays(np.float32, st.tuples(st.integers(1, 20), st.integers(2, 6)), elements=st.floats(-30, 30, width=32))


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ([3, 3], 0),
        ([0, 0, 0, 0], 0),
        ([0, math.log(3)], -0.5),  # p = 1/4, 3/4
        ([0, math.log(6), math.log(2)], -4 / 9),  # p = 1/9, 6/9, 2/9
        ([5, 5, -1000], 0),  # two equal tops
        ([1000, -1000], -1),
        ([2, -math.inf], -1),
        ([-math.inf, 0, math.log(3)], -0.5),
    ],
)
def test_row_by_hand(row: list[float], expected: float) -> None:
    assert scored("margin", np.array([row], np.float32)) == pytest.approx([expected])


@settings(deadline=None)
@given(LOGITS)
def test_is_the_lead_of_the_largest_probability(logits: np.ndarray) -> None:
    ordered = np.sort(softmax(logits.astype(np.float64), axis=1), axis=1)
    np.testing.assert_allclose(scored("margin", logits), ordered[:, -2] - ordered[:, -1], rtol=1e-6, atol=1e-7)


def test_rows_tie_from_a_lead_of_eighteen_on() -> None:
    leads = np.array([17.9, 18.1, 30, 90], np.float32)
    result = scored("margin", np.stack([leads, np.zeros_like(leads)], axis=1))
    assert (result == -1).tolist() == [False, True, True, True]


def test_one_class_is_refused() -> None:
    with pytest.raises(UserError, match="score margin: the outputs have one known class, expected two or more"):
        scored("margin", np.zeros((3, 1), np.float32))
