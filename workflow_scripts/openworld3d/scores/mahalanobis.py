"""Mahalanobis distance to the nearest class."""

from __future__ import annotations

from functools import partial
from typing import Mapping

import numpy as np

from openworld3d.scores.parts.gaussians import Gaussians, fit_gaussians, squared_distance
from openworld3d.scoring.apply import Arrays, Score

READS: tuple[str, ...] = ("features",)
FITS: tuple[str, ...] = ("features", "target")
OPTIONS: dict[str, float] = {}


def fit(sample: Arrays) -> Score:
    """Fit how far a feature is from the mean of the nearest class, by the covariance that the classes share.

    min_c (f - mu_c)^T S^-1 (f - mu_c), mu_c the mean of the training voxels of class c and S their covariance about
    it, all classes alike; shrunk, as the paper's is not, so that features that never vary have a finite distance. The
    paper's input noise, made for images of one object, is left out. A class absent from the sample is left out too.
    sample: features (S, F), target (S,). The score: features (R, F) -> (R,) float32, not negative, higher is more
    unknown.
    Source: Lee et al., A Simple Unified Framework for Detecting Out-of-Distribution Samples and Adversarial Attacks,
    NeurIPS 2018, arXiv 1807.03888; the shrinkage: `openworld3d.scores.parts.gaussians`.
    """
    return partial(distance, classes=fit_gaussians(sample["features"], sample["target"]))


def distance(outputs: Mapping[str, np.ndarray], *, classes: Gaussians) -> np.ndarray:
    """Return the squared distance to the nearest class, (R,) float32."""
    return squared_distance(outputs["features"], classes).astype(np.float32)
