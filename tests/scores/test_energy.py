from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.special import logsumexp
from tests.scores.scored import scored

LOGITS = arrays(np.float32, st.tuples(st.integers(1, 20), st.integers(1, 6)), elements=st.floats(-1e4, 1e4, width=32))


@pytest.mark.parametrize(
    ("row", "temperature", "expected"),
    [
        ([0, 0], 1, -math.log(2)),
        ([4], 1, -4),
        ([math.log(2), math.log(3), math.log(5)], 1, -math.log(10)),
        ([1000, 1000], 1, -1000 - math.log(2)),
        ([-1000, -1000], 1, 1000 - math.log(2)),
        ([3, -math.inf], 1, -3),
        ([0, 0], 2, -2 * math.log(2)),
        ([4], 5, -4),
        ([2 * math.log(2), 2 * math.log(3)], 2, -2 * math.log(5)),
        ([math.log(2), math.log(3)], 0.5, -math.log(13) / 2),  # 4 + 9
    ],
)
def test_row_by_hand(row: list[float], temperature: float, expected: float) -> None:
    assert scored("energy", np.array([row], np.float32), temperature=temperature) == pytest.approx([expected])


@settings(deadline=None)
@given(LOGITS, st.floats(0.01, 100))
def test_is_minus_the_log_of_the_sum(logits: np.ndarray, temperature: float) -> None:
    expected = -temperature * logsumexp(logits.astype(np.float64) / temperature, axis=1)
    np.testing.assert_allclose(scored("energy", logits, temperature=temperature), expected, rtol=1e-6, atol=1e-6)
