"""The ranking metrics of the points themselves, in place of values between bounds."""

from __future__ import annotations

from pathlib import Path
from typing import List, Sequence, Tuple

import numpy as np

from openworld3d.metrics.measures import STANDARD_PREVALENCE
from openworld3d.metrics.ranking import ranking
from openworld3d.scenes.manifests import Scenes
from openworld3d.scenes.scene import VOID, load_scene
from openworld3d.scoring.scored_scenes import scored_scenes

# Of each scene: score (N,) float32, and whether a point is unknown (N,) bool.
Parts = List[Tuple[np.ndarray, np.ndarray]]


class PointRanking:
    """How well a score ranks the points of some scenes: pooled, and scene by scene."""

    def __init__(self, parts: Parts) -> None:
        self.scores, self.unknown = [score for score, _ in parts], [unknown for _, unknown in parts]
        self.unknown_points = sum(int(unknown.sum()) for unknown in self.unknown)
        self.points = sum(map(len, self.unknown))
        self.pooled = ranking(self.scores, self.unknown)
        self.of_each_scene = [ranking(score, unknown) for score, unknown in parts]

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
        odds = STANDARD_PREVALENCE / (1 - STANDARD_PREVALENCE)
        weight = odds * (self.points - self.unknown_points) / self.unknown_points
        return weighted_aupr(self.scores, self.unknown, weight)


def weighted_aupr(scores: Sequence[np.ndarray], unknown: Sequence[np.ndarray], weight: float) -> float:
    """Return the average precision of points of which each unknown one counts `weight` times.

    The precision at a threshold is w tp / (w tp + fp); the steps in recall are those of unweighted points.
    """
    positive = np.sort(np.concatenate([score[each] for score, each in zip(scores, unknown)]))
    negative = np.sort(np.concatenate([score[~each] for score, each in zip(scores, unknown)]))
    threshold, first = np.unique(positive, return_index=True)  # (T,), ascending
    step = np.diff(first, append=len(positive))
    true = weight * (len(positive) - first)
    false = len(negative) - np.searchsorted(negative, threshold)
    return float(np.sum(step * (true / (true + false))) / len(positive))


def parts_of(scores: Sequence[Path], outputs: Sequence[Path], scenes: Scenes, unknown: Sequence[int]) -> Parts:
    """Return the score of each scene's points that are not void, and whether they are unknown.

    scores, outputs: manifests of all shards; unknown: indices in the dataset's classes.
    """
    parts = []
    for scored in scored_scenes(scores, outputs, scenes):
        label = load_scene(scored.file.path, scenes.classes).label
        parts.append((scored.score()[label != VOID], np.isin(label[label != VOID], unknown)))
    return parts
