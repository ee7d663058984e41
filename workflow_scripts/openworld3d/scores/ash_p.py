r"""Free energy after each point's small activations are pruned: ASH-P.

Formula: -\log \sum_k e^{w_k \cdot g + b_k}, \quad g_i = f_i \text{ where } f_i \text{ is among the largest, else } 0
Cost: O(F K + F log F) per row, as the last layer is applied again; nothing is fitted.
When: you want to know how much of `ash` is due to pruning, and how much to scaling.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from openworld3d.scores import Arrays, energy, precision_of

READS: tuple[str, ...] = ("features",)
FITS: tuple[str, ...] = ("last_weight", "last_bias")
KEYS: dict[str, Any] = {
    "percentile": {
        "description": "a number in 0..100, the percentage of each point's activations that is dropped; 90 where it "
        "is left out, as in OpenOOD",
        "type": "number",
        "minimum": 0,
        "maximum": 100,
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
    """Return the free energy of a network whose last layer gets each point's largest activations alone.

    -log sum_k e^{z_k} with z = W g + b, W and b the last layer, and g_i = f_i where it is among the largest
    F - round(F percentile / 100), at least one, and 0 elsewhere; at 0 % it is `energy`. Of equal activations all are
    kept or none. It is `ash` without the scaling. By default OpenOOD runs ASH-B at 90 %, pytorch-ood ASH-S at 65 %.
    features (R, F); returns (R,), unbounded, higher is more unknown.
    Source: Djurisic et al., Extremely Simple Activation Shaping for Out-of-Distribution Detection, ICLR 2023,
    arXiv 2209.09858.
    """
    features = outputs["features"].astype(np.float64)
    least_kept = np.partition(features, dropped, axis=1)[:, dropped, None]  # (R, 1)
    logits = np.where(features >= least_kept, features, 0) @ last_weight.T + last_bias
    return energy.score({"logits": logits}, temperature=1.0).astype(precision_of(outputs["features"]))
