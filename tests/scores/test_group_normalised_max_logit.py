from __future__ import annotations

import math

import numpy as np
import pytest
from tests.scores.scored import made, scored

LOGITS = np.random.default_rng(0).normal(0, 5, (50, 4)).astype(np.float32)


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ([5, 1, 3], math.log(2) - 5),
        ([3.5, 3, 0], -3),  # 3.5 is of two
        ([-1, -math.inf, -2], math.log(2) + 1),
        ([-math.inf, 4, -math.inf], -4),
    ],
)
def test_row_by_hand(row: list[float], expected: float) -> None:
    sample = {"group": np.array([0, 1, 0])}
    result = made("group_normalised_max_logit", sample)({"logits": np.array([row], np.float32)})
    assert result == pytest.approx([expected], abs=1e-6)


def test_is_the_largest_logit_where_each_class_is_a_group() -> None:
    result = made("group_normalised_max_logit", {"group": np.arange(4)})({"logits": LOGITS})
    np.testing.assert_array_equal(result, scored("max_logit", LOGITS))
