from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.special import softmax
from scipy.stats import entropy
from tests.scores.scored import Sample, made, scored

from openworld3d.errors import UserError

LOG_2, LOG_3 = math.log(2), math.log(3)
LOGITS = arrays(np.float32, st.tuples(st.integers(1, 20), st.just(3)), elements=st.floats(-8, 8, width=32))


def sample(logits: list[list[float]], target: list[int]) -> Sample:
    return {"logits": np.array(logits, np.float32), "target": np.array(target, np.uint8)}


def bits(*probability: float) -> float:
    return sum(-p * math.log2(p) for p in probability)


EVEN = sample([[0, 0], [0, 0]], [0, 1])  # c = 1/2, 1/2: q = p
UNEVEN = sample([[LOG_3, 0], [0, 0]], [0, 1])  # c = 3/4, 1/2: q = (p_0, p_1 + 1/4) / (5/4), the least of them 0, 1
ABSENT = sample([[LOG_3, 0]], [0])  # c = 3/4, 2: q = (p_0 + 5/4, p_1) / (9/4), the least of them 1, 0


@pytest.mark.parametrize(
    ("fitted", "row", "expected"),
    [
        (EVEN, [7, 7], 1),
        (EVEN, [LOG_3, 0], bits(3 / 4, 1 / 4)),
        (EVEN, [0, -math.inf], 0),
        (UNEVEN, [-math.inf, 0], 0),  # q = 0, 1
        (UNEVEN, [0, -math.inf], bits(4 / 5, 1 / 5)),
        (UNEVEN, [0, 0], bits(2 / 5, 3 / 5)),
        (UNEVEN, [LOG_3, 0], bits(3 / 5, 2 / 5)),
        (UNEVEN, [0, LOG_3], bits(1 / 5, 4 / 5)),
        (ABSENT, [0, -math.inf], 0),  # q = 1, 0
        (ABSENT, [-math.inf, 0], bits(5 / 9, 4 / 9)),
        (ABSENT, [0, 0], bits(7 / 9, 2 / 9)),
    ],
)
def test_row_by_hand(fitted: Sample, row: list[float], expected: float) -> None:
    result = made("adjusted_entropy", fitted)({"logits": np.array([row], np.float32)})
    assert result == pytest.approx([expected], rel=1e-6, abs=1e-15)


def test_least_entropy_is_taken_off() -> None:
    """c = 3/5, 1/2, 2/5: q = (p_0, p_1 + 1/10, p_2 + 1/5) / (13/10), most even where p_0 = 1, least where p_2 = 1."""
    fitted = sample([[math.log(6 / 2), 0, 0], [0, LOG_2, 0], [0, 0, math.log(4 / 3)]], [0, 1, 2])
    result = made("adjusted_entropy", fitted)({"logits": np.log(np.maximum(np.eye(3), 1e-300))})
    least = entropy([0, 1 / 13, 12 / 13])
    expected = [entropy([10 / 13, 1 / 13, 2 / 13]) - least, entropy([0, 11 / 13, 2 / 13]) - least, 0]
    assert result == pytest.approx(np.array(expected) / LOG_3, rel=1e-6, abs=1e-15)


@settings(deadline=None)
@given(LOGITS)
def test_is_the_entropy_where_thresholds_are_equal(logits: np.ndarray) -> None:
    equal: Sample = {"logits": np.zeros((3, 3), np.float32), "target": np.arange(3, dtype=np.uint8)}
    result = made("adjusted_entropy", equal)({"logits": logits})
    np.testing.assert_allclose(result, entropy(softmax(logits.astype(np.float64), axis=1), axis=1) / LOG_3, rtol=1e-6)
    np.testing.assert_allclose(result, scored("entropy", logits), rtol=1e-6)


def test_confident_rows_of_the_least_entropy_keep_their_order() -> None:
    margins = np.linspace(10, 30, 200, dtype=np.float32)
    confident = {"logits": np.stack([np.zeros_like(margins), margins], axis=1)}
    assert (np.diff(made("adjusted_entropy", UNEVEN)(confident)) < 0).all()


def test_one_class_is_refused() -> None:
    with pytest.raises(UserError, match="score adjusted_entropy: the outputs have one known class, expected two"):
        made("adjusted_entropy", sample([[1], [2]], [0, 0]))
