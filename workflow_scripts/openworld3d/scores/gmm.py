r"""Density of a mixture with a Gaussian for each class.

Formula: -\log \sum_c \pi_c \, \mathcal{N}\!\left(f; \mu_c, \Sigma_c + r I\right)
Cost: O(C F^2) per row; the fit is a covariance per class.
When: classes differ in the shape of their features, and the sample has many more voxels of each than there are
features.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import logsumexp

from openworld3d.scores import Arrays, precision_of

READS: tuple[str, ...] = ("features",)
FITS: tuple[str, ...] = ("features", "target", "weight")
KEYS: dict[str, Any] = {
    "regularisation": {
        "description": "a number above 0, added to the variance along every direction; 0.000001 where it is left "
        "out, as in pytorch-ood",
        "type": "number",
        "exclusiveMinimum": 0,
        "default": 1e-6,
    },
}


def fit(sample: Arrays, *, regularisation: float) -> dict[str, Any]:
    """Return the mean (C, F) of each class that has a voxel, its whitening (C, F, F), and the log-density there (C,).

    The covariance is the mean of outer products, plus the regularisation times the identity; a class weighs what it
    has of the training voxels. sample: features (S, F), target (S,), weight (S,).
    """
    features, target, weight = sample["features"].astype(np.float64), sample["target"], sample["weight"]
    mean, whitening, peak = [], [], []
    for label in np.unique(target):
        own, counted = features[target == label], weight[target == label]
        mean.append(np.average(own, axis=0, weights=counted))
        covariance = np.cov(own, rowvar=False, bias=True, aweights=counted).reshape(2 * [features.shape[1]])
        value, vector = np.linalg.eigh(covariance)
        variance = np.maximum(value, 0) + regularisation
        whitening.append(vector / np.sqrt(variance))
        peak.append(np.log(counted.sum() / weight.sum()) - np.log(2 * np.pi * variance).sum() / 2)
    return {"mean": np.stack(mean), "whitening": np.stack(whitening), "peak": np.array(peak)}


def score(outputs: Arrays, *, mean: np.ndarray, whitening: np.ndarray, peak: np.ndarray) -> np.ndarray:
    """Return how improbable a feature is by Gaussians of the classes, each with a covariance of its own.

    -log sum_c pi_c N(f; mu_c, S_c + r I), mu_c and S_c the mean and the covariance of the training voxels of class c,
    pi_c their share of all, r = regularisation. Without the sum, the density of the nearest class, it differs
    by at most log C. Where a feature hardly varies within a class, r decides how far a point is. A class absent from
    the sample is left out.
    features (R, F); returns (R,), unbounded, higher is more unknown.
    Source: a classical baseline; the form of pytorch-ood.
    """
    features = outputs["features"].astype(np.float64)
    log_density = np.empty((len(features), len(peak)))
    for place in range(len(peak)):
        white = (features - mean[place]) @ whitening[place]  # (R, F)
        log_density[:, place] = peak[place] - np.einsum("rf,rf->r", white, white) / 2
    return -logsumexp(log_density, axis=1).astype(precision_of(outputs["features"]))
