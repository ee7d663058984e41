"""Maximum logit."""

from __future__ import annotations

import numpy as np


def score(logits: np.ndarray) -> np.ndarray:
    """Return how small the largest logit is.

    -max_k z_k.
    logits (N, K) with K >= 1; returns (N,) float32, unbounded, higher is more unknown.
    Source: Hendrycks et al., Scaling Out-of-Distribution Detection for Real-World Settings, ICML 2022,
    arXiv 1911.11132.
    """
    return -logits.max(axis=1).astype(np.float32)
