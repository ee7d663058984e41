r"""Maximum logit.

Formula: -\max_k z_k
Cost: O(K) per row; nothing is fitted.
When: inference may keep only one number per point: as cheap as `msp`, and better in its paper if classes are many.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from openworld3d.scores import Arrays, precision_of

READS: tuple[str, ...] = ("logits",)
FITS: tuple[str, ...] = ()
KEYS: dict[str, Any] = {}


def score(outputs: Arrays) -> np.ndarray:
    """Return how small the largest logit is.

    -max_k z_k.
    logits (R, K) with K >= 1; returns (R,), unbounded, higher is more unknown.
    Source: Hendrycks et al., Scaling Out-of-Distribution Detection for Real-World Settings, ICML 2022,
    arXiv 1911.11132.
    """
    logits = outputs["logits"]
    return -logits.max(axis=1).astype(precision_of(logits))
