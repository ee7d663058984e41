"""The counts and sums that the ranking metrics are quotients of."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from openworld3d.metrics.ranking import UNIT, exact_sum, precision, recalled

COUNTS = st.integers(0, 2**32)


@pytest.mark.parametrize(
    ("positives", "expected"),
    [(1, (1, 1)), (2, (2, 2)), (19, (19, 19)), (20, (19, 20)), (21, (20, 20)), (100, (95, 96))],
)
def test_first_positives_of_a_recall(positives: int, expected: tuple[int, int]) -> None:
    assert recalled(positives) == expected


@given(st.integers(1, 2000))
def test_recall_is_the_quotient_of_float64(positives: int) -> None:
    recall = np.arange(1, positives + 1) / positives
    assert recalled(positives) == (np.argmax(recall >= 0.95) + 1, np.argmax(recall > 0.95) + 1)


def test_precision_of_no_points_is_one() -> None:
    assert precision(np.array([0, 0, 3]), np.array([0, 2, 1])).tolist() == [1, 0, 0.75]


@given(st.lists(st.tuples(st.integers(0, 2**33 // 20), COUNTS, COUNTS), max_size=20))
def test_no_bit_of_a_sum_is_lost(rows: list[tuple[int, int, int]]) -> None:
    step, true, false = np.array(rows, np.int64).reshape(-1, 3).T
    share = precision(true, false)
    exact = sum((int(count) * Fraction(float(each)) for count, each in zip(step, share)), Fraction(0))
    assert Fraction(exact_sum(step, share), UNIT) == exact
