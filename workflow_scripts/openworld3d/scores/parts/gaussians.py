"""Gaussians that share a covariance, fitted on features, and the distance to the nearest."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.spatial.distance import cdist
from sklearn.covariance import LedoitWolf


class Gaussians(NamedTuple):
    """`whitening` (F, F), which turns their covariance into the identity, and their whitened means (C, F)."""

    whitening: np.ndarray
    mean: np.ndarray


def fit_gaussians(features: np.ndarray, target: np.ndarray, weight: np.ndarray) -> Gaussians:
    """Return one Gaussian for each class that has a voxel; features (S, F), target (S,), weight (S,).

    The covariance of all voxels about the mean of their class is shrunk towards a multiple of the identity, so that
    it has an inverse even where a feature is constant.
    Source: Ledoit and Wolf, A well-conditioned estimator for large-dimensional covariance matrices, Journal of
    Multivariate Analysis 2004.
    """
    features = features.astype(np.float64)
    classes, index = np.unique(target, return_inverse=True)
    of_class = [target == label for label in classes]
    mean = np.stack([np.average(features[rows], axis=0, weights=weight[rows]) for rows in of_class])  # (C, F)
    # A voxel times the root of its weight counts that often in the covariance, and in how uncertain that is.
    around = (features - mean[index]) * np.sqrt(weight / weight.mean())[:, None]
    precision = LedoitWolf(assume_centered=True).fit(around).precision_
    value, vector = np.linalg.eigh(precision)
    whitening = vector * np.sqrt(np.maximum(value, 0))
    return Gaussians(whitening, mean @ whitening)


def squared_distance(features: np.ndarray, gaussians: Gaussians) -> np.ndarray:
    """Return the squared Mahalanobis distance of features (R, F) to the nearest mean, (R,) float64."""
    white = features.astype(np.float64) @ gaussians.whitening
    return cdist(white, gaussians.mean, "sqeuclidean").min(axis=1)  # (R, C) -> (R,)
