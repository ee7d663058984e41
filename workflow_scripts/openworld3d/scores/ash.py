r"""Free energy after activation shaping: ASH-S, or ASH-B.

Formula: -\log \sum_k e^{w_k \cdot g + b_k}, \quad g_i = f_i \, e^{s / s'} \text{ where } f_i \text{ is among the
largest, else } 0
Cost: O(F K + F log F) per row, as the last layer is applied again; nothing is fitted.
When: features come from a ReLU and are many; of the 48 of a small network, little is left.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from openworld3d.scores import Arrays, energy, precision_of, require_positive

READS: tuple[str, ...] = ("features",)
FITS: tuple[str, ...] = ("last_weight", "last_bias")
# Up to 98, which keeps one of at most 75 activations: e^75 fits in float32, e^89 does not.
KEYS: dict[str, Any] = {
    "percentile": {
        "description": "a number in 0..98, the percentage of each point's activations that is dropped; 90 where it "
        "is left out, as in the paper for ASH-S, and in OpenOOD for ASH-B",
        "type": "number",
        "minimum": 0,
        "maximum": 98,
        "default": 90.0,
    },
    "binary": {
        "description": "0 for ASH-S, or 1 for ASH-B; 0 where it is left out",
        "type": "integer",
        "minimum": 0,
        "maximum": 1,
        "default": 0,
    },
}


def fit(sample: Arrays, *, percentile: float, binary: int) -> dict[str, Any]:
    """Return how many activations are dropped, the shape of the rest, and the last layer.

    sample: last_weight (K, F), last_bias (K,). Nothing is estimated: the percentile is that of each point.
    """
    last_weight = sample["last_weight"]
    dropped = min(round(last_weight.shape[1] * percentile / 100), last_weight.shape[1] - 1)
    last_layer = {"last_weight": last_weight, "last_bias": sample["last_bias"]}
    return {"dropped": dropped, "binary": bool(binary), **last_layer}


def score(
    outputs: Arrays, *, dropped: int, binary: bool, last_weight: np.ndarray, last_bias: np.ndarray
) -> np.ndarray:
    """Return the free energy of a network whose last layer gets each point's largest activations, shaped.

    -log sum_k e^{z_k} with z = W g + b, W and b the last layer. The largest F - round(F percentile / 100)
    activations, at least one, are kept, and g_i is 0 elsewhere; of equal ones all are kept or none. s is the sum of
    all activations, s' of those that are kept, n how many these are. ASH-S: g_i = f_i e^{s / s'}; where all are 0,
    z = b. ASH-B: g_i = s / n. The paper takes the percentile 90 for ASH-S and 65 for ASH-B. OpenOOD's
    `ash` is ASH-B, by default with 90, of the 65 to 95 that it tries.
    features (R, F), not negative; returns (R,), unbounded, higher is more unknown.
    Raises UserError where the kept activations of a point (ASH-S), or all of them (ASH-B), add up to no positive
    number, which takes negative ones.
    Source: Djurisic et al., Extremely Simple Activation Shaping for Out-of-Distribution Detection, ICLR 2023,
    arXiv 2209.09858.
    """
    features = outputs["features"].astype(np.float64)
    kept = features >= np.partition(features, dropped, axis=1)[:, dropped, None]  # (R, F)
    total = features.sum(axis=1, keepdims=True)  # (R, 1)
    largest = features * kept
    total_kept = largest.sum(axis=1, keepdims=True)
    if binary:
        require_positive("ash", features, "features", total)
    else:
        require_positive("ash", features, "largest features", total_kept)
    if binary:
        shaped = kept * (total / kept.sum(axis=1, keepdims=True))
    else:
        ratio = np.divide(total, total_kept, out=np.ones_like(total), where=total_kept > 0)
        shaped = largest * np.exp(ratio)
    return energy.score({"logits": shaped @ last_weight.T + last_bias}, temperature=1.0).astype(
        precision_of(outputs["features"])
    )
