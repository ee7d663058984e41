from __future__ import annotations

import math

import numpy as np
import pytest
from tests.scores.scored import scored


@pytest.mark.parametrize(
    ("row", "expected"),
    [([0, 0], 0), ([1, 3, 2], -3), ([-5, -4], 4), ([7], -7), ([1e30, -1e30], -1e30), ([-math.inf, -2], 2)],
)
def test_row_by_hand(row: list[float], expected: float) -> None:
    assert scored("max_logit", np.array([row], np.float32)) == pytest.approx([expected])
