"""How sure a metric is: evaluation scenes are drawn anew, with replacement, and it is computed again.

Scenes and not points are drawn, since the points of a scene depend on one another (Efron and Tibshirani, An
Introduction to the Bootstrap, 1993: resample what is independent). The draws depend on the number of scenes alone, so
that two methods that are evaluated on the same scenes see the same draws, and their difference has an interval too.
"""

from __future__ import annotations

from typing import Callable

import numpy as np

from openworld3d.metrics.measures import Measured

SEED = 0
CONFIDENCE = 0.95
TOGETHER = 50


def draws(scenes: int, replicates: int) -> np.ndarray:
    """Return how often each replicate has each scene: (replicates, scenes) int64."""
    return np.random.default_rng(SEED).multinomial(scenes, np.full(scenes, 1 / scenes), replicates)


def replicate(measure: Callable[[np.ndarray], Measured], scenes: int, replicates: int) -> Measured:
    """Return each metric of many draws of the scenes, some draws at a time to bound memory: (3, replicates).

    All NaN where there is one scene, as its draws say nothing.
    """
    drawn = draws(scenes, replicates)
    parts = [measure(drawn[first : first + TOGETHER]) for first in range(0, replicates, TOGETHER)]
    found = {name: np.concatenate([part[name] for part in parts], axis=-1) for name in parts[0]}
    return found if scenes > 1 else {name: np.full_like(value, np.nan) for name, value in found.items()}


def interval(low: np.ndarray, high: np.ndarray) -> tuple[float, float]:
    """Return the percentile interval of replicates (R,) that are known to lie between two numbers each.

    Replicates in which the metric is not defined are left out; NaN where it is in none.
    """
    if np.isnan(low).all():
        return float("nan"), float("nan")
    tail = (1 - CONFIDENCE) / 2
    return float(np.nanquantile(low, tail)), float(np.nanquantile(high, 1 - tail))
