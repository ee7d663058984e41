r"""Maximum logit, standardised by range.

Formula: -\frac{\max_k z_k - \mu_b}{\sigma_b}, \quad b \text{ the bin of the range}
Cost: O(K) per row; the fit is a mean and a deviation per bin.
When: scans are of one LiDAR, and far points are uncertain whatever they are.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from openworld3d.scores import Arrays, precision_of
from openworld3d.scores.standardised_max_logit import moments

READS: tuple[str, ...] = ("logits", "range")
FITS: tuple[str, ...] = ("logits", "range", "weight")
KEYS: dict[str, Any] = {
    "bins": {
        "description": "how many bins the range has, with as many training voxels each, a whole number from 1; 10 "
        "where it is left out",
        "type": "integer",
        "minimum": 1,
        "default": 10,
    },
}


def fit(sample: Arrays, *, bins: int) -> dict[str, Any]:
    """Return the bins' inner edges in metres (B - 1,), and mean and deviation (B,) of the largest logit in each.

    sample: logits (S, K), range (S, 1) in metres, weight (S,), how often each voxel counts. A bin without voxels, or
    whose voxels have all the same logit, has those of all voxels; where all have the same logit, the standard
    deviation is 1.
    """
    distance, weight = sample["range"][:, 0], sample["weight"]
    largest = sample["logits"].max(axis=1).astype(np.float64)
    order = np.argsort(distance, kind="stable")
    share = np.cumsum(weight[order], dtype=np.float64) / weight.sum(dtype=np.float64)
    edges = distance[order][np.searchsorted(share, np.arange(1, bins) / bins)]
    mean, spread = moments(largest, weight)
    means, spreads = np.full(bins, mean), np.full(bins, spread or 1)
    of_bin = np.searchsorted(edges, distance)
    for place in np.unique(of_bin):
        mean, spread = moments(largest[of_bin == place], weight[of_bin == place])
        if spread > 0:
            means[place], spreads[place] = mean, spread
    return {"edges": edges, "mean": means, "spread": spreads}


def score(outputs: Arrays, *, edges: np.ndarray, mean: np.ndarray, spread: np.ndarray) -> np.ndarray:
    """Return how small the largest logit is, standardised by how far from the sensor the point is.

    -(max_k z_k - mu_b) / sigma_b, b the bin that the point's range falls into, mu_b and sigma_b the mean and the
    standard deviation of the largest logit over the training voxels there. Logits shrink where returns are sparse,
    whether or not a point is known. A logit of -inf never wins.
    logits (R, K) with K >= 1, range (R, 1) in metres; returns (R,), unbounded, higher is more unknown.
    Source: this project, since no paper was found; the range in the place of the class of Standardized Max Logits
    (Jung et al., ICCV 2021, arXiv 2107.11264).
    """
    of_bin = np.searchsorted(edges, outputs["range"][:, 0])  # (R,)
    largest = outputs["logits"].max(axis=1).astype(np.float64)
    return ((mean[of_bin] - largest) / spread[of_bin]).astype(precision_of(outputs["logits"]))
