from __future__ import annotations

import math

import numpy as np
import pytest
from tests.scores.scored import Sample, made

from openworld3d.errors import UserError


def last_layer(weight: list[list[float]], bias: list[float]) -> Sample:
    return {"last_weight": np.array(weight, np.float32), "last_bias": np.array(bias, np.float32)}


SUM = last_layer([[1, 1, 1, 1]], [0])
FIRST = last_layer([[1, 0, 0, 0], [0, 0, 0, 0]], [0, 3])


@pytest.mark.parametrize(
    ("fitted", "percentile", "row", "expected"),
    [
        (SUM, 50, [4, 3, 2, 1], -7 * math.exp(10 / 7)),  # two of four are kept
        (SUM, 75, [4, 3, 2, 1], -4 * math.exp(10 / 4)),
        (SUM, 0, [4, 3, 2, 1], -10 * math.e),  # all
        (SUM, 98, [4, 3, 2, 1], -4 * math.exp(10 / 4)),  # at least one
        (SUM, 60, [4, 3, 2, 1], -7 * math.exp(10 / 7)),  # 2.4 of four are dropped
        (SUM, 62.5, [4, 3, 2, 1], -7 * math.exp(10 / 7)),  # 2.5, of which numpy and Python make the even 2
        (SUM, 50, [1, 4, 2, 3], -7 * math.exp(10 / 7)),
        (SUM, 50, [4, 2, 2, 1], -8 * math.exp(9 / 8)),  # of equal ones both
        (SUM, 75, [5, 5, 5, 5], -20 * math.e),
        (SUM, 50, [4, 0, 0, 0], -4 * math.e),
        (SUM, 50, [0, 0, 0, 0], 0),
        (FIRST, 50, [0, 0, 0, 0], -math.log(1 + math.exp(3))),  # the bias alone
        (FIRST, 75, [1, 9, 0, 0], -math.log(1 + math.exp(3))),  # so too where what counts is dropped
        (FIRST, 50, [1, 9, 0, 0], -math.log(math.exp(math.e) + math.exp(3))),
    ],
)
def test_row_by_hand(fitted: Sample, percentile: float, row: list[float], expected: float) -> None:
    result = made("ash", fitted, percentile=percentile)({"features": np.array([row], np.float32)})
    assert result == pytest.approx([expected], rel=1e-6, abs=1e-6)


@pytest.mark.parametrize(
    ("fitted", "percentile", "row", "expected"),
    [
        (SUM, 50, [4, 3, 2, 1], -10),  # 5 and 5: what is dropped is spread over what is kept
        (FIRST, 50, [4, 3, 2, 1], -math.log(math.exp(5) + math.exp(3))),
        (FIRST, 75, [4, 3, 2, 1], -math.log(math.exp(10) + math.exp(3))),
        (FIRST, 0, [4, 3, 2, 1], -math.log(math.exp(2.5) + math.exp(3))),
        (FIRST, 50, [4, 2, 2, 1], -math.log(math.exp(3) + math.exp(3))),  # of equal ones both: 9 over three
        (FIRST, 75, [1, 9, 0, 0], -math.log(1 + math.exp(3))),
        (FIRST, 50, [0, 0, 0, 0], -math.log(1 + math.exp(3))),
    ],
)
def test_binary_row_by_hand(fitted: Sample, percentile: float, row: list[float], expected: float) -> None:
    result = made("ash", fitted, percentile=percentile, binary=1)({"features": np.array([row], np.float32)})
    assert result == pytest.approx([expected], rel=1e-6, abs=1e-6)


@pytest.mark.parametrize("features", [48, 74, 75, 76, 125])
def test_highest_percentile_fits_in_float32(features: int) -> None:
    flat = np.linspace(60000, 60001, features, dtype=np.float32)[None]  # the largest of float16, hardly one larger
    fitted = last_layer([[1] * features], [0])
    result = made("ash", fitted, percentile=98)({"features": flat})
    assert np.isfinite(result).all()
    assert result[0] < -60000 * math.exp(35)


@pytest.mark.parametrize(
    ("row", "binary", "said"),
    [
        ([-1, -2, -3, 0], 0, "largest features of a point add up to -1"),
        ([3, -1, -1, -1], 1, "features of a point add up to 0"),
    ],
)
def test_features_that_are_no_activations_are_refused(row: list[float], binary: int, said: str) -> None:
    sentence = f"score ash: the {said}, expected above 0; 75% of the "
    with pytest.raises(UserError, match=sentence):
        made("ash", SUM, percentile=50, binary=binary)({"features": np.array([row], np.float32)})
