"""From which score on a point is taken for unknown, chosen where nothing is unknown."""

from __future__ import annotations

import numpy as np

KNOWN_KEPT = 0.95


def known_threshold(score: np.ndarray, weight: np.ndarray) -> float:
    """Return the lowest score that at least 95 % of the known training voxels do not exceed.

    score (S,) float32 of a sample of them; weight (S,), how many voxels each stands for.
    """
    order = np.argsort(score, kind="stable")
    share = np.cumsum(weight[order], dtype=np.float64) / weight.sum(dtype=np.float64)
    return float(score[order[np.searchsorted(share, KNOWN_KEPT)]])
