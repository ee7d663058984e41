"""The interval holds the exact metric, for any points in any bins; with a bin for each score it is the metric."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from openworld3d.metrics.histograms import bin_of
from openworld3d.metrics.ranking_bounds import ranking_of_bins

METRICS = ("aupr", "aupr_trapezoid", "auroc", "fpr95", "fpr95_strict")
SCORE = st.one_of(st.floats(width=32, allow_nan=False), st.sampled_from([0.0, -0.0, 1.0, 1.5, -1.5]))
POINTS = st.lists(st.tuples(SCORE, st.booleans()), min_size=2, max_size=40).filter(
    lambda points: len({positive for _, positive in points}) == 2
)


def binned(score: np.ndarray, unknown: np.ndarray, bits: int) -> tuple[np.ndarray, np.ndarray]:
    """Return positives and negatives per occupied bin, the highest first."""
    _, place = np.unique(bin_of(score, bits), return_inverse=True)
    counts = [np.bincount(place[chosen], minlength=place.max() + 1)[::-1] for chosen in (unknown, ~unknown)]
    return counts[0], counts[1]


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
