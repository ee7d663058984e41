"""Free energy."""

from __future__ import annotations

import numpy as np


def score(logits: np.ndarray) -> np.ndarray:
    """Return the free energy of the logits at temperature 1.

    -log sum_k e^{z_k}.
    logits (N, K) with K >= 1; returns (N,) float32, unbounded, higher is more unknown.
    Source: Liu et al., Energy-based Out-of-distribution Detection, NeurIPS 2020, arXiv 2010.03759.
    """
    wide = logits.astype(np.float64)
    largest = wide.max(axis=1, keepdims=True)  # (N, 1)
    log_sum = largest[:, 0] + np.log(np.exp(wide - largest).sum(axis=1))  # (N,)
    return (-log_sum).astype(np.float32)
