"""A mixture of two Gaussians in one dimension, for environments without scikit-learn."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

# scikit-learn's defaults, with which PDF's released code fits.
MOST_STEPS = 100
TOLERANCE = 1e-3  # of the mean log-likelihood
LEAST_VARIANCE = 1e-6  # added to every variance


class Mixture(NamedTuple):
    """Share, mean and variance of the two components, (2,) float64 each; the second has no lower mean."""

    share: np.ndarray
    mean: np.ndarray
    variance: np.ndarray


def fit_mixture(value: np.ndarray) -> Mixture:
    """Fit a mixture by expectation maximisation: (n,) -> its two components, n >= 1.

    Starts from the two clusters with the least squared distance to their means, so that nothing is drawn. Of values
    that are all equal, both components are the same, with half of the points and a variance of 1e-6.
    """
    value = value.astype(np.float64)
    if np.ptp(value) == 0:
        return Mixture(np.full(2, 0.5), np.full(2, value[0]), np.full(2, LEAST_VARIANCE))
    mixture = maximise(value, two_clusters(value))
    likelihood = -np.inf
    for _ in range(MOST_STEPS):
        before = likelihood
        log_joint = log_densities(value, mixture)
        log_density = np.logaddexp(*log_joint)  # (n,)
        likelihood = log_density.mean()
        mixture = maximise(value, np.exp(log_joint - log_density))
        if abs(likelihood - before) < TOLERANCE:
            break
    order = np.argsort(mixture.mean, kind="stable")
    return Mixture(*(part[order] for part in mixture))


def two_clusters(value: np.ndarray) -> np.ndarray:
    """Return the best two clusters, which are intervals: (n,), not all equal -> (2, n) float64, 0 or 1."""
    ordered = np.sort(value)
    size = np.arange(1, len(value))
    total = np.cumsum(ordered - ordered.mean())[:-1]  # of the lower cluster; the upper's is its negative
    between = total**2 / size + total**2 / size[::-1]
    upper = value > ordered[:-1][between.argmax()]
    return np.stack([~upper, upper]).astype(np.float64)


def log_densities(value: np.ndarray, mixture: Mixture) -> np.ndarray:
    """Return log(share_k N(x; mean_k, variance_k)), (n,) -> (2, n)."""
    share, mean, variance = (part[:, None] for part in mixture)
    return np.log(share) - 0.5 * (np.log(2 * np.pi * variance) + (value - mean) ** 2 / variance)


def maximise(value: np.ndarray, responsibility: np.ndarray) -> Mixture:
    """Return the mixture that fits the values (n,) best, given which component each is of, (2, n)."""
    count = responsibility.sum(axis=1) + 10 * np.finfo(np.float64).eps
    mean = responsibility @ value / count
    variance = (responsibility * (value - mean[:, None]) ** 2).sum(axis=1) / count
    return Mixture(count / count.sum(), mean, variance + LEAST_VARIANCE)
