"""Which differences between methods hold: both are seen on the same draws of the same evaluation scenes."""

from __future__ import annotations

from typing import Any, Mapping, NamedTuple, Sequence

import numpy as np

from openworld3d.metrics.bootstrap import interval

# Of which less is better.
DESCENDING = ("fpr95", "fpr95_strict", "forgetting", "ece", "risk")


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
    sign = -1 if metric in DESCENDING else 1
    return max(defined, key=lambda row: sign * row.metrics[metric], default=None)


def near_best(row: Row, rows: Sequence[Row], metric: str) -> bool:
    """Tell whether a row is the best of those it can be compared with, or is not told apart from it.

    What is told the unknown classes, an upper bound, is no competitor.
    """
    top = best([other for other in rows if comparable(row, other) and not other.identity["told"]], metric)
    if top is None or row.metrics[metric] is None or row.identity["told"]:
        return False
    return row is top or not holds(difference(row, top, metric))
