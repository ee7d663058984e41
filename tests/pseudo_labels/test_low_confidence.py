from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from openworld3d.pseudo_labels.low_confidence import low_confidence_mask

# Of two classes, the probabilities 1/2, 3/4 and 9/10; of three that are equal, 1/3.
LOGITS = np.log(np.array([[1, 1, 1e-9], [1, 3, 1e-9], [9, 1, 1e-9], [1, 1, 1]])).astype(np.float32)


@pytest.mark.parametrize(
    ("threshold", "expected"),
    [(0.3, [0, 0, 0, 0]), (0.4, [0, 0, 0, 1]), (0.7, [1, 0, 0, 1]), (0.8, [1, 1, 0, 1]), (1.0, [1, 1, 1, 1])],
)
def test_mask_by_hand(threshold: float, expected: list[int]) -> None:
    mask = low_confidence_mask(LOGITS, threshold)
    assert mask.dtype == bool
    assert mask.tolist() == [bool(marked) for marked in expected]


def test_one_class_is_never_below_its_probability_of_1() -> None:
    assert not low_confidence_mask(np.zeros((3, 1), np.float32), 1.0).any()


@given(st.integers(0, 10**6), st.floats(0, 1), st.floats(0, 1))
def test_higher_threshold_marks_no_fewer(seed: int, one: float, other: float) -> None:
    logits = np.random.default_rng(seed).normal(0, 3, (20, 4)).astype(np.float32)
    low, high = sorted((one, other))
    assert (low_confidence_mask(logits, low) <= low_confidence_mask(logits, high)).all()
