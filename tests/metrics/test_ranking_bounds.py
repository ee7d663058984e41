"""The interval holds the exact metric, for any points in any bins; with a bin for each score it is the metric."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openworld3d.metrics.histograms import bin_of, ends_of
from openworld3d.metrics.ranking import ranking
from openworld3d.metrics.ranking_bounds import ranking_of_bins

METRICS = ("aupr", "aupr_trapezoid", "auroc", "fpr95", "fpr95_strict", "fpr95_nearest")
SCORE = st.one_of(st.floats(width=32, allow_nan=False), st.sampled_from([0.0, -0.0, 1.0, 1.5, -1.5]))
POINTS = st.lists(st.tuples(SCORE, st.booleans()), min_size=2, max_size=40).filter(
    lambda points: len({positive for _, positive in points}) == 2
)


def binned(score: np.ndarray, unknown: np.ndarray, bits: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return positives and negatives per occupied bin, the highest first, and which bins are tied."""
    bins, place = np.unique(bin_of(score, bits), return_inverse=True)
    counts = [np.bincount(place[chosen], minlength=place.max() + 1)[::-1] for chosen in (unknown, ~unknown)]
    return counts[0], counts[1], np.isin(bins, ends_of(score, bits).tied)[::-1]


@settings(deadline=None)
@given(POINTS)
def test_value_is_the_metric_where_each_score_has_its_bin(points: list[tuple[float, bool]]) -> None:
    score, unknown = np.array([point[0] for point in points], np.float32), np.array([point[1] for point in points])
    found, exact = ranking_of_bins(*binned(score, unknown, 32)), ranking(score, unknown)
    assert [found[name][1] for name in METRICS] == pytest.approx([getattr(exact, name) for name in METRICS])


def test_recall_nearest_to_95_percent_by_hand() -> None:
    """24 of 25 positives are in the first bin; of the second's 4 negatives, 0 to 4 are above its positive."""
    found = ranking_of_bins(np.array([24, 1, 0]), np.array([2, 4, 4]), np.zeros(3, bool))["fpr95_nearest"]
    np.testing.assert_allclose(found, [0, 2 / 10, 6 / 10], atol=1e-9)
    # 12 of 13 are nearer than all of them; the threshold is at the last positive, anywhere in its bin.
    found = ranking_of_bins(np.array([12, 1]), np.array([2, 8]), np.zeros(2, bool))["fpr95_nearest"]
    np.testing.assert_allclose(found, [2 / 10, 2 / 10, 10 / 10], atol=1e-9)


@settings(deadline=None, max_examples=300)
@given(POINTS, st.sampled_from([2, 5, 9, 12, 16, 32]))
def test_interval_holds_the_exact_metric(points: list[tuple[float, bool]], bits: int) -> None:
    score, unknown = np.array([point[0] for point in points], np.float32), np.array([point[1] for point in points])
    exact = ranking_of_bins(*binned(score, unknown, 32))
    found = ranking_of_bins(*binned(score, unknown, bits))
    for name in METRICS:
        low, value, high = found[name]
        assert low <= exact[name][1] <= high, name
        assert low <= value <= high, name


@given(POINTS)
def test_tied_bins_bound_nothing(points: list[tuple[float, bool]]) -> None:
    score, unknown = np.array([point[0] for point in points], np.float32), np.array([point[1] for point in points])
    found = ranking_of_bins(*binned(np.round(score), unknown, 32))
    for name in METRICS:
        low, value, high = found[name]
        assert [low, high] == pytest.approx([value, value], abs=1e-9), name


def test_one_tied_bin_by_hand() -> None:
    """Of two bins with 2 positives and 2 negatives each, the lower is tied: above it are 2 of 4, within it half."""
    bins = np.array([2, 2]), np.array([2, 2])
    found = ranking_of_bins(*bins, np.array([False, True]))["auroc"]
    # Pairs, of 16: 4 of the upper bin, 2 of the lower one, and 0 to 4 within the upper one.
    np.testing.assert_allclose(found, [6 / 16, 8 / 16, 10 / 16], atol=1e-9)
    found = ranking_of_bins(*bins, np.array([True, True]))["auroc"]
    np.testing.assert_allclose(found, [8 / 16] * 3, atol=1e-9)
