"""Smooth a score over a scene, since whole objects are unknown and the scores of single points are noisy."""

from __future__ import annotations

import numpy as np
from scipy.spatial import cKDTree


def mean_over_neighbors(score: np.ndarray, coord: np.ndarray, neighbors: int) -> np.ndarray:
    """Return the mean score of the rows nearest to each row, itself included: (R,) -> (R,) of the same precision.

    coord (R, 3) float32 in metres; the mean of all rows where there are fewer than `neighbors`. The 3D counterpart of
    the dilated smoothing of Jung et al., Standardized Max Logits, ICCV 2021, arXiv 2107.11264.
    """
    places = np.arange(1, max(1, min(neighbors, len(coord))) + 1)  # a list, so that one neighbour keeps its axis
    _, nearest = cKDTree(coord).query(coord, places)
    return score[nearest].mean(axis=1, dtype=np.float64).astype(score.dtype)  # (R, k) -> (R,)
