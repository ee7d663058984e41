from __future__ import annotations

import numpy as np
import pytest

from openworld3d.scores.max_logit import score


@pytest.mark.parametrize(
    ("row", "expected"),
    [([0, 0], 0), ([1, 3, 2], -3), ([-5, -4], 4), ([7], -7), ([1e30, -1e30], -1e30)],
)
def test_row_by_hand(row: list[float], expected: float) -> None:
    result = score(np.array([row], np.float32))
    assert result.dtype == np.float32
    assert result == pytest.approx([expected])
