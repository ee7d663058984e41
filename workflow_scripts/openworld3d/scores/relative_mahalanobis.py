r"""Mahalanobis distance to the nearest class, less that to all training voxels.

Formula: \min_c \, (f - \mu_c)^\top \Sigma^{-1} (f - \mu_c) - (f - \mu)^\top \Sigma_0^{-1} (f - \mu)
Cost: O(C F + F^2) per row; the fit is one mean per class and two covariances.
When: `mahalanobis` would fit, but unknown points are much like known ones.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from openworld3d.errors import UserError
from openworld3d.scores import Arrays, precision_of
from openworld3d.scores.parts.gaussians import Gaussians, fit_gaussians, squared_distance

READS: tuple[str, ...] = ("features",)
FITS: tuple[str, ...] = ("features", "target", "weight")
KEYS: dict[str, Any] = {}


def fit(sample: Arrays) -> dict[str, Any]:
    """Return the Gaussians of the classes, and one Gaussian of all voxels.

    sample: features (S, F), target (S,), weight (S,). Raises UserError where it has one class alone, since both
    distances are the same.
    """
    features, target, weight = sample["features"], sample["target"], sample["weight"]
    if len(np.unique(target)) < 2:
        raise UserError(
            "score relative_mahalanobis: the training sample has one known class, expected two or more; take another "
            "score"
        )
    whole = fit_gaussians(features, np.zeros_like(target), weight)
    return {"classes": fit_gaussians(features, target, weight), "whole": whole}


def score(outputs: Arrays, *, classes: Gaussians, whole: Gaussians) -> np.ndarray:
    """Return how much further a feature is from the nearest class than from the training voxels as a whole.

    min_c M_c(f) - M_0(f): M_c is the score `mahalanobis` of class c, and M_0(f) = (f - mu)^T S_0^-1 (f - mu) of all
    voxels of the sample, their mean and their covariance, shrunk as well. Directions in which classes do not differ
    cancel. A class absent from the sample is left out.
    features (R, F); returns (R,), unbounded, higher is more unknown.
    Source: Ren et al., A Simple Fix to Mahalanobis Distance for Improving Near-OOD Detection, 2021, arXiv 2106.09022.
    """
    features = outputs["features"]
    return (squared_distance(features, classes) - squared_distance(features, whole)).astype(
        precision_of(outputs["features"])
    )
