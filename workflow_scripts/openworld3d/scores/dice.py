r"""Free energy with only those of the last layer's weights that contribute most: DICE.

Formula: -\log \sum_k e^{v_k \cdot f + b_k}, \quad V_{kj} = W_{kj} \text{ where } W_{kj} \bar f_j \text{ is above the
percentile, else } 0
Cost: O(F K) per row; the fit is one mean feature.
When: `energy` is misled by many weak features that add up.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from openworld3d.scores import Arrays, energy, precision_of

READS: tuple[str, ...] = ("features",)
FITS: tuple[str, ...] = ("features", "weight", "last_weight", "last_bias")
KEYS: dict[str, Any] = {
    "percentile": {
        "description": "a number from 0 to below 100, the percentage of the last layer's weights that is dropped; 90 "
        "where it is left out, as in OpenOOD",
        "type": "number",
        "minimum": 0,
        "exclusiveMaximum": 100,
        "default": 90.0,
    },
}


def fit(sample: Arrays, *, percentile: float) -> dict[str, Any]:
    """Return the last layer, its weights 0 where they are dropped.

    sample: features (S, F), weight (S,), last_weight (K, F), last_bias (K,).
    """
    last_weight = sample["last_weight"].astype(np.float64)
    mean = np.average(sample["features"].astype(np.float64), axis=0, weights=sample["weight"])
    contribution = mean * last_weight  # (K, F)
    kept = contribution > np.percentile(contribution, percentile)
    return {"kept_weight": np.where(kept, last_weight, 0), "last_bias": sample["last_bias"]}


def score(outputs: Arrays, *, kept_weight: np.ndarray, last_bias: np.ndarray) -> np.ndarray:
    """Return the free energy of a network whose last layer is sparse.

    -log sum_k e^{z_k} with z = V f + b and V = kept_weight: the entry W_kj of the last layer where its contribution
    W_kj mean(f_j), over the training sample, is above the percentile of all K F contributions, and 0 elsewhere.
    pytorch-ood has no default percentile.
    features (R, F); returns (R,), unbounded, higher is more unknown.
    Source: Sun and Li, DICE: Leveraging Sparsification for Out-of-Distribution Detection, ECCV 2022,
    arXiv 2111.09805.
    """
    logits = outputs["features"].astype(np.float64) @ kept_weight.T + last_bias
    return energy.score({"logits": logits}, temperature=1.0).astype(precision_of(outputs["features"]))
