"""How sure a metric is, and which differences between methods hold.

Evaluation scenes are drawn anew, with replacement, and each metric is computed again; two methods are compared on the
same draws of the same scenes.
Scenes and not points are drawn, since the points of a scene depend on one another (Efron and Tibshirani, An
Introduction to the Bootstrap, 1993: resample what is independent). The draws depend on the number of scenes alone, so
that two methods that are evaluated on the same scenes see the same draws, and their difference has an interval too.
"""

from __future__ import annotations

from typing import Any, Callable, Mapping, NamedTuple, Sequence

import numpy as np

from openworld3d.metrics.table import METRICS, Measured

SEED = 0
CONFIDENCE = 0.95
TOGETHER = 50


def draws(scenes: int, replicates: int) -> np.ndarray:
    """Return how often each replicate has each scene: (replicates, scenes) int64."""
    return np.random.default_rng(SEED).multinomial(scenes, np.full(scenes, 1 / scenes), replicates)


def replicate(measure: Callable[[np.ndarray], Measured], scenes: int, replicates: int) -> Measured:
    """Return each metric of many draws of the scenes, some draws at a time to bound memory: (3, replicates).

    All NaN where there is one scene, as its draws say nothing.
    """
    drawn = draws(scenes, replicates)
    parts = [measure(drawn[first : first + TOGETHER]) for first in range(0, replicates, TOGETHER)]
    found = {name: np.concatenate([part[name] for part in parts], axis=-1) for name in parts[0]}
    return found if scenes > 1 else {name: np.full_like(value, np.nan) for name, value in found.items()}


def interval(low: np.ndarray, high: np.ndarray) -> tuple[float, float]:
    """Return the percentile interval of replicates (R,) that are known to lie between two numbers each.

    Replicates in which the metric is not defined are left out; NaN where it is in none.
    """
    if np.isnan(low).all():
        return float("nan"), float("nan")
    tail = (1 - CONFIDENCE) / 2
    return float(np.nanquantile(low, tail)), float(np.nanquantile(high, 1 - tail))


class Row(NamedTuple):
    """A row of a table: who it is, its metrics, and its replicates: `scenes` (S,) text and metrics (3, R)."""

    identity: Mapping[str, Any]
    metrics: Mapping[str, Any]
    replicates: Mapping[str, np.ndarray]


def comparable(one: Row, other: Row) -> bool:
    """Tell whether two rows are about the same unknown classes in the same scenes."""
    same = all(one.identity[key] == other.identity[key] for key in ("dataset", "protocol"))
    return same and np.array_equal(one.replicates["scenes"], other.replicates["scenes"])


def difference(one: Row, other: Row, metric: str) -> tuple[float, float]:
    """Return the bootstrap interval of one row's metric less the other's, paired by draw; NaN where undefined."""
    low, _, high = one.replicates[metric]
    other_low, _, other_high = other.replicates[metric]
    return interval(low - other_high, high - other_low)


def holds(between: tuple[float, float]) -> bool:
    """Tell whether an interval of a difference leaves out 0."""
    return between[0] > 0 or between[1] < 0


def best(rows: Sequence[Row], metric: str) -> Row | None:
    """Return the row of the best value of a metric, None where it has none."""
    defined = [row for row in rows if row.metrics[metric] is not None]
    sign = 1 if METRICS[metric].higher_is_better else -1
    return max(defined, key=lambda row: sign * row.metrics[metric], default=None)


def near_best(row: Row, rows: Sequence[Row], metric: str) -> bool:
    """Tell whether a row is the best of those it can be compared with, or is not told apart from it.

    What is told the unknown classes, an upper bound, is no competitor.
    """
    top = best([other for other in rows if comparable(row, other) and not other.identity["told"]], metric)
    if top is None or row.metrics[metric] is None or row.identity["told"]:
        return False
    return row is top or not holds(difference(row, top, metric))
