from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.special import softmax
from tests.scores.scored import made, scored

from openworld3d.errors import UserError

LOGITS = arrays(np.float32, (6, 5), elements=st.floats(-8, 8, width=16))
GROUP = np.array([3, 0, 3, 7, 0])  # numbers need not follow each other


def of_groups(row: list[float], group: list[int]) -> np.ndarray:
    return made("group_msp", {"group": np.array(group)})({"logits": np.array([row], np.float32)})


@pytest.mark.parametrize(
    ("weight", "group", "odds"),
    [
        ([3, 4, 3], [0, 1, 0], 4 / 6),  # the largest class is not of the likeliest group
        ([1, 1, 1], [0, 1, 0], 1 / 2),
        ([8, 1, 1], [0, 1, 1], 2 / 8),
        ([3, 4, 0], [0, 1, 0], 3 / 4),  # a logit of -inf
    ],
)
def test_row_by_hand(weight: list[float], group: list[int], odds: float) -> None:
    row = [math.log(one) if one else -math.inf for one in weight]
    assert of_groups(row, group) == pytest.approx([math.log(odds)], abs=1e-6)


def test_confident_rows_keep_their_order() -> None:
    margins = np.linspace(30, 900, 200, dtype=np.float32)
    rows = np.stack([margins, np.zeros_like(margins), margins], axis=1)
    result = made("group_msp", {"group": np.array([0, 1, 0])})({"logits": rows})
    np.testing.assert_allclose(result, -margins - np.log(2), rtol=1e-6)


@settings(deadline=None)
@given(LOGITS)
def test_ranks_as_the_largest_probability_of_a_group(logits: np.ndarray) -> None:
    probability = softmax(logits.astype(np.float64), axis=1)
    largest = np.max([probability[:, group == GROUP].sum(axis=1) for group in (0, 3, 7)], axis=0)
    result = made("group_msp", {"group": GROUP})({"logits": logits})
    np.testing.assert_allclose(1 / (1 + np.exp(result)), largest, rtol=1e-5, atol=1e-9)


@settings(deadline=None)
@given(LOGITS)
def test_is_msp_where_each_class_is_a_group(logits: np.ndarray) -> None:
    result = made("group_msp", {"group": np.arange(5)})({"logits": logits})
    np.testing.assert_allclose(result, scored("msp", logits), rtol=1e-6, atol=1e-6)


def test_one_group_is_refused() -> None:
    with pytest.raises(
        UserError, match="score group_msp: all 3 known classes are in one group, expected two groups or"
    ):
        of_groups([1, 2, 3], [4, 4, 4])
