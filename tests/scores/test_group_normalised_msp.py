from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.special import softmax
from tests.scores.scored import made

from openworld3d.errors import UserError

LOGITS = arrays(np.float32, (6, 5), elements=st.floats(-8, 8, width=16))
GROUP = np.array([1, 0, 1, 2, 1])  # 1, 3 and 1 of 5 classes


def of_groups(logits: np.ndarray, group: np.ndarray = GROUP) -> np.ndarray:
    return made("group_normalised_msp", {"group": group})({"logits": logits})


@pytest.mark.parametrize(
    ("probability", "expected"),
    [
        ([0, 1, 0, 0, 0], 0),
        ([1 / 3, 0, 1 / 3, 0, 1 / 3], 2 / 5),  # the group of three of five is 1 as it would by chance be 3 / 5
        ([1 / 5, 1 / 5, 1 / 5, 1 / 5, 1 / 5], 4 / 5),
        ([0, 1 / 2, 0, 1 / 2, 0], 1 / 2),
    ],
)
def test_row_by_hand(probability: list[float], expected: float) -> None:
    with np.errstate(divide="ignore"):
        logits = np.log(np.array([probability], np.float32))
    assert of_groups(logits) == pytest.approx([expected], abs=1e-6)


def test_with_another_class_held_out_the_groups_are_of_another_size() -> None:
    logits = np.log(np.array([[1 / 2, 1 / 4, 1 / 4]]))
    before, after = (of_groups(logits, np.array(group)) for group in ([0, 0, 1], [0, 1, 1]))
    assert before == pytest.approx([1 / 4 + 1 / 3])
    assert after == pytest.approx([1 / 2])


@settings(deadline=None)
@given(LOGITS)
def test_ranks_as_the_formula_whose_inner_maximum_is_idle(logits: np.ndarray) -> None:
    probability = softmax(logits.astype(np.float64), axis=1)
    sums = [probability[:, group == GROUP].sum(axis=1) for group in range(3)]
    above_chance = [np.maximum(one - share, 0) for one, share in zip(sums, (1 / 5, 3 / 5, 1 / 5))]
    np.testing.assert_allclose(of_groups(logits), 4 / 5 - np.max(above_chance, axis=0), atol=1e-6)


def test_one_group_is_refused() -> None:
    with pytest.raises(UserError, match="score group_normalised_msp: all 3 known classes are in one group, expected"):
        of_groups(np.zeros((1, 3)), np.zeros(3, int))
