from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.special import logsumexp

from openworld3d.scores.energy import score

LOGITS = arrays(np.float32, st.tuples(st.integers(1, 20), st.integers(1, 6)), elements=st.floats(-1e4, 1e4, width=32))


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ([0, 0], -math.log(2)),
        ([4], -4),
        ([math.log(2), math.log(3), math.log(5)], -math.log(10)),
        ([1000, 1000], -1000 - math.log(2)),
        ([-1000, -1000], 1000 - math.log(2)),
    ],
)
def test_row_by_hand(row: list[float], expected: float) -> None:
    result = score(np.array([row], np.float32))
    assert result.dtype == np.float32
    assert result == pytest.approx([expected])


@settings(deadline=None)
@given(LOGITS)
def test_is_minus_the_log_of_the_sum(logits: np.ndarray) -> None:
    expected = -logsumexp(logits.astype(np.float64), axis=1)
    np.testing.assert_allclose(score(logits), expected, rtol=1e-6, atol=1e-6)
