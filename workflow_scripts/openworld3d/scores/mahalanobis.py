r"""Mahalanobis distance to the nearest class.

Formula: \min_c \, (f - \mu_c)^\top \Sigma^{-1} (f - \mu_c)
Cost: O(C F + F^2) per row; the fit is one mean per class and one covariance.
When: unknown points are far from all classes in features, like other objects in another place; it misses near ones.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from openworld3d.scores import Arrays, precision_of
from openworld3d.scores.parts.gaussians import Gaussians, fit_gaussians, squared_distance

READS: tuple[str, ...] = ("features",)
FITS: tuple[str, ...] = ("features", "target", "weight")
KEYS: dict[str, Any] = {}


def fit(sample: Arrays) -> dict[str, Any]:
    """Return the Gaussians of the classes; sample: features (S, F), target (S,), weight (S,)."""
    return {"classes": fit_gaussians(sample["features"], sample["target"], sample["weight"])}


def score(outputs: Arrays, *, classes: Gaussians) -> np.ndarray:
    """Return how far a feature is from the mean of the nearest class, by the covariance that the classes share.

    min_c (f - mu_c)^T S^-1 (f - mu_c), mu_c the mean of the training voxels of class c and S their covariance about
    it, pooled over the classes; shrunk, as the paper's is not, so that features that never vary have a finite
    distance. The paper's input noise, made for images of one object, is left out, and so is a class absent from the
    sample.
    features (R, F); returns (R,), not negative, higher is more unknown.
    Source: Lee et al., A Simple Unified Framework for Detecting Out-of-Distribution Samples and Adversarial Attacks,
    NeurIPS 2018, arXiv 1807.03888; the shrinkage: `openworld3d.scores.parts.gaussians`.
    """
    return squared_distance(outputs["features"], classes).astype(precision_of(outputs["features"]))
