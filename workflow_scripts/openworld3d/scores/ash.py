"""Free energy after activation shaping: ASH-S."""

from __future__ import annotations

from typing import Any

import numpy as np

from openworld3d.scores import Arrays, energy

READS: tuple[str, ...] = ("features",)
FITS: tuple[str, ...] = ("last_weight", "last_bias")
# Up to 98, which keeps one of at most 75 activations: e^75 fits in float32, e^89 does not.
KEYS: dict[str, Any] = {
    "percentile": {
        "description": "a number in 0..98, the percentage of each point's activations that is dropped; 90 where it "
        "is left out, as in OpenOOD",
        "type": "number",
        "minimum": 0,
        "maximum": 98,
        "default": 90.0,
    },
}


def fit(sample: Arrays, *, percentile: float) -> dict[str, Any]:
    """Return how many activations are dropped, and the last layer; sample: last_weight (K, F), last_bias (K,).

    Nothing is estimated: the percentile is that of each point.
    """
    last_weight = sample["last_weight"]
    dropped = min(round(last_weight.shape[1] * percentile / 100), last_weight.shape[1] - 1)
    return {"dropped": dropped, "last_weight": last_weight, "last_bias": sample["last_bias"]}


def score(outputs: Arrays, *, dropped: int, last_weight: np.ndarray, last_bias: np.ndarray) -> np.ndarray:
    """Return the free energy of a network whose last layer gets each point's largest activations, scaled up.

    -log sum_k e^{z_k} with z = W g + b, W and b the last layer, and g_i = f_i e^{s / s'} where f_i is among the
    largest F - round(F percentile / 100), at least one, and 0 elsewhere; s is the sum of all activations, s' of those
    that are kept. Of equal activations all are kept or none. Where all are 0, z = b. For ASH-S the paper and OpenOOD
    take the percentile 90, while 65 is the paper's for its variant that makes the activations equal, ASH-B.
    features (R, F), not negative; returns (R,) float32, unbounded, higher is more unknown.
    Source: Djurisic et al., Extremely Simple Activation Shaping for Out-of-Distribution Detection, ICLR 2023,
    arXiv 2209.09858.
    """
    features = outputs["features"].astype(np.float64)
    least_kept = np.partition(features, dropped, axis=1)[:, dropped, None]  # (R, 1)
    kept = np.where(features >= least_kept, features, 0)
    total, total_kept = features.sum(axis=1, keepdims=True), kept.sum(axis=1, keepdims=True)  # (R, 1) each
    ratio = np.divide(total, total_kept, out=np.ones_like(total), where=total_kept > 0)
    return energy.score({"logits": kept * np.exp(ratio) @ last_weight.T + last_bias}, temperature=1.0)
