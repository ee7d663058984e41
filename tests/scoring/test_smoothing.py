from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from openworld3d.scoring.smoothing import mean_over_neighbors

# Places on a line: 0, 1, 3, 7.
LINE = np.array([[0, 0, 0], [1, 0, 0], [3, 0, 0], [7, 0, 0]], np.float32)
SCORE = np.array([8, 4, 2, 0], np.float32)


@pytest.mark.parametrize(
    ("neighbors", "expected"),
    [
        (1, [8, 4, 2, 0]),
        (2, [6, 6, 3, 1]),
        (3, [14 / 3, 14 / 3, 14 / 3, 2]),
        (4, [3.5, 3.5, 3.5, 3.5]),
        (9, [3.5, 3.5, 3.5, 3.5]),
    ],
)
def test_means_by_hand(neighbors: int, expected: list[float]) -> None:
    smooth = mean_over_neighbors(SCORE, LINE, neighbors)
    assert smooth.dtype == np.float32
    assert smooth == pytest.approx(expected)


def test_one_row_and_none() -> None:
    assert mean_over_neighbors(SCORE[:1], LINE[:1], 5).tolist() == [8]
    assert mean_over_neighbors(SCORE[:0], LINE[:0], 5).tolist() == []


@given(arrays(np.float32, st.integers(1, 30), elements=st.floats(-1000, 1000, width=32)), st.integers(1, 8))
def test_stays_within_the_scores_and_leaves_equal_ones(score: np.ndarray, neighbors: int) -> None:
    coord = np.random.default_rng(0).uniform(0, 1, (len(score), 3)).astype(np.float32)
    smooth = mean_over_neighbors(score, coord, neighbors)
    assert (score.min() <= smooth).all()
    assert (smooth <= score.max()).all()
    assert (mean_over_neighbors(np.full_like(score, 3), coord, neighbors) == 3).all()
