from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from tests.scores.scored import Sample, made, training_sample

ROW = arrays(np.float32, (5, 3), elements=st.floats(-8, 8, width=32))


def sample(logits: list[list[float]], weight: list[float]) -> Sample:
    return {"logits": np.array(logits, np.float32), "weight": np.array(weight)}


# Predicted 0: 4 and 8, mean 6, deviation 2. Predicted 1: 1 and 5, mean 3, deviation 2.
PLAIN = sample([[4, 0], [8, 0], [0, 1], [0, 5]], [1, 1, 1, 1])
# Predicted 0: 4 three times and 8, mean 5, variance (3 + 9) / 4 = 3. Predicted 1: as above.
WEIGHTED = sample([[4, 0], [8, 0], [0, 1], [0, 5]], [3, 1, 2, 2])
# Predicted 0: 2 and 6. Class 1 always with 7, class 2 never: of all three, 2, 6, 7, mean 5, variance 14 / 3.
LACKING = sample([[2, 0, 0], [6, 0, 0], [0, 7, 0]], [1, 1, 1])
CONSTANT = sample([[0.1, 0]] * 3, [0.1, 0.2, 0.3])


@pytest.mark.parametrize(
    ("fitted", "row", "expected"),
    [
        (PLAIN, [6, 0], 0),
        (PLAIN, [8, 0], -1),
        (PLAIN, [2, 0], 2),
        (PLAIN, [0, 5], -1),
        (PLAIN, [-9, -1], 2),
        (PLAIN, [5, 5], 0.5),  # of 1/2 by class 0 and -1 by class 1
        (PLAIN, [8, -math.inf], -1),
        (WEIGHTED, [8, 0], -math.sqrt(3)),
        (WEIGHTED, [0, 5], -1),
        (LACKING, [6, 0, 0], -1),
        (LACKING, [0, 8, 0], -3 / math.sqrt(14 / 3)),
        (LACKING, [0, 0, 3], 2 / math.sqrt(14 / 3)),
        (CONSTANT, [2, 0], -1.9),
        (CONSTANT, [0, 3], -2.9),
        (sample([[3], [5]], [1, 1]), [6], -2),
        (sample([[3, 1]], [7]), [6, 0], -3),
    ],
)
def test_row_by_hand(fitted: Sample, row: list[float], expected: float) -> None:
    result = made("standardised_max_logit", fitted)({"logits": np.array([row], np.float32)})
    assert result == pytest.approx([expected], rel=1e-6)


def test_voxels_are_put_by_what_is_predicted_of_them() -> None:
    """Its `target` is not among what the score fits."""
    wrong = {**PLAIN, "target": np.array([1, 1, 0, 0], np.uint8)}
    assert made("standardised_max_logit", wrong)({"logits": np.array([[8, 0]], np.float32)}) == pytest.approx([-1])


@settings(deadline=None)
@given(ROW, st.integers(1, 9))
def test_voxel_of_weight_n_is_n_voxels(logits: np.ndarray, times: int) -> None:
    fitted = training_sample(3, voxels=10)
    once = {"logits": fitted["logits"], "weight": np.where(fitted["target"] == 1, times, 1).astype(np.float64)}
    repeated = np.repeat(fitted["logits"], once["weight"].astype(int), axis=0)
    written_out = {"logits": repeated, "weight": np.ones(len(repeated))}
    expected = made("standardised_max_logit", written_out)({"logits": logits})
    np.testing.assert_allclose(
        made("standardised_max_logit", once)({"logits": logits}), expected, rtol=1e-5, atol=1e-5
    )


def test_large_logits_keep_their_spread() -> None:
    fitted = sample([[1e8, 0], [1e8 + 16, 0]], [1, 1])
    assert made("standardised_max_logit", fitted)({"logits": np.array([[1e8, 0]], np.float32)}) == pytest.approx([1])
