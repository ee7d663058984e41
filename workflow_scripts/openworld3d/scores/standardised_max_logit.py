r"""Maximum logit, standardised by class.

Formula: -\frac{\max_k z_k - \mu_{k^*}}{\sigma_{k^*}}, \quad k^* = \arg\max_k z_k
Cost: O(K) per row; the fit is a mean and a deviation per class.
When: logits differ in size between classes; with `neighbors` it is smoothed, which corrects single points.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from openworld3d.scores import Arrays, precision_of

READS: tuple[str, ...] = ("logits",)
FITS: tuple[str, ...] = ("logits", "weight")
KEYS: dict[str, Any] = {}


def fit(sample: Arrays) -> dict[str, Any]:
    """Return the mean and the standard deviation (K,) of the largest logit over the voxels predicted as each class.

    sample: logits (S, K), weight (S,), how often each voxel counts. A class that is never predicted, or always with
    the same logit, has those of all voxels; where all have the same logit, the standard deviation is 1.
    """
    logits, weight = sample["logits"].astype(np.float64), sample["weight"]
    largest, predicted = logits.max(axis=1), logits.argmax(axis=1)
    mean, spread = moments(largest, weight)
    means = np.full(logits.shape[1], mean)
    spreads = np.full(logits.shape[1], spread or 1)
    for label in np.unique(predicted):
        mean, spread = moments(largest[predicted == label], weight[predicted == label])
        if spread > 0:
            means[label], spreads[label] = mean, spread
    return {"mean": means, "spread": spreads}


def score(outputs: Arrays, *, mean: np.ndarray, spread: np.ndarray) -> np.ndarray:
    """Return how small the largest logit is, standardised by the class that it predicts.

    -(max_k z_k - mu_k*) / sigma_k* with k* = argmax_k z_k, and mu_k, sigma_k the mean and the standard deviation of
    the largest logit over the training voxels that are predicted k, whatever their class. Where largest logits tie,
    the class in which the point is more unknown counts. The smoothing of the paper is the key `neighbors` of every
    score; its iterative suppression of boundaries between predicted classes, made for the grid of an image, is left
    out.
    A logit of -inf never wins.
    logits (R, K) with K >= 1; returns (R,), unbounded, higher is more unknown.
    Source: Jung et al., Standardized Max Logits: A Simple yet Effective Approach for Identifying Unexpected Road
    Obstacles in Urban-Scene Segmentation, ICCV 2021, arXiv 2107.11264.
    """
    logits = outputs["logits"].astype(np.float64)
    wins = logits == logits.max(axis=1, keepdims=True)  # (R, K)
    return np.where(wins, (mean - logits) / spread, -np.inf).max(axis=1).astype(precision_of(outputs["logits"]))


def moments(value: np.ndarray, weight: np.ndarray) -> tuple[float, float]:
    """Return the weighted mean and standard deviation, the latter exactly 0 where all values (S,) are equal."""
    above = value - value[0]
    mean = np.average(above, weights=weight)
    return value[0] + mean, np.sqrt(np.average((above - mean) ** 2, weights=weight))
