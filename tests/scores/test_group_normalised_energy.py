from __future__ import annotations

import math

import numpy as np
import pytest
from tests.scores.scored import made, scored

LOGITS = np.random.default_rng(0).normal(0, 5, (50, 4)).astype(np.float32)


@pytest.mark.parametrize(
    ("row", "temperature", "expected"),
    [
        ([math.log(2), 0, math.log(4)], 1, -math.log(3)),  # the mean of 2 and 4
        ([math.log(2), math.log(5), math.log(4)], 1, -math.log(5)),
        ([math.log(6), 0, -math.inf], 1, -math.log(3)),
        ([2 * math.log(2), 0, 2 * math.log(4)], 2, -2 * math.log(3)),
        ([6, 0, 2], 1e6, -4),  # the mean of the logits
        ([6, 0, 2], 1e-3, -6),  # the largest
    ],
)
def test_row_by_hand(row: list[float], temperature: float, expected: float) -> None:
    score = made("group_normalised_energy", {"group": np.array([0, 1, 0])}, temperature=temperature)
    assert score({"logits": np.array([row], np.float32)}) == pytest.approx([expected], abs=1e-3)


def test_is_the_largest_logit_where_each_class_is_a_group() -> None:
    result = made("group_normalised_energy", {"group": np.arange(4)})({"logits": LOGITS})
    np.testing.assert_allclose(result, scored("max_logit", LOGITS), rtol=1e-6)


def test_is_the_energy_but_for_a_constant_where_all_are_one_group() -> None:
    result = made("group_normalised_energy", {"group": np.zeros(4, int)}, temperature=2.0)({"logits": LOGITS})
    np.testing.assert_allclose(result, scored("energy", LOGITS, temperature=2.0) + 2 * np.log(4), rtol=1e-5)
