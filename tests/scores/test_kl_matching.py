from __future__ import annotations

import math

import numpy as np
import pytest
from tests.scores.scored import Sample, made

LOG_2, LOG_3 = math.log(2), math.log(3)


def sample(probability: list[list[float]], weight: list[float]) -> Sample:
    with np.errstate(divide="ignore"):
        return {"logits": np.log(np.array(probability)), "weight": np.array(weight, np.float64)}


# Typical of 0 is (3/4, 1/4), of 1 is (1/4, 3/4).
PLAIN = sample([[0.75, 0.25], [0.25, 0.75]], [1, 1])
# Of 0 the mean of 1/2 + 1/10 and twice 9/10: (0.8, 0.2); of 1 nothing is known.
WEIGHTED = sample([[0.6, 0.4], [0.9, 0.1]], [1, 2])
SURE = sample([[1, 0], [0, 1]], [1, 1])


@pytest.mark.parametrize(
    ("fitted", "probability", "expected"),
    [
        (PLAIN, [0.75, 0.25], 0),
        (PLAIN, [0.25, 0.75], 0),
        (PLAIN, [0.5, 0.5], (math.log(2 / 3) + math.log(2)) / 2),
        (PLAIN, [1, 0], math.log(4 / 3)),  # surer than typical
        (WEIGHTED, [0.8, 0.2], 0),
        (WEIGHTED, [0, 1], math.log(5)),  # class 1 is never predicted, and typical of 0 is all there is
        (SURE, [1, 0], 0),
        (SURE, [0.5, 0.5], -LOG_2 - math.log(np.finfo(np.float64).tiny) / 2),
    ],
)
def test_row_by_hand(fitted: Sample, probability: list[float], expected: float) -> None:
    logits = sample([probability], [1])["logits"]
    assert made("kl_matching", fitted)({"logits": logits}) == pytest.approx([expected], abs=1e-9)


def test_voxels_are_put_by_what_is_predicted_of_them() -> None:
    wrong = {**PLAIN, "target": np.array([1, 0], np.uint8)}
    assert made("kl_matching", wrong)({"logits": PLAIN["logits"]}) == pytest.approx([0, 0], abs=1e-9)


def test_float64_keeps_its_order() -> None:
    logits = np.stack([np.zeros(50), np.linspace(0, 1e-9, 50)], axis=1)
    result = made("kl_matching", PLAIN)({"logits": logits})
    assert result.dtype == np.float64
    assert (np.diff(result) < 0).all()
