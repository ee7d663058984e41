"""The ranking metrics of a method by unknown class, by known class and by scene.

Those by class follow from bins: `between` has the bounds of each.
"""

from __future__ import annotations

from typing import Any, Mapping, Sequence

import numpy as np

from openworld3d.metrics.histograms import Counts, histograms, of_all
from openworld3d.metrics.measures import EVERY_BIN, Evaluation
from openworld3d.metrics.ranking import RECALL, Ranking
from openworld3d.metrics.ranking_bounds import ranking_of_bins

SHOWN = ("aupr", "auroc", "fpr95")


def by_unknown(evaluation: Evaluation) -> dict[str, dict[str, Any]]:
    """Return how well each unknown class alone is ranked above all known classes."""
    pooled, tied, classes = all_scenes(evaluation)
    return {classes[index]: ranked(pooled, tied, [index], evaluation.ranked_known) for index in evaluation.unknown}


def by_known(evaluation: Evaluation) -> dict[str, dict[str, Any]]:
    """Return how well all unknown classes are ranked above each known class alone, and how much of it is flagged.

    `flagged` is the share of the class's points at or above the score that 95 % of all unknown points reach.
    """
    pooled, tied, classes = all_scenes(evaluation)
    found = {}
    for index in evaluation.ranked_known:
        counts, _ = histograms(pooled, [evaluation.unknown, [index]], 1, EVERY_BIN)
        unknown, alone = (count[0] for count in counts)
        row = ranked(pooled, tied, evaluation.unknown, [index])
        reached = np.cumsum(unknown) >= RECALL * unknown.sum()
        row["flagged"] = (
            float(alone[: reached.argmax() + 1].sum() / alone.sum()) if alone.sum() and reached.any() else None
        )
        found[classes[index]] = row
    return found


def by_scene(evaluation: Evaluation, exact: Mapping[str, Ranking]) -> dict[str, dict[str, Any]]:
    """Return the ranking metrics of each scene, NaN where it has no unknown or no known point.

    exact: of each scene its ranking by points, or of none.
    """
    points = evaluation.statistics.class_points()
    unknown = points[:, evaluation.unknown].sum(axis=1)
    rows = {}
    for number, (name, found) in enumerate(zip(evaluation.statistics.scenes.tolist(), evaluation.of_each_scene)):
        counts = {"points": int(points[number].sum()), "unknown_points": int(unknown[number])}
        of_points = vars(exact[name]) if name in exact else {metric: float(found[metric][1]) for metric in SHOWN}
        rows[name] = {**counts, **{metric: of_points[metric] for metric in SHOWN}}
    return rows


def all_scenes(evaluation: Evaluation) -> tuple[Counts, np.ndarray, list[str]]:
    """Return the points of all scenes by bin, the tied bins, and the names of the classes."""
    statistics = evaluation.statistics
    return of_all(statistics.score), statistics.ends.tied, statistics.classes.tolist()


def ranked(pooled: Counts, tied: np.ndarray, unknown: Sequence[int], known: Sequence[int]) -> dict[str, Any]:
    """Return the points and ranking metrics of some classes against others, over all scenes, and their bounds."""
    (positive, negative), is_tied = histograms(pooled, [unknown, known], 1, EVERY_BIN, tied)
    found = ranking_of_bins(positive[0], negative[0], is_tied)
    counts = {"unknown_points": int(positive.sum()), "known_points": int(negative.sum())}
    between = {metric: [float(found[metric][0]), float(found[metric][2])] for metric in SHOWN}
    return {**counts, **{metric: float(found[metric][1]) for metric in SHOWN}, "between": between}
