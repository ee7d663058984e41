"""What metrics are computed from: a method's statistics, of all evaluation scenes or of scenes drawn anew."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple, Sequence

import numpy as np

from openworld3d.metrics import segmentation
from openworld3d.metrics.histograms import Counts, histograms, of_all, of_one
from openworld3d.metrics.objects import Qualities, qualities
from openworld3d.metrics.ranking_bounds import Bounded, ranking_of_bins
from openworld3d.metrics.statistics import RIGHT, WRONG, Statistics

# The share of unknown points at which scores on different protocols are compared.
STANDARD_PREVALENCE = 0.05
EVERY_BIN = 1 << 32
BINS_OF_DRAWS = 4096


class Bins(NamedTuple):
    """Points per bin, the highest first: unknown and known ones by score, right and wrong ones by confidence.

    tied (B,): bins of the score whose points all have one score.
    """

    unknown: np.ndarray
    known: np.ndarray
    right: np.ndarray
    wrong: np.ndarray
    tied: np.ndarray


@dataclass
class Measures:
    """Counts of R draws of the evaluation scenes, from which each metric of `metrics/table.py` follows.

    bins: (R, B) float64 each.
    confusion (R, C, C): points by true and predicted class of the dataset.
    unflagged (R, C, C): those of them whose score is not above the threshold; None without a threshold.
    confusion_before (R, C, C): the same points in the incremental step before; None without one.
    calibration (R, 15, 3), objects (R, 4): as in `Statistics`.
    drawn (R, S): how often each scene is drawn.
    of_each_scene: the ranking metrics of each of the S scenes.
    classes: indices of the classes of the dataset that networks know.
    known, old, taught: those of them that are known, that were known from the start, and that were learned since.
    """

    bins: Bins
    confusion: np.ndarray
    unflagged: np.ndarray | None
    confusion_before: np.ndarray | None
    calibration: np.ndarray
    objects: np.ndarray
    drawn: np.ndarray
    of_each_scene: list[Bounded]
    classes: list[int]
    known: list[int]
    old: list[int]
    taught: list[int]

    @cached_property
    def ranking(self) -> Bounded:
        """Return the ranking metrics of all points: (3, R) each."""
        return ranking_of_bins(self.bins.unknown, self.bins.known, self.bins.tied)

    @cached_property
    def unknown_points(self) -> np.ndarray:
        """Return how many points are unknown: (R,)."""
        return self.bins.unknown.sum(-1)

    @cached_property
    def known_points(self) -> np.ndarray:
        """Return how many points are of known classes: (R,)."""
        return self.bins.known.sum(-1)

    @cached_property
    def open_set(self) -> segmentation.OpenSet:
        """Return the IoU where points above the threshold count as unknown: (R,), NaN without a threshold."""
        if self.unflagged is None:
            undefined = np.full(len(self.drawn), np.nan)
            return segmentation.OpenSet(undefined, undefined)
        return segmentation.open_set(self.confusion, self.unflagged, self.known)

    @cached_property
    def objects_found(self) -> Qualities:
        """Return the metrics of the object level: (R,) each, NaN where no instances are compared."""
        return qualities(self.objects)

    def mean_over_scenes(self, name: str) -> np.ndarray:
        """Return the mean of a ranking metric over the drawn scenes in which it is defined: (3, R)."""
        values = np.stack([scene[name] for scene in self.of_each_scene], -1)  # (3, S)
        defined = ~np.isnan(values)
        count = defined @ self.drawn.T
        total = np.where(defined, values, 0) @ self.drawn.T
        return np.where(count > 0, total / np.maximum(count, 1), np.nan)


class Evaluation:
    """The statistics of one method on one protocol, of which some classes are unknown.

    unknown: the protocol's unknown classes; taught: those that a step has trained on, which count as known;
    before: the statistics of the step before, of the same scenes; beyond: classes that the networks' dataset lacks,
    which have no IoU; inliers: those of them that are not unknown, whose points are ranked and never predicted.
    """

    def __init__(
        self,
        statistics: Statistics,
        unknown: Sequence[str],
        taught: Sequence[str] = (),
        before: Statistics | None = None,
        beyond: Sequence[str] = (),
        inliers: Sequence[str] = (),
    ) -> None:
        self.statistics, self.before = statistics, before
        self.taught = statistics.index(taught)
        every, of_protocol = range(len(statistics.classes)), statistics.index(unknown)
        self.unknown = [index for index in of_protocol if index not in self.taught]
        self.ranked_known = [index for index in every if index not in self.unknown]
        self.classes = [index for index in every if index not in statistics.index(beyond)]
        self.known = [index for index in self.classes if index not in self.unknown]
        self.old = [index for index in self.classes if index not in of_protocol]
        self.inliers = statistics.index(inliers)
        self.scenes = len(statistics.scenes)
        alone = [
            self.bins(of_one(statistics.score, n), of_one(statistics.confidence, n), 1) for n in range(self.scenes)
        ]
        self.of_each_scene = [ranking_of_bins(bins.unknown[0], bins.known[0], bins.tied) for bins in alone]

    def of_all(self) -> Measures:
        """Return the counts of all scenes, as one draw."""
        pooled = self.bins(of_all(self.statistics.score), of_all(self.statistics.confidence), 1)
        return self.measures(pooled, np.ones((1, self.scenes), np.int64))

    def of_draws(self, drawn: np.ndarray) -> Measures:
        """Return the counts of draws of the scenes; drawn (R, S) int64: how often each scene is in each."""
        *counts, tied = self.bins_of_scenes
        unknown, known, right, wrong = (drawn @ of_scenes for of_scenes in counts)
        return self.measures(Bins(unknown, known, right, wrong, tied), drawn)

    @cached_property
    def bins_of_scenes(self) -> Bins:
        """Return the counts per scene, with few enough bins for many draws: (S, B) float64 each."""
        return self.bins(self.statistics.score, self.statistics.confidence, self.scenes, BINS_OF_DRAWS)

    def bins(self, score: Counts, confidence: Counts, scenes: int, most: int = EVERY_BIN) -> Bins:
        """Return the counts per scene and bin, neighbouring bins joined to about `most`: (S, B) float64 each."""
        sides = [self.unknown, self.ranked_known]
        (unknown, known), tied = histograms(score, sides, scenes, most, self.statistics.ends.tied)
        (right, wrong), _ = histograms(confidence, [[RIGHT], [WRONG]], scenes, most)
        return Bins(unknown, known, right, wrong, tied)

    def measures(self, bins: Bins, drawn: np.ndarray) -> Measures:
        """Return the counts of draws (R, S) whose bins (R, B) are known."""
        statistics = self.statistics
        has_threshold = not np.isnan(statistics.threshold)
        return Measures(
            bins,
            self.confusion_of(drawn, statistics.confusion),
            self.confusion_of(drawn, statistics.unflagged) if has_threshold else None,
            None if self.before is None else self.confusion_of(drawn, self.before.confusion),
            np.tensordot(drawn, statistics.calibration, 1),
            drawn @ statistics.objects,
            drawn,
            self.of_each_scene,
            self.classes,
            self.known,
            self.old,
            self.taught,
        )

    def confusion_of(self, drawn: np.ndarray, confusion: np.ndarray) -> np.ndarray:
        """Return the confusion of draws (R, S) of scenes (S, C, C), without the inliers of no class: (R, C, C)."""
        total = np.tensordot(drawn, confusion, 1)
        total[:, self.inliers] = 0
        return total
