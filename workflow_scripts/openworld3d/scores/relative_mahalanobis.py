"""Mahalanobis distance to the nearest class, less that to all training voxels."""

from __future__ import annotations

from functools import partial
from typing import Mapping

import numpy as np

from openworld3d.errors import UserError
from openworld3d.scores.parts.gaussians import Gaussians, fit_gaussians, squared_distance
from openworld3d.scoring.apply import Arrays, Score

READS: tuple[str, ...] = ("features",)
FITS: tuple[str, ...] = ("features", "target")
OPTIONS: dict[str, float] = {}


def fit(sample: Arrays) -> Score:
    """Fit how much further a feature is from the nearest class than from the training voxels as a whole.

    min_c M_c(f) - M_0(f): M_c is the score `mahalanobis` of class c, and M_0(f) = (f - mu)^T S_0^-1 (f - mu) of all
    voxels of the sample, their mean and their covariance, shrunk as well. Directions in which classes do not differ
    cancel. A class absent from the sample is left out.
    sample: features (S, F), target (S,). The score: features (R, F) -> (R,) float32, unbounded, higher is more
    unknown. Raises UserError where the sample has one class alone, since both distances are the same.
    Source: Ren et al., A Simple Fix to Mahalanobis Distance for Improving Near-OOD Detection, 2021, arXiv 2106.09022.
    """
    features, target = sample["features"], sample["target"]
    if len(np.unique(target)) < 2:
        raise UserError("score relative_mahalanobis: the training sample has one known class; it needs two or more")
    whole = fit_gaussians(features, np.zeros_like(target))
    return partial(difference, classes=fit_gaussians(features, target), whole=whole)


def difference(outputs: Mapping[str, np.ndarray], *, classes: Gaussians, whole: Gaussians) -> np.ndarray:
    """Return the squared distance to the nearest class less that to the whole, (R,) float32."""
    features = outputs["features"]
    return (squared_distance(features, classes) - squared_distance(features, whole)).astype(np.float32)
