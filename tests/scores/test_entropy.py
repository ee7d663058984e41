from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.special import softmax
from scipy.stats import entropy
from tests.scores.scored import scored

from openworld3d.errors import UserError

LOGITS = arrays(np.float32, st.tuples(st.integers(1, 20), st.integers(2, 6)), elements=st.floats(-30, 30, width=32))


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ([3, 3], 1),
        ([0, 0, 0, 0], 1),
        ([0, math.log(3)], (2 * math.log(2) - 0.75 * math.log(3)) / math.log(2)),  # p = 1/4, 3/4
        ([0, 0, -1000, -1000], 0.5),  # two of four classes: log 2 / log 4
        ([1000, -1000], 0),
        ([0, -math.inf, 0, -math.inf], 0.5),
        ([3, -math.inf], 0),
    ],
)
def test_row_by_hand(row: list[float], expected: float) -> None:
    result = scored("entropy", np.array([row], np.float32))
    assert result.dtype == np.float32
    assert result == pytest.approx([expected], abs=1e-6)


@settings(deadline=None)
@given(LOGITS)
def test_is_the_entropy_over_its_maximum(logits: np.ndarray) -> None:
    expected = entropy(softmax(logits.astype(np.float64), axis=1), axis=1) / math.log(logits.shape[1])
    np.testing.assert_allclose(scored("entropy", logits), expected, rtol=1e-5, atol=1e-9)


def test_confident_rows_keep_their_order() -> None:
    margins = np.linspace(30, 90, 200, dtype=np.float32)
    result = scored("entropy", np.stack([margins, np.zeros_like(margins)], axis=1))
    assert (result > 0).all()
    assert (np.diff(result) < 0).all()


def test_one_class_is_refused() -> None:
    with pytest.raises(UserError, match="one known class, expected two or more"):
        scored("entropy", np.zeros((3, 1), np.float32))
