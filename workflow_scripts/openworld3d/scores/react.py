r"""Free energy after the activations are clipped: ReAct.

Formula: -\log \sum_k e^{w_k \cdot \min(f, c) + b_k}
Cost: O(F K) per row; the fit is one percentile.
When: unknown points have a few very large activations, which make `energy` sure of them.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from openworld3d.scores import Arrays, energy, precision_of
from openworld3d.scores.parts.percentiles import percentile_of

READS: tuple[str, ...] = ("features",)
FITS: tuple[str, ...] = ("features", "weight", "last_weight", "last_bias")
KEYS: dict[str, Any] = {
    "percentile": {
        "description": "a number in 0..100, the percentile of the training activations above which others are "
        "clipped; 90 where it is left out, as in the paper",
        "type": "number",
        "minimum": 0,
        "maximum": 100,
        "default": 90.0,
    },
}


def fit(sample: Arrays, *, percentile: float) -> dict[str, Any]:
    """Return the ceiling of activations, and the last layer.

    sample: features (S, F), weight (S,), last_weight (K, F), last_bias (K,).
    """
    ceiling = percentile_of(sample["features"].astype(np.float64), sample["weight"], percentile)
    return {"ceiling": ceiling, "last_weight": sample["last_weight"], "last_bias": sample["last_bias"]}


def score(outputs: Arrays, *, ceiling: float, last_weight: np.ndarray, last_bias: np.ndarray) -> np.ndarray:
    """Return the free energy of a network whose last layer gets no activation above what is usual in training.

    -log sum_k e^{z_k} with z = W min(f, c) + b, W and b the last layer, and c = ceiling the percentile of all
    activations of the training sample, zeros included; the paper takes the 90th.
    features (R, F); returns (R,), unbounded, higher is more unknown.
    Source: Sun, Guo and Li, ReAct: Out-of-distribution Detection With Rectified Activations, NeurIPS 2021,
    arXiv 2111.12797.
    """
    clipped = np.minimum(outputs["features"].astype(np.float64), ceiling)
    logits = clipped @ last_weight.T + last_bias
    return energy.score({"logits": logits}, temperature=1.0).astype(precision_of(outputs["features"]))
