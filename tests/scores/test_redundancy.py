from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.special import softmax
from tests.scores.scored import made


@pytest.mark.parametrize(
    ("logits", "unknown", "expected"),
    [
        ([0, 0], 0, -math.log(2)),
        ([math.log(2), math.log(3)], math.log(5), 0),
        ([math.log(2), math.log(3)], math.log(10), math.log(2)),
        ([3], -1, -4),  # one class
        ([3, -math.inf], 5, 2),
        ([1000, 1000], 1000, -math.log(2)),
        ([-50, -50], 60, 110 - math.log(2)),  # a probability of 1 to the last digit
    ],
)
def test_row_by_hand(logits: list[float], unknown: float, expected: float) -> None:
    outputs = {"logits": np.array([logits], np.float32), "unknown_logit": np.array([[unknown]], np.float32)}
    score = made("redundancy", {})(outputs)
    assert score.dtype == np.float32
    assert score == pytest.approx([expected], rel=1e-6, abs=1e-5)
    assert made("redundancy", {}, logit=1)(outputs) == pytest.approx([unknown])


def test_ranks_as_the_probability_of_the_unknown() -> None:
    generator = np.random.default_rng(0)
    logits, unknown = generator.normal(0, 3, (500, 4)), generator.normal(0, 3, (500, 1))
    probability = softmax(np.concatenate([logits, unknown], axis=1), axis=1)[:, 4]
    score = made("redundancy", {})({"logits": logits.astype(np.float16), "unknown_logit": unknown.astype(np.float16)})
    assert score == pytest.approx(np.log(probability / (1 - probability)), abs=0.02)
