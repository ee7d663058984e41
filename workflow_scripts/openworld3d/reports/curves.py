"""Precision-recall and ROC curves of a method, with bands over its evaluation scenes, and its threshold."""

from __future__ import annotations

import math
from typing import Dict, List, NamedTuple, Optional

import numpy as np

from openworld3d.metrics.bootstrap import CONFIDENCE, draws
from openworld3d.metrics.histograms import histograms
from openworld3d.metrics.ranking import RECALL
from openworld3d.metrics.statistics import Statistics

GRID = np.linspace(0, 1, 101)  # of recall, and of the false-positive rate
BINS = 2048
DRAWS = 200
DIGITS = 4
Curve = Dict[str, List[Optional[float]]]


class Sides(NamedTuple):
    """The indices of the classes that count as unknown, and of those that count as known."""

    unknown: list[int]
    known: list[int]


def sides_of(statistics: Statistics, unknown: list[str]) -> Sides:
    """Return which classes of some statistics are unknown, by name, and which are known."""
    indices = statistics.index(unknown)
    return Sides(indices, [index for index in range(len(statistics.classes)) if index not in indices])


def curves(statistics: Statistics, sides: Sides) -> dict[str, Curve]:
    """Return both curves at the values of GRID: `pr` is precision over recall, `roc` recall over false positives.

    `low` and `high` bound 95 % of the curves of scenes that are drawn anew; a single scene has none.
    """
    scenes = len(statistics.scenes)
    (unknown, known), _ = histograms(statistics.score, sides, scenes, BINS)  # (S, B), the highest bin first
    pooled = {name: curve[0] for name, curve in at_grid(unknown.sum(0)[None], known.sum(0)[None]).items()}
    found = {name: {"value": rounded(curve)} for name, curve in pooled.items()}
    if scenes > 1:
        drawn = draws(scenes, DRAWS)
        tail = (1 - CONFIDENCE) / 2
        for name, of_draws in at_grid(drawn @ unknown, drawn @ known).items():
            defined = of_draws[~np.isnan(of_draws).any(axis=1)]
            if len(defined):
                low, high = np.quantile(defined, [tail, 1 - tail], axis=0)
                found[name].update(low=rounded(low), high=rounded(high))
    return found


def at_grid(unknown: np.ndarray, known: np.ndarray) -> dict[str, np.ndarray]:
    """Return both curves of R draws, (R, B) each, at the values of GRID: (R, 101), NaN without points of a side.

    Precision is that at the highest threshold that reaches a recall. Between two thresholds the ROC curve is
    straight, since ties count half.
    """
    true, false = np.cumsum(unknown, axis=1), np.cumsum(known, axis=1)
    found = {name: np.full((len(true), len(GRID)), np.nan) for name in ("pr", "roc")}
    for draw, (of_unknown, of_known) in enumerate(zip(true, false)):
        if not of_unknown[-1] or not of_known[-1]:
            continue
        recall, rate = of_unknown / of_unknown[-1], of_known / of_known[-1]
        at = np.searchsorted(recall, GRID)
        first = np.argmax(of_unknown > 0)  # of recall 0, precision is that of the first unknown points
        at = np.maximum(at, first)
        found["pr"][draw] = of_unknown[at] / (of_unknown[at] + of_known[at])
        found["roc"][draw] = np.interp(GRID, np.r_[0, rate], np.r_[0, recall])
    return found


def recalling_bin(statistics: Statistics, sides: Sides) -> int:
    """Return the highest bin of scores at or above which 95 % of all unknown points lie; 0 without unknown points."""
    rows = np.isin(statistics.score.group, sides.unknown)
    bins, place = np.unique(statistics.score.bin[rows], return_inverse=True)
    points = np.bincount(place, statistics.score.points[rows], len(bins))[::-1]
    if not points.sum():
        return 0
    return int(bins[::-1][np.argmax(np.cumsum(points) >= RECALL * points.sum())])


def rounded(values: np.ndarray) -> list[float | None]:
    """Return a curve's values as they are written, None where it is not defined."""
    return [None if math.isnan(value) else round(value, DIGITS) for value in values.tolist()]
