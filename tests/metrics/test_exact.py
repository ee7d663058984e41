from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from openworld3d.metrics.exact import PointRanking, weighted_aupr
from openworld3d.metrics.ranking import ranking

POINTS = st.lists(st.tuples(st.integers(-4, 4), st.booleans()), min_size=2, max_size=40).filter(
    lambda points: len({unknown for _, unknown in points}) == 2
)


@pytest.mark.parametrize(
    ("positive", "negative", "weight", "expected"),
    [
        ([3, 4], [1, 2], 7, 1),
        ([5], [5, 5, 5], 1, 1 / 4),
        ([5], [5, 5, 5], 3, 1 / 2),
        ([4, 2], [3, 1], 1, (1 + 2 / 3) / 2),
        ([4, 2], [3, 1], 1 / 2, (1 + 1 / 2) / 2),
        ([1], [2], 1 / 4, 1 / 5),
        ([1, 2, 2], [2, 0], 2, (2 * 4 / 5 + 6 / 7) / 3),  # two at one threshold
    ],
)
def test_weighted_average_precision_by_hand(
    positive: list[float], negative: list[float], weight: float, expected: float
) -> None:
    scores = [np.array(positive, np.float32), np.array(negative, np.float32)]
    unknown = [np.ones(len(positive), bool), np.zeros(len(negative), bool)]
    assert weighted_aupr(scores, unknown, weight) == pytest.approx(expected, rel=1e-15)


@given(POINTS, st.integers(1, 5))
def test_whole_weight_is_unknown_points_so_often(points: list[tuple[int, bool]], weight: int) -> None:
    score, unknown = np.array([point[0] for point in points], np.float32), np.array([point[1] for point in points])
    repeated = np.repeat(score, np.where(unknown, weight, 1)), np.repeat(unknown, np.where(unknown, weight, 1))
    expected = PointRanking([repeated]).pooled.aupr
    assert weighted_aupr([score], [unknown], weight) == pytest.approx(expected, rel=1e-14)


@given(POINTS)
def test_standard_prevalence_is_the_definition(points: list[tuple[int, bool]]) -> None:
    """Unknown points weigh as if they were 1 in 20: summed point by point in fractions."""
    score, unknown = np.array([point[0] for point in points], np.float32), np.array([point[1] for point in points])
    weight = Fraction(int((~unknown).sum()), 19 * int(unknown.sum()))
    total = Fraction(0)
    for threshold in score[unknown]:
        true, false = (
            weight * int((unknown & (score >= threshold)).sum()),
            int((~unknown & (score >= threshold)).sum()),
        )
        total += true / (true + false)
    expected = float(total / int(unknown.sum()))
    assert PointRanking([(score, unknown)]).standard_aupr() == pytest.approx(expected, rel=1e-14)


MANY = st.lists(
    st.tuples(st.sampled_from([-1e300, -2.5, -1.0, 0.0, 2.0**-140, 1.0, 1 + 2.0**-40, 1.5, 3.0]), st.booleans()),
    min_size=2,
    max_size=60,
)


@given(MANY, st.integers(1, 20), st.integers(1, 40))
def test_slabs_change_no_bit(points: list[tuple[float, bool]], slab: int, length: int) -> None:
    """Scores that tie, that share a bin and that differ beyond float32, in scenes of any length."""
    score, unknown = np.array([point[0] for point in points]), np.array([point[1] for point in points])
    places = range(0, len(score), length)
    parts = [(score[place : place + length], unknown[place : place + length]) for place in places]
    whole, cut = PointRanking([(score, unknown)]), PointRanking(parts, slab)
    assert repr(cut.pooled) == repr(whole.pooled) == repr(ranking(score, unknown))
    assert repr(cut.standard_aupr()) == repr(whole.standard_aupr())
