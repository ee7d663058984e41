from __future__ import annotations

import math

import numpy as np
import pytest
from tests.scores.scored import Sample, made

from openworld3d.errors import UserError
from openworld3d.scores.vim import usual_dimension

LOG_2 = math.log(2)


def sample(features: list[list[float]], weight: list[list[float]], bias: list[float]) -> Sample:
    feature, last_weight, last_bias = (np.array(value, np.float32) for value in (features, weight, bias))
    logits = feature @ last_weight.T + last_bias
    return {"features": feature, "logits": logits, "last_weight": last_weight, "last_bias": last_bias}


# The first principal direction is x, by far; mean |y| is 1 and the mean largest logit 6, so that alpha is 6.
FLAT = sample([[6, 1], [6, -1]], [[1, 0], [-1, 0]], [0, 0])
# The same about the origin (-2, 0), the shortest o with W o + b = 0.
SHIFTED = sample([[4, 1], [4, -1]], [[1, 0], [-1, 0]], [2, -2])
# Of rank 1 but for rounding: o is (1/2, 0), and not (0, -10^8), where the logits are 0 indeed.
ROUNDED = sample([[6, 1], [6, -1]], [[1, 0], [-1, 1e-8]], [0, 1])
# Of three features x is first, y second: residuals of D = 1 are the root of 1.5^2 + 1, of D = 2 they are 1.
DEEP = sample([[9, 1.5, 1], [9, -1.5, 1], [9, 1.5, -1], [9, -1.5, -1]], [[1, 0, 0]], [0])


@pytest.mark.parametrize(
    ("fitted", "dimension", "features", "logits", "expected"),
    [
        (FLAT, 1, [6, 0], [0, 0], -LOG_2),
        (FLAT, 1, [6, 1], [0, 0], 6 - LOG_2),
        (FLAT, 1, [6, -2], [3, -math.inf], 12 - 3),
        (FLAT, 0, [6, 1], [0, 0], 6 - LOG_2),  # half of two features
        (FLAT, 1, [-50, 0], [5, 5], -5 - LOG_2),
        (SHIFTED, 1, [4, 1], [0, 0], 6 - LOG_2),
        (SHIFTED, 1, [4, 0], [0, 0], -LOG_2),
        (ROUNDED, 1, [6, 1], [0, 0], 6 - LOG_2),
        (DEEP, 2, [9, 7, 2], [0], 18),
        (DEEP, 1, [9, 3, 4], [0], 9 * 5 / math.sqrt(3.25)),
        (DEEP, 0, [9, 3, 4], [0], 9 * 5 / math.sqrt(3.25)),  # half of three features, rounded down
    ],
)
def test_row_by_hand(
    fitted: Sample, dimension: int, features: list[float], logits: list[float], expected: float
) -> None:
    outputs = {"features": np.array([features], np.float32), "logits": np.array([logits], np.float32)}
    assert made("vim", fitted, dimension=dimension)(outputs) == pytest.approx([expected], rel=1e-5, abs=1e-5)


def test_voxels_count_by_their_weight() -> None:
    """y varies as much as x until rows with |x| = 6 count thrice; alpha is of weighted means."""
    fitted = sample([[6, 0], [-6, 0], [0, 6], [0, -6]], [[1, 0], [-1, 0], [0, 0.5]], [0, 0, 0])
    fitted["weight"] = np.array([3.0, 3, 1, 1])
    outputs = {"features": np.array([[9, 2]], np.float32), "logits": np.zeros((1, 1), np.float32)}
    alpha = (6 * 6 + 3 + 0) / 8 / ((6 + 6) / 8)
    assert made("vim", fitted, dimension=1)(outputs) == pytest.approx([2 * alpha], rel=1e-5)
    fitted["weight"] = np.array([1.0, 1, 3, 3])
    alpha = (6 * 2 + 3 * 3 + 0) / 8 / ((6 + 6) / 8)
    assert made("vim", fitted, dimension=1)(outputs) == pytest.approx([9 * alpha], rel=1e-5)


@pytest.mark.parametrize(
    ("features", "expected"), [(1, 0), (48, 24), (49, 24), (767, 383), (768, 512), (2047, 512), (2048, 1000)]
)
def test_usual_dimension(features: int, expected: int) -> None:
    assert usual_dimension(features) == expected


@pytest.mark.parametrize("dimension", [2, 500])
def test_dimension_out_of_range_is_refused(dimension: int) -> None:
    sentence = f"score vim: dimension is {dimension}, expected a number below the network's 2 features; correct it"
    with pytest.raises(UserError, match=sentence):
        made("vim", FLAT, dimension=dimension)


def test_features_within_the_plane_are_refused() -> None:
    plane = sample([[6, 0], [3, 0]], [[1, 0], [-1, 0]], [0, 0])
    with pytest.raises(
        UserError, match="score vim: the training features lie within their first 1 principal directions"
    ):
        made("vim", plane)


def test_largest_logits_below_0_are_refused() -> None:
    negative = sample([[6, 1], [6, -1]], [[-1, 0], [-2, 0]], [0, 0])
    with pytest.raises(UserError, match="score vim: the largest logits of the training sample are -6 on average"):
        made("vim", negative)
