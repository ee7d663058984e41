"""Percentiles of the training activations."""

from __future__ import annotations

import numpy as np


def percentile_of(features: np.ndarray, weight: np.ndarray, percentile: float) -> float:
    """Return a percentile of all features (S, F), rows counted by weight (S,), between two values as numpy has it."""
    value, counted = features.ravel(), np.repeat(weight, features.shape[1])
    order = np.lexsort((counted, value))  # equal values by weight, or the answer would be that of numpy's sort
    value, counted = value[order], counted[order]
    below = counted.cumsum() - counted
    return float(np.interp(percentile / 100 * below[-1], below, value))
