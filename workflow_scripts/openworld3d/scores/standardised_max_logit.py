"""Maximum logit, standardised by class."""

from __future__ import annotations

from functools import partial
from typing import Mapping

import numpy as np

from openworld3d.scoring.apply import Arrays, Score

READS: tuple[str, ...] = ("logits",)
FITS: tuple[str, ...] = ("logits", "weight")
OPTIONS: dict[str, float] = {}


def fit(sample: Arrays) -> Score:
    """Fit how small the largest logit is, by the measure of the class that it predicts.

    -(max_k z_k - mu_k*) / sigma_k* with k* = argmax_k z_k, and mu_k, sigma_k the mean and the standard deviation of
    the largest logit over the training voxels that are predicted k, whatever they are; each voxel of the sample
    counts `weight` times. A class that is never predicted, or always with the same logit, has those of all voxels;
    where all have the same logit, sigma is 1. Of equal largest logits the class counts in which the point is more
    unknown. The smoothing of the paper is the key `neighbors` of every score. A logit of -inf never wins.
    sample: logits (S, K), weight (S,). The score: logits (R, K) with K >= 1 -> (R,) float32, unbounded, higher is
    more unknown.
    Source: Jung et al., Standardized Max Logits: A Simple yet Effective Approach for Identifying Unexpected Road
    Obstacles in Urban-Scene Segmentation, ICCV 2021, arXiv 2107.11264.
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
    return partial(standardised, mean=means, spread=spreads)


def moments(value: np.ndarray, weight: np.ndarray) -> tuple[float, float]:
    """Return the weighted mean and standard deviation, the latter 0 exactly where all values (S,) are equal."""
    above = value - value[0]
    mean = np.average(above, weights=weight)
    return value[0] + mean, np.sqrt(np.average((above - mean) ** 2, weights=weight))


def standardised(outputs: Mapping[str, np.ndarray], *, mean: np.ndarray, spread: np.ndarray) -> np.ndarray:
    """Return the score (R,) float32 by the mean and spread (K,) of each class."""
    logits = outputs["logits"].astype(np.float64)
    wins = logits == logits.max(axis=1, keepdims=True)  # (R, K)
    return np.where(wins, (mean - logits) / spread, -np.inf).max(axis=1).astype(np.float32)
