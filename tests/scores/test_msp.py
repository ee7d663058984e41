from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.special import log_softmax
from tests.scores.scored import scored

from openworld3d.errors import UserError

LOGITS = arrays(np.float32, st.tuples(st.integers(2, 30), st.integers(2, 6)), elements=st.floats(-8, 8, width=16))


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ([0, 0], 0.0),  # p = 1/2 each: odds 1
        ([0, 0, 0, 0], math.log(3)),  # three others against one
        ([math.log(6), math.log(2), 0], math.log(3 / 6)),  # weights 6, 2, 1
        ([5, 5, -1000], 0.0),  # exactly one of two equal tops is left out
        ([0, 200], -200.0),  # 1 - max p is 0 in float64
        ([1000, -1000], -2000.0),
        ([math.log(2), -math.inf, 0], -math.log(2)),
        ([3, -math.inf], -math.inf),
    ],
)
def test_row_by_hand(row: list[float], expected: float) -> None:
    result = scored("msp", np.array([row], np.float32))
    assert result.dtype == np.float32
    assert result == pytest.approx([expected], abs=1e-6)


@settings(deadline=None)
@given(LOGITS)
def test_ranks_as_one_minus_the_largest_probability(logits: np.ndarray) -> None:
    result = scored("msp", logits).astype(np.float64)
    plain = 1 - np.exp(log_softmax(logits.astype(np.float64), axis=1)).max(axis=1)
    further = plain[:, None] - plain > 1e-5
    assert (result[:, None] - result)[further].min(initial=1) > 0


@settings(deadline=None)
@given(LOGITS, st.integers(-50, 50))
def test_a_shift_of_all_logits_changes_nothing(logits: np.ndarray, shift: int) -> None:
    np.testing.assert_allclose(scored("msp", logits + np.float32(shift)), scored("msp", logits), atol=1e-3)


def test_confident_rows_keep_their_order() -> None:
    margins = np.linspace(30, 90, 200, dtype=np.float32)
    result = scored("msp", np.stack([margins, np.zeros_like(margins)], axis=1))
    assert (np.diff(result) < 0).all()


def test_one_class_is_refused() -> None:
    with pytest.raises(UserError, match="one known class, expected two or more"):
        scored("msp", np.zeros((3, 1), np.float32))


def test_no_point_has_no_score() -> None:
    assert scored("msp", np.zeros((0, 3), np.float32)).shape == (0,)
