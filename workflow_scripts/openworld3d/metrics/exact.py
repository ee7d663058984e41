"""The ranking metrics from the points themselves, in place of values between bounds."""

from __future__ import annotations

import math
from typing import List, Sequence, Tuple

import numpy as np

from openworld3d.metrics.measures import STANDARD_PREVALENCE
from openworld3d.metrics.ranking import ranking

POOLED = ("aupr", "aupr_trapezoid", "auroc", "fpr95", "fpr95_strict")
# Of each scene: score (N,) float32, and whether a point is unknown (N,) bool.
Parts = List[Tuple[np.ndarray, np.ndarray]]


def exact_metrics(parts: Parts) -> dict[str, float]:
    """Return the metrics of all points together, and the means over the scenes in which they are defined."""
    scores, unknown = [score for score, _ in parts], [each for _, each in parts]
    pooled = ranking(scores, unknown)
    found = {name: getattr(pooled, name) for name in POOLED}
    positives, points = sum(int(each.sum()) for each in unknown), sum(map(len, unknown))
    if not 0 < positives < points:
        return {**found, **dict.fromkeys(("lift", "aupr_standard", "aupr_scenes", "auroc_scenes"), math.nan)}
    found["lift"] = found["aupr"] * points / positives
    weight = STANDARD_PREVALENCE / (1 - STANDARD_PREVALENCE) * (points - positives) / positives
    found["aupr_standard"] = weighted_aupr(scores, unknown, weight)
    of_scenes = [ranking(score, each) for score, each in parts]
    for name in ("aupr", "auroc"):
        found[f"{name}_scenes"] = float(np.nanmean([getattr(of_scene, name) for of_scene in of_scenes]))
    return found


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
