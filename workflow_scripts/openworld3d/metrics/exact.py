"""The ranking metrics of the points themselves, in place of values between bounds.

Points are read twice: once to rank each scene and to count them by the leading bits of their score, and once for each
slab of scores that is sorted at a time, so that memory does not grow with the number of points.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Iterable, Iterator, Sequence, Tuple

import numpy as np

from openworld3d.metrics.histograms import bin_of
from openworld3d.metrics.measures import STANDARD_PREVALENCE
from openworld3d.metrics.ranking import (
    UNDEFINED,
    Slab,
    Sums,
    of_sums,
    ranking,
    sorted_scores,
    sums_of,
    sums_of_slabs,
    threads,
)
from openworld3d.metrics.ranking_input import Piece, pieces_of
from openworld3d.scenes.manifests import Scenes
from openworld3d.scenes.scene import VOID, load_scene
from openworld3d.scoring.scored_scenes import scored_scenes

# Of each scene: score (N,) float32 or float64, and whether a point is unknown (N,) bool. Read more than once.
Parts = Iterable[Tuple[np.ndarray, np.ndarray]]
BITS = 16
SLAB = 1 << 23  # points that are sorted at a time, 9 bytes each


class PointRanking:
    """How well a score ranks the points of some scenes: pooled, and scene by scene.

    slab: how many points are sorted at a time; more where so many have the same leading bits of a score.
    """

    def __init__(self, parts: Parts, slab: int = SLAB) -> None:
        self.of_each_scene = []
        counts = np.zeros((2, 1 << BITS), np.int64)  # known and unknown points by the leading bits of their score
        for score, unknown in parts:
            self.of_each_scene.append(ranking(score, unknown))
            bins = bin_of(score, BITS) + unknown * np.uint32(1 << BITS)
            counts += np.bincount(bins, minlength=2 << BITS).reshape(2, -1)
        known_points, self.unknown_points = counts.sum(axis=1).tolist()
        self.points = known_points + self.unknown_points
        self.sums: Sums | None = None
        if self.defined:
            odds = STANDARD_PREVALENCE / (1 - STANDARD_PREVALENCE)
            weight = odds * known_points / self.unknown_points
            with ThreadPoolExecutor(threads()) as pool:
                slabs = slabs_of(pool, parts, counts, slab)
                self.sums = sums_of_slabs(pool, slabs, self.unknown_points, known_points, weight)
        self.pooled = of_sums(self.sums) if self.sums else UNDEFINED

    @property
    def defined(self) -> bool:
        """Tell whether there are unknown and known points."""
        return 0 < self.unknown_points < self.points

    def mean_over_scenes(self, name: str) -> float:
        """Return the mean of a metric over the scenes in which it is defined, NaN where it is in none."""
        values = [getattr(scene, name) for scene in self.of_each_scene]
        return float("nan") if np.isnan(values).all() else float(np.nanmean(values))

    def standard_aupr(self) -> float:
        """Return the average precision with unknown points weighted as if they were 5 % of all."""
        return self.sums.precision_weighted / self.sums.positives if self.sums else float("nan")


def slabs_of(pool: ThreadPoolExecutor, parts: Parts, counts: np.ndarray, most: int) -> Iterator[Slab]:
    """Yield the slabs of about `most` points that have an unknown one; counts (2, B): known and unknown by bin."""
    before = np.cumsum(counts, axis=1) - counts  # points in lower bins
    number = before.sum(axis=0) // most
    begins = np.flatnonzero(np.diff(number, prepend=-1))
    for low, high in zip(begins.tolist(), [*begins[1:].tolist(), len(number)]):
        known, unknown = counts[:, low:high].sum(axis=1).tolist()
        if unknown:
            pieces = [piece for score, marks in parts for piece in pieces_between(score, marks, low, high)]
            below, above = before[:, low], counts[:, high:].sum(axis=1)
            sides = [int(side[row]) for side in (below, above) for row in (1, 0)]
            yield Slab(*sorted_scores(pool, pieces, unknown, known), *sides)


def pieces_between(score: np.ndarray, unknown: np.ndarray, low: int, high: int) -> list[Piece]:
    """Return the points (N,) whose bin is at least `low` and below `high`."""
    if high - low < 1 << BITS:
        bins = bin_of(score, BITS)
        chosen = (bins >= low) & (bins < high)
        score, unknown = score[chosen], unknown[chosen]
    return pieces_of(score, unknown)


def weighted_aupr(scores: Sequence[np.ndarray], unknown: Sequence[np.ndarray], weight: float) -> float:
    """Return the average precision of points of which each unknown one counts `weight` times.

    The precision at a threshold is w tp / (w tp + fp); the steps in recall are those of unweighted points.
    """
    sums = sums_of(pieces_of(scores, unknown), weight)
    return float("nan") if sums is None else sums.precision_weighted / sums.positives


class ScoredParts:
    """The score of each scene's points that are not void, and whether they are unknown, read anew each time.

    scores, outputs: manifests of all shards; unknown: indices in the dataset's classes.
    """

    def __init__(
        self, scores: Sequence[Path], outputs: Sequence[Path], scenes: Scenes, unknown: Sequence[int]
    ) -> None:
        self.scored, self.classes = scored_scenes(scores, outputs, scenes), scenes.classes
        self.unknown = unknown

    def __iter__(self) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        for scored in self.scored:
            label = load_scene(scored.file.path, self.classes, scored.file.labels).label
            yield scored.score()[label != VOID], np.isin(label[label != VOID], self.unknown)
