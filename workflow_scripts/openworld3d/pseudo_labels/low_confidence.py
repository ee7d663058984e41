"""The pseudo labels of the memory-cell prototype that PDF grew out of: whatever is unsure, point by point."""

from __future__ import annotations

import numpy as np

from openworld3d.networks.confidence import max_probability


def low_confidence_mask(logits: np.ndarray, threshold: float) -> np.ndarray:
    """Return which points have max_k softmax(z)_k below the threshold, 0.7 in the prototype: (N, K) -> (N,) bool.

    An untrained network is as unsure of every point, so this is for a network that has learned the known classes.
    """
    return max_probability(logits) < threshold
