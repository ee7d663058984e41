from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from tests.scores.scored import scored

from openworld3d.errors import UserError

LOGITS = arrays(np.float32, st.tuples(st.integers(1, 30), st.integers(2, 6)), elements=st.floats(-30, 30, width=32))
STEP = 2**-23  # between 1 and the next float32


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ([0, 0], 0.5),
        ([0, 0, 0, 0], 0.75),
        ([math.log(6), math.log(2), 0], 3 / 9),  # weights 6, 2, 1
        ([5, 5, -1000], 0.5),
        ([3, -math.inf], 0),
        ([1000, -1000], 0),
    ],
)
def test_row_by_hand(row: list[float], expected: float) -> None:
    assert scored("msp_probability", np.array([row], np.float32)) == pytest.approx([expected], abs=STEP)


def test_confident_rows_tie_as_float32_rounds_them() -> None:
    """e^-16.6 is 1.04 times half a step and rounds to a step, e^-16.7 is 0.94 times and rounds to nothing."""
    logits = np.array([[16, 0], [16.2, 0], [16.6, 0], [16.7, 0], [60, 0]], np.float32)
    assert scored("msp_probability", logits).tolist() == [STEP, STEP, STEP, 0, 0]


def test_few_values_are_left_of_confident_rows() -> None:
    margins = np.linspace(10, 40, 10**5, dtype=np.float32)
    logits = np.stack([margins, np.zeros_like(margins)], axis=1)
    assert 300 < len(np.unique(scored("msp_probability", logits))) <= 400


@settings(deadline=None)
@given(LOGITS)
def test_is_what_papers_compute_with_torch(logits: np.ndarray) -> None:
    expected = 1 - torch.softmax(torch.from_numpy(logits), 1).max(1).values
    np.testing.assert_allclose(scored("msp_probability", logits), expected.numpy(), rtol=0, atol=8 * STEP)


def test_one_class_is_refused() -> None:
    with pytest.raises(UserError, match="score msp_probability: the outputs have one known class, expected two"):
        scored("msp_probability", np.zeros((3, 1), np.float32))
