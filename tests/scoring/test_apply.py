from __future__ import annotations

import numpy as np
from hypothesis import example, given
from hypothesis import strategies as st

from openworld3d.scoring.apply import known_threshold

ROWS = st.lists(st.tuples(st.integers(-9, 9), st.integers(1, 30)), min_size=1, max_size=30)


def test_threshold_by_hand() -> None:
    score = np.arange(20, dtype=np.float32)[::-1]
    assert known_threshold(score, np.ones(20)) == 18  # 19 of 20 are not above it
    weight = np.where(score == 19, 2.0, 1.0)  # now 19 of 21 are not above 18
    assert known_threshold(score, weight) == 19


@given(ROWS)
@example([(0, 114), (1, 6)])  # exactly 95 %, which float32 rounds to less
def test_at_least_95_percent_are_kept_and_no_lower_score_keeps_them(rows: list[tuple[int, int]]) -> None:
    score, weight = np.array(rows, np.float32).T
    threshold = known_threshold(score, weight)
    weight = weight.astype(np.float64)
    assert weight[score <= threshold].sum() >= 0.95 * weight.sum() - 1e-6
    assert weight[score < threshold].sum() < 0.95 * weight.sum() + 1e-6
