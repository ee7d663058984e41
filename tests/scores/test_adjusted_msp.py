from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.special import softmax
from tests.scores.scored import Sample, made

from openworld3d.errors import UserError
from openworld3d.scores.parts.class_confidence import class_confidence

LOG_3 = math.log(3)
LOGITS = arrays(np.float32, st.tuples(st.integers(2, 20), st.just(3)), elements=st.floats(-8, 8, width=32))


def sample(logits: list[list[float]], target: list[int]) -> Sample:
    return {"logits": np.array(logits, np.float32), "target": np.array(target, np.uint8)}


EVEN = sample([[0, 0], [0, 0]], [0, 1])  # c = 1/2, 1/2
UNEVEN = sample([[LOG_3, 0], [0, 0]], [0, 1])  # c = 3/4, 1/2
ABSENT = sample([[LOG_3, 0, 0], [0, LOG_3, 0]], [0, 1])  # c = 3/5, 3/5, 2


@pytest.mark.parametrize(
    ("fitted", "row", "expected"),
    [
        (EVEN, [LOG_3, 0], 1 / 4),  # as MSP's 1 - max p
        (EVEN, [0, 0], 1 / 2),
        (EVEN, [0, -math.inf], 0),
        (UNEVEN, [0, -math.inf], 1 / 4),  # 1 - 1 + (3/4 - 1/2)
        (UNEVEN, [-math.inf, 0], 0),  # the least that there is
        (UNEVEN, [0, 0], 1 / 2),  # min(1/2 + 1/4, 1/2)
        (UNEVEN, [LOG_3, 0], 1 / 2),  # min(1/4 + 1/4, 3/4)
        (UNEVEN, [0, LOG_3], 1 / 4),
        (UNEVEN, [0, math.log(9)], 1 / 10),
        (UNEVEN, [math.log(1.5), 0], 3 / 5),  # p = 3/5, 2/5: min(2/5 + 1/4, 3/5), the class with less wins
        (ABSENT, [0, 0, math.log(8)], 9 / 10),  # p = .1, .1, .8: the absent class does not win
        (ABSENT, [0, LOG_3, 0], 2 / 5),
    ],
)
def test_row_by_hand(fitted: Sample, row: list[float], expected: float) -> None:
    assert made("adjusted_msp", fitted)({"logits": np.array([row], np.float32)}) == pytest.approx(
        [expected], rel=1e-6
    )


@settings(deadline=None)
@given(LOGITS)
def test_is_the_least_over_the_classes(logits: np.ndarray) -> None:
    training = {"logits": logits[:-1], "target": np.arange(len(logits) - 1, dtype=np.uint8) % 3}
    threshold = class_confidence(training["logits"], training["target"], np.ones(len(logits) - 1))
    expected = 1 - (softmax(logits.astype(np.float64), axis=1) - threshold + threshold.min()).max(axis=1)
    result = made("adjusted_msp", training)({"logits": logits})
    np.testing.assert_allclose(result, expected, rtol=1e-6, atol=1e-7)
    assert (result >= 0).all()
    assert (result <= 1).all()


def test_confident_rows_of_the_least_threshold_keep_their_order() -> None:
    margins = np.linspace(30, 90, 200, dtype=np.float32)
    confident = {"logits": np.stack([np.zeros_like(margins), margins], axis=1)}
    assert (np.diff(made("adjusted_msp", UNEVEN)(confident)) < 0).all()


def test_one_class_is_refused() -> None:
    with pytest.raises(UserError, match="score adjusted_msp: the outputs have one known class, expected two or more"):
        made("adjusted_msp", sample([[1], [2]], [0, 0]))
