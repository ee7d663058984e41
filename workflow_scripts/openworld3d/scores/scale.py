r"""Free energy after each point's activations are scaled by how few of them are large: SCALE.

Formula: -\log \sum_k e^{w_k \cdot f \, e^{s / s'} + b_k}
Cost: O(F K + F log F) per row, as the last layer is applied again; nothing is fitted.
When: features follow a ReLU and are too few for `ash`, which drops most of them.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from openworld3d.scores import Arrays, energy, precision_of, require_positive

READS: tuple[str, ...] = ("features",)
FITS: tuple[str, ...] = ("last_weight", "last_bias")
# Up to 98, as for ASH: the factor is at most e^75 there, which float32 holds.
KEYS: dict[str, Any] = {
    "percentile": {
        "description": "a number in 0..98, the percentage of each point's activations that are not among the "
        "largest; 85 where it is left out, as in the paper and OpenOOD",
        "type": "number",
        "minimum": 0,
        "maximum": 98,
        "default": 85.0,
    },
}


def fit(sample: Arrays, *, percentile: float) -> dict[str, Any]:
    """Return how many activations are among the largest, and the last layer.

    sample: last_weight (K, F), last_bias (K,). Nothing is estimated: the percentile is that of each point.
    """
    features = sample["last_weight"].shape[1]
    largest = max(features - round(features * percentile / 100), 1)
    return {"largest": largest, "last_weight": sample["last_weight"], "last_bias": sample["last_bias"]}


def score(outputs: Arrays, *, largest: int, last_weight: np.ndarray, last_bias: np.ndarray) -> np.ndarray:
    """Return the free energy of a network whose last layer gets each point's activations, scaled up.

    -log sum_k e^{z_k} with z = W f e^{s / s'} + b, W and b the last layer, s the sum of all activations of the point,
    and s' of its F - round(F percentile / 100) largest, at least one: ASH-S without the pruning. Where all are 0,
    z = b. pytorch-ood takes the percentile 65.
    features (R, F), not negative; returns (R,), unbounded, higher is more unknown.
    Raises UserError where the largest activations of a point add up to no positive number, which takes negative ones.
    Source: Xu et al., Scaling for Training Time and Post-hoc Out-of-distribution Detection Enhancement, ICLR 2024,
    arXiv 2310.00227.
    """
    features = outputs["features"].astype(np.float64)
    top = np.partition(features, -largest, axis=1)[:, -largest:].sum(axis=1, keepdims=True)  # (R, 1)
    require_positive("scale", features, f"{largest} largest features", top)
    ratio = features.sum(axis=1, keepdims=True) / np.where(top > 0, top, 1)
    logits = features * np.exp(ratio) @ last_weight.T + last_bias
    return energy.score({"logits": logits}, temperature=1.0).astype(precision_of(outputs["features"]))
