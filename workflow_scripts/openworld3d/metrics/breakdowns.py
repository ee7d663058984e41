"""What lies behind a method's metrics: each unknown class, each known class, each scene."""

from __future__ import annotations

from typing import Any, Sequence

import numpy as np

from openworld3d.metrics.histograms import Counts, histograms, of_all
from openworld3d.metrics.measures import EVERY_BIN, Measures
from openworld3d.metrics.ranking import RECALL
from openworld3d.metrics.ranking_bounds import ranking_of_bins

SHOWN = ("aupr", "auroc", "fpr95")


def by_unknown(measures: Measures) -> dict[str, dict[str, Any]]:
    """Return, for each unknown class, how well it alone is ranked above all known classes."""
    pooled, classes = of_all(measures.statistics.score), measures.statistics.classes.tolist()
    return {classes[index]: ranked(pooled, [index], measures.known) for index in measures.unknown}


def by_known(measures: Measures) -> dict[str, dict[str, Any]]:
    """Return, for each known class, how well the unknown is ranked above it alone, and what is taken for unknown.

    `flagged` is the share of the class's points at or above the score that 95 % of all unknown points reach.
    """
    pooled, classes = of_all(measures.statistics.score), measures.statistics.classes.tolist()
    found = {}
    for index in measures.known:
        unknown, alone = (counts[0] for counts in histograms(pooled, [measures.unknown, [index]], 1, EVERY_BIN))
        row = ranked(pooled, measures.unknown, [index])
        reached = np.cumsum(unknown) >= RECALL * unknown.sum()
        row["flagged"] = (
            float(alone[: reached.argmax() + 1].sum() / alone.sum()) if alone.sum() and reached.any() else None
        )
        found[classes[index]] = row
    return found


def by_scene(measures: Measures) -> dict[str, dict[str, Any]]:
    """Return the ranking metrics of each scene, None where it has no unknown or no known point."""
    points = measures.statistics.class_points()
    rows = {}
    for number, (name, found) in enumerate(zip(measures.statistics.scenes.tolist(), measures.of_each_scene)):
        counts = {"points": int(points[number].sum()), "unknown_points": int(points[number, measures.unknown].sum())}
        rows[name] = {**counts, **{metric: float(found[metric][1]) for metric in SHOWN}}
    return rows


def ranked(pooled: Counts, unknown: Sequence[int], known: Sequence[int]) -> dict[str, Any]:
    """Return points and ranking metrics of some classes against others, over all scenes."""
    positive, negative = histograms(pooled, [unknown, known], 1, EVERY_BIN)
    found = ranking_of_bins(positive[0], negative[0])
    counts = {"unknown_points": int(positive.sum()), "known_points": int(negative.sum())}
    return {**counts, **{metric: float(found[metric][1]) for metric in SHOWN}}
