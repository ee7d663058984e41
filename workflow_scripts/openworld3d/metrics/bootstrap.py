"""Bootstrap intervals of metrics, and of differences between methods: evaluation scenes are resampled.

Scenes and not points are drawn with replacement, since the points of a scene depend on one another (Efron and
Tibshirani, An Introduction to the Bootstrap, 1993: resample what is independent). The draws depend only on the number
of scenes, so that two methods evaluated on the same scenes are compared draw by draw.
"""

from __future__ import annotations

from typing import Any, Callable, Mapping, NamedTuple, Sequence, Tuple

import numpy as np

from openworld3d.metrics.table import METRICS, Measured

SEED = 0
CONFIDENCE = 0.95
DRAWS_AT_ONCE = 50
BEST, TIED = "best", "tied"


def draws(scenes: int, replicates: int) -> np.ndarray:
    """Return how often each replicate contains each scene: (replicates, scenes) int64."""
    return np.random.default_rng(SEED).multinomial(scenes, np.full(scenes, 1 / scenes), replicates)


def replicate(measure: Callable[[np.ndarray], Measured], scenes: int, replicates: int) -> Measured:
    """Return each metric for many draws of the scenes, a few draws at a time to bound memory: (3, replicates).

    All NaN where there is one scene, whose draws are all the same.
    """
    drawn = draws(scenes, replicates)
    parts = [measure(drawn[first : first + DRAWS_AT_ONCE]) for first in range(0, replicates, DRAWS_AT_ONCE)]
    found = {name: np.concatenate([part[name] for part in parts], axis=-1) for name in parts[0]}
    return found if scenes > 1 else {name: np.full_like(value, np.nan) for name, value in found.items()}


def interval(low: np.ndarray, high: np.ndarray) -> tuple[float, float]:
    """Return the percentile interval of replicates, each of which lies between low and high (R,).

    Replicates in which the metric is not defined are left out; NaN where it is defined in none.
    """
    if np.isnan(low).all():
        return float("nan"), float("nan")
    tail = (1 - CONFIDENCE) / 2
    return float(np.nanquantile(low, tail)), float(np.nanquantile(high, 1 - tail))


class Row(NamedTuple):
    """A row of a table: its identity, its metrics, and its replicates: `scenes` (S,) text and metrics (3, R).

    of_seeds: the rows that it is the mean of, none of a row that is one seed's.
    """

    identity: Mapping[str, Any]
    metrics: Mapping[str, Any]
    replicates: Mapping[str, np.ndarray]
    of_seeds: tuple[Row, ...] = ()


# Of two rows and a metric the interval of their difference.
Between = Callable[[Row, Row, str], Tuple[float, float]]


def comparable(one: Row, other: Row) -> bool:
    """Tell whether two rows have the same unknown classes in the same scenes."""
    same = all(one.identity[key] == other.identity[key] for key in ("dataset", "protocol"))
    return same and np.array_equal(one.replicates["scenes"], other.replicates["scenes"])


def difference(one: Row, other: Row, metric: str) -> tuple[float, float]:
    """Return the bootstrap interval of one row's metric minus the other's, paired by draw; NaN where undefined."""
    low, _, high = one.replicates[metric]
    other_low, _, other_high = other.replicates[metric]
    return interval(low - other_high, high - other_low)


def holds(between: tuple[float, float]) -> bool:
    """Tell whether the interval of a difference excludes 0."""
    return between[0] > 0 or between[1] < 0


def best(rows: Sequence[Row], metric: str) -> Row | None:
    """Return the row with the best value of a metric, None where no row has one."""
    defined = [row for row in rows if row.metrics[metric] is not None]
    sign = 1 if METRICS[metric].higher_is_better else -1
    return max(defined, key=lambda row: sign * row.metrics[metric], default=None)


def competitors(row: Row, rows: Sequence[Row], metric: str) -> list[Row]:
    """Return the rows that a row can be compared with by a metric, itself included.

    Upper bounds, which are trained on the unknown classes, do not compete.
    """
    return [
        other
        for other in rows
        if comparable(row, other) and not other.identity["trains_on_unknown"] and other.metrics[metric] is not None
    ]


def mark(row: Row, rows: Sequence[Row], metric: str, between: Between = difference) -> str:
    """Return `BEST` for the best of a row's competitors, `TIED` where their difference does not hold, otherwise "".

    Nothing is marked where that says nothing: if no difference from the best has an interval, as over one scene, or
    all are equal.
    """
    rivals = competitors(row, rows, metric)
    top = best(rivals, metric)
    if top is None or not any(other is row for other in rivals):
        return ""
    others = [other for other in rivals if other.metrics[metric] != top.metrics[metric]]
    if all(np.isnan(between(other, top, metric)).any() for other in others):
        return ""
    if row.metrics[metric] == top.metrics[metric]:
        return BEST
    found = between(row, top, metric)
    return "" if np.isnan(found).any() or holds(found) else TIED
