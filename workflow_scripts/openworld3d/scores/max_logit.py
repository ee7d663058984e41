"""Maximum logit."""

from __future__ import annotations

from typing import Any

import numpy as np

from openworld3d.scores import Arrays

READS: tuple[str, ...] = ("logits",)
FITS: tuple[str, ...] = ()
KEYS: dict[str, Any] = {}


def score(outputs: Arrays) -> np.ndarray:
    """Return how small the largest logit is.

    -max_k z_k.
    logits (R, K) with K >= 1; returns (R,) float32, unbounded, higher is more unknown.
    Source: Hendrycks et al., Scaling Out-of-Distribution Detection for Real-World Settings, ICML 2022,
    arXiv 1911.11132.
    """
    return -outputs["logits"].max(axis=1).astype(np.float32)
