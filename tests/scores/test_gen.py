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

LOGITS = arrays(np.float32, st.tuples(st.integers(1, 20), st.integers(2, 6)), elements=st.floats(-8, 8, width=32))
WEIGHTS_1_6_2 = [0, math.log(6), math.log(2)]  # p = 1/9, 6/9, 2/9


@pytest.mark.parametrize(
    ("row", "options", "expected"),
    [
        ([3, 3], {}, 2 * 0.25**0.1),
        ([0, 0], {"gamma": 0.5}, 1),  # two times the root of 1/4
        ([0, math.log(3)], {"gamma": 0.5}, math.sqrt(3) / 2),  # two times the root of 3/16
        ([0, 0, 0], {"gamma": 1}, 2 / 3),  # three times 2/9
        (WEIGHTS_1_6_2, {"gamma": 1}, (18 + 14 + 8) / 81),
        (WEIGHTS_1_6_2, {"gamma": 1, "top": 1}, 18 / 81),
        (WEIGHTS_1_6_2, {"gamma": 1, "top": 2}, (18 + 14) / 81),
        (WEIGHTS_1_6_2, {"gamma": 1, "top": 3}, (18 + 14 + 8) / 81),
        (WEIGHTS_1_6_2, {"gamma": 1, "top": 100}, (18 + 14 + 8) / 81),
        ([5, 5, -1000], {"gamma": 1}, 0.5),  # two times 1/4
        ([2, -math.inf], {}, 0),
        ([0, -math.inf, 0], {"gamma": 1}, 0.5),
        ([1000, -1000], {}, 0),
    ],
)
def test_row_by_hand(row: list[float], options: dict[str, float], expected: float) -> None:
    assert scored("gen", np.array([row], np.float32), **options) == pytest.approx([expected])


@settings(deadline=None)
@given(LOGITS, st.floats(0.01, 10), st.integers(1, 7))
def test_is_the_sum_over_the_largest_probabilities(logits: np.ndarray, gamma: float, top: int) -> None:
    probability = np.sort(softmax(logits.astype(np.float64), axis=1), axis=1)[:, ::-1][:, :top]
    expected = (probability**gamma * (1 - probability) ** gamma).sum(axis=1)
    np.testing.assert_allclose(scored("gen", logits, gamma=gamma, top=top), expected, rtol=1e-5, atol=1e-30)


def test_confident_rows_keep_their_order() -> None:
    margins = np.linspace(30, 90, 200, dtype=np.float32)
    result = scored("gen", np.stack([margins, np.zeros_like(margins)], axis=1))
    assert (np.diff(result) < 0).all()


def test_one_class_is_refused() -> None:
    with pytest.raises(UserError, match="score gen: the outputs have one known class, expected two or more"):
        scored("gen", np.zeros((3, 1), np.float32))
