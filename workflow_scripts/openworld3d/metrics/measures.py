"""Every metric of a method from its statistics, of all scenes or of scenes that are drawn anew.

A metric is an array of three rows, low, value and high, between which the exact one is known to lie, and a column for
each draw of scenes; for what is counted without bins the three are one number.
"""

from __future__ import annotations

from typing import Dict, NamedTuple, Sequence

import numpy as np

from openworld3d.metrics import segmentation
from openworld3d.metrics.calibration import area_under_risk, calibration_error
from openworld3d.metrics.histograms import Counts, histograms, of_all, of_one
from openworld3d.metrics.ranking_bounds import ranking_of_bins
from openworld3d.metrics.statistics import RIGHT, WRONG, Statistics

# The share of unknown points at which scores on different protocols are compared.
STANDARD_PREVALENCE = 0.05
EVERY_BIN = 1 << 32
BINS_OF_DRAWS = 4096
Measured = Dict[str, np.ndarray]


class Bins(NamedTuple):
    """Points per bin, the highest first: unknown and known ones by score, right and wrong ones by confidence."""

    unknown: np.ndarray
    known: np.ndarray
    right: np.ndarray
    wrong: np.ndarray


class Measures:
    """The metrics of one method on one protocol, of which some classes are unknown and all others known."""

    def __init__(self, statistics: Statistics, unknown: Sequence[str]) -> None:
        self.statistics = statistics
        self.unknown = statistics.index(unknown)
        self.known = [index for index in range(len(statistics.classes)) if index not in self.unknown]
        self.scenes = len(statistics.scenes)
        alone = [
            self.bins(of_one(statistics.score, n), of_one(statistics.confidence, n), 1) for n in range(self.scenes)
        ]
        self.of_each_scene = [ranking_of_bins(bins.unknown[0], bins.known[0]) for bins in alone]

    def of_all(self) -> Measured:
        """Return each metric over all scenes: (3, 1)."""
        pooled = self.bins(of_all(self.statistics.score), of_all(self.statistics.confidence), 1)
        return {**ranked(pooled), **self.counted(np.ones((1, self.scenes), np.int64))}

    def of_draws(self, drawn: np.ndarray) -> Measured:
        """Return each metric of draws of the scenes, how often each scene is in each: (R, S) int64 -> (3, R)."""
        bins = self.bins(self.statistics.score, self.statistics.confidence, self.scenes, BINS_OF_DRAWS)
        return {**ranked(Bins(*(drawn @ counts for counts in bins))), **self.counted(drawn)}

    def bins(self, score: Counts, confidence: Counts, scenes: int, most: int = EVERY_BIN) -> Bins:
        """Return the counts per scene and bin, neighbouring bins joined to about `most`: (S, B) float64 each."""
        unknown, known = histograms(score, [self.unknown, self.known], scenes, most)
        right, wrong = histograms(confidence, [[RIGHT], [WRONG]], scenes, most)
        return Bins(unknown, known, right, wrong)

    def counted(self, drawn: np.ndarray) -> Measured:
        """Return what needs no bins of all scenes together: (3, R)."""
        confusion, unflagged, calibration = (
            np.tensordot(drawn, counts, 1)
            for counts in (self.statistics.confusion, self.statistics.unflagged, self.statistics.calibration)
        )
        single = {
            "miou_known": segmentation.miou_known(confusion, self.known),
            "miou_all": segmentation.miou_all(confusion),
            "miou_present": segmentation.miou_present(confusion),
            "accuracy": segmentation.accuracy(confusion),
            "ece": calibration_error(calibration),
        }
        if not np.isnan(self.statistics.threshold):
            opened = segmentation.open_set(confusion, unflagged, self.known)
            single.update(miou_open=opened.miou, iou_unknown=opened.iou_unknown)
        scenes = {
            f"{name}_scenes": mean_over(np.stack([scene[name] for scene in self.of_each_scene], -1), drawn)
            for name in ("aupr", "auroc")
        }
        return {**scenes, **{name: np.stack([value] * 3) for name, value in single.items()}}


def ranked(bins: Bins) -> Measured:
    """Return the metrics that follow from the order of the points: bins (R, B) -> (3, R) each."""
    found = ranking_of_bins(bins.unknown, bins.known)
    unknown, known = bins.unknown.sum(-1), bins.known.sum(-1)
    with np.errstate(divide="ignore", invalid="ignore"):
        weight = STANDARD_PREVALENCE / (1 - STANDARD_PREVALENCE) * known / unknown
        found["lift"] = found["aupr"] * (unknown + known) / unknown
        found["aupr_standard"] = ranking_of_bins(bins.unknown, bins.known, weight[..., None])["aupr"]
    found["risk"] = area_under_risk(bins.right, bins.wrong)
    return found


def mean_over(values: np.ndarray, drawn: np.ndarray) -> np.ndarray:
    """Return the mean over drawn scenes in which a metric is defined: (3, S), (R, S) -> (3, R)."""
    defined = ~np.isnan(values)
    count = defined @ drawn.T
    total = np.where(defined, values, 0) @ drawn.T
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def of_step(
    statistics: Statistics, before: Statistics | None, old: Sequence[str], taught: Sequence[str], drawn: np.ndarray
) -> Measured:
    """Return the mean IoU of classes known from the start and of those taught since, and how much the former fell.

    Each over the classes that have a true point, for draws (R, S) of the scenes: (3, R); NaN without a step before.
    """

    def mean_iou(of: Statistics, names: Sequence[str]) -> np.ndarray:
        return segmentation.miou_known(np.tensordot(drawn, of.confusion, 1), of.index(names))

    miou_old = mean_iou(statistics, old)
    found = {
        "miou_old": miou_old,
        "miou_novel": mean_iou(statistics, taught),
        "forgetting": np.full_like(miou_old, np.nan) if before is None else mean_iou(before, old) - miou_old,
    }
    return {name: np.stack([value] * 3) for name, value in found.items()}
