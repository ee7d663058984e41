"""Percentiles of the training activations."""

from __future__ import annotations

import numpy as np


def percentile_of(features: np.ndarray, weight: np.ndarray, percentile: float) -> float:
    """Return a percentile of all features (S, F), rows counted by weight (S,), between two values as numpy has it."""
    order = features.argsort(axis=None)
    value, counted = features.ravel()[order], np.repeat(weight, features.shape[1])[order]
    below = counted.cumsum() - counted
    return float(np.interp(percentile / 100 * below[-1], below, value))
