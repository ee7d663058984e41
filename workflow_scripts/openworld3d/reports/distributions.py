"""How the scores of each class are distributed, and which classes a method takes for the unknown or for another."""

from __future__ import annotations

from typing import Any

import numpy as np

from openworld3d.metrics.histograms import MOST_BITS, SIGN
from openworld3d.metrics.statistics import Statistics
from openworld3d.reports.curves import Sides, recalling_bin

COLUMNS = 60  # of a histogram
OUTSIDE = 0.002  # the share of the points of each side that its ends may leave out
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
LARGEST = float(np.finfo(np.float32).max)
LEVELS = 128  # of the scores of a scene's points
DECADES = 3  # of the share of known points that score higher, over which levels and colours range
DIGITS = 4
FEWEST = 0.005  # the smallest share of the unknown points that a class is shown with


def lower_edge(bins: np.ndarray, bits: int) -> np.ndarray:
    """Return the lowest score of each bin, finite: (B,) integer -> (B,) float64; 2^bits ends the last one."""
    ordered = np.minimum(bins.astype(np.uint64) << np.uint64(MOST_BITS - bits), np.uint64(2**MOST_BITS - 1))
    pattern = ordered.astype(np.uint32)
    positive = pattern & SIGN > 0
    values = np.where(positive, pattern ^ SIGN, ~pattern).view(np.float32).astype(np.float64)
    return np.where(np.isfinite(values), values, np.where(positive, LARGEST, -LARGEST))


class Distribution:
    """The distribution of a method's scores over all scenes: of each class, and of both sides."""

    def __init__(self, statistics: Statistics, sides: Sides) -> None:
        counts, self.sides, self.bits = statistics.score, sides, int(statistics.bits)
        self.bins, place = np.unique(counts.bin, return_inverse=True)
        size = len(statistics.classes)
        cell = counts.group.astype(np.int64) * len(self.bins) + place
        self.points = np.bincount(cell, counts.points, size * len(self.bins)).reshape(size, -1)  # (C, B)
        self.low, self.high = (lower_edge(self.bins + step, self.bits) for step in (np.uint32(0), np.uint32(1)))
        self.unknown, self.known = (self.points[list(side)].sum(axis=0) for side in sides)

    def quantiles(self, points: np.ndarray, shares: Any) -> np.ndarray:
        """Return the scores below which given shares of some points (B,) lie, even within a bin."""
        below = np.r_[0, np.cumsum(points)] / points.sum()
        at = np.clip(np.searchsorted(below, shares, side="right") - 1, 0, len(self.bins) - 1)
        width = below[at + 1] - below[at]
        within = np.divide(np.asarray(shares) - below[at], width, out=np.zeros(len(at)), where=width > 0)
        return self.low[at] + np.clip(within, 0, 1) * (self.high[at] - self.low[at])

    def histogram(self) -> dict[str, Any]:
        """Return the ends of the axis, and for both sides the share of their points in each of 60 equal columns.

        The points of a bin are spread evenly over it.
        """
        drawn = [points for points in (self.unknown, self.known) if points.sum()]
        ends = np.array([self.quantiles(points, [OUTSIDE / 2, 1 - OUTSIDE / 2]) for points in drawn])
        first, last = float(ends[:, 0].min()), float(ends[:, 1].max())
        last = last if last > first else first + 1.0
        edges = np.linspace(first, last, COLUMNS + 1)
        sides = {
            name: [round(share, DIGITS + 1) for share in np.diff(self.share_below(points, edges)).tolist()]
            for name, points in (("unknown", self.unknown), ("known", self.known))
        }
        return {"ends": [float(f"{end:.5g}") for end in (first, last)], **sides}

    def share_below(self, points: np.ndarray, edges: np.ndarray) -> np.ndarray:
        """Return the share of some points (B,) whose score lies below each edge."""
        if not points.sum():
            return np.zeros(len(edges))
        below = np.r_[0, np.cumsum(points)] / points.sum()
        at = np.searchsorted(self.low, edges, side="right") - 1
        inside = np.clip(at, 0, None)
        width = self.high[inside] - self.low[inside]
        within = np.clip(np.divide(edges - self.low[inside], width, out=np.ones(len(edges)), where=width > 0), 0, 1)
        share = below[inside] + within * (below[inside + 1] - below[inside])
        return np.where(at < 0, 0.0, share)

    def classes(self) -> list[list[float] | None]:
        """Return five quantiles of the scores of each class, None of a class without points."""
        return [
            [float(f"{value:.5g}") for value in self.quantiles(points, QUANTILES).tolist()] if points.sum() else None
            for points in self.points
        ]

    def levels(self) -> np.ndarray:
        """Return a level of 0 to 127 for each bin: 127 where at most 0.1 % of known points score higher: (B,).

        In between it is the negative logarithm of that share, ties half, so that the highest scores are told apart.
        """
        share = 1 - (np.cumsum(self.known) - self.known / 2) / max(1.0, float(self.known.sum()))
        decades = -np.log10(np.maximum(share, 10.0**-DECADES))
        return np.minimum((decades / DECADES * LEVELS).astype(np.int64), LEVELS - 1)

    def scores_of_levels(self) -> list[float]:
        """Return the score that stands for each level: the middle of those that known points have."""
        shares = 1 - 10.0 ** (-DECADES * (np.arange(LEVELS) + 0.5) / LEVELS)
        points = self.known if self.known.sum() else self.unknown
        return [float(f"{value:.4g}") for value in self.quantiles(points, shares).tolist()]


def taken_for_unknown(statistics: Statistics, sides: Sides) -> dict[str, Any]:
    """Return of all known points that are flagged where 95 % of the unknown ones are: the share that each class has.

    `of_class` is the share of each class's own points that are flagged; both are by class, without those of no point.
    """
    rows = statistics.score.bin >= recalling_bin(statistics, sides)
    size = len(statistics.classes)
    flagged = np.bincount(statistics.score.group[rows], statistics.score.points[rows], size)
    points = np.bincount(statistics.score.group, statistics.score.points, size)
    total = flagged[sides.known].sum()
    names = statistics.classes.tolist()
    found = [index for index in sides.known if points[index]]
    return {
        "of_flagged": {names[index]: round(float(flagged[index] / max(1, total)), DIGITS) for index in found},
        "of_class": {names[index]: round(float(flagged[index] / points[index]), DIGITS) for index in found},
    }


def unknown_as(statistics: Statistics, sides: Sides) -> dict[str, float]:
    """Return of the unknown points that have a prediction which share is taken for each class, the largest first."""
    predicted = statistics.confusion.sum(axis=0)[sides.unknown].sum(axis=0)
    shares = predicted / max(1, predicted.sum())
    order = np.argsort(-shares, kind="stable").tolist()
    names = statistics.classes.tolist()
    return {names[index]: round(float(shares[index]), DIGITS) for index in order if shares[index] >= FEWEST}
