r"""Share of the feature within the principal space of the training features, times the maximum logit: NECO.

Formula: -\frac{\lVert P h \rVert}{\lVert h \rVert} \max_k z_k, \quad h = \frac{f - \mu}{\sigma}
Cost: O(F D) per row; the fit is a principal component analysis of the sample.
When: a network was trained long enough for known features to fill few directions; like `vim`, without a scale to fit.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from openworld3d.errors import UserError
from openworld3d.scores import Arrays, precision_of

READS: tuple[str, ...] = ("logits", "features")
FITS: tuple[str, ...] = ("logits", "features", "weight")
KEYS: dict[str, Any] = {
    "dimension": {
        "description": "how many principal directions are kept, a whole number from 1, or 0 for as many as classes; "
        "0 where it is left out",
        "type": "integer",
        "minimum": 0,
        "default": 0,
    },
}


def fit(sample: Arrays, *, dimension: int) -> dict[str, Any]:
    """Return what standardises a feature, (F,) each, and the first principal directions as columns, (F, D).

    D = dimension; where that is 0, as many as there are classes, near which the paper finds the best, or as features.
    sample: logits (S, K), features (S, F), weight (S,). A constant feature is centred alone. Raises UserError where D
    is above F.
    """
    features, weight = sample["features"].astype(np.float64), sample["weight"]
    most = features.shape[1]
    if dimension > most:
        raise UserError(
            f"score neco: dimension is {dimension}, expected at most the network's {most} features; correct it in "
            "the config"
        )
    above = features - features[0]  # so that the spread of a constant feature is exactly 0
    mean = np.average(above, axis=0, weights=weight)
    spread = np.sqrt(np.average((above - mean) ** 2, axis=0, weights=weight))
    spread[spread == 0] = 1
    mean += features[0]
    standard = (features - mean) / spread
    _, vector = np.linalg.eigh(standard.T @ (standard * weight[:, None]))  # from the smallest
    kept = dimension or min(sample["logits"].shape[1], most)
    return {"mean": mean, "spread": spread, "principal": vector[:, most - kept :]}


def score(outputs: Arrays, *, mean: np.ndarray, spread: np.ndarray, principal: np.ndarray) -> np.ndarray:
    """Return how much of a feature is outside of the principal space, and how small the largest logit is.

    -||P h|| / ||h|| max_k z_k with h = (f - mean) / spread, standardised by the training sample, and P on its first D
    principal directions; 0 at h = 0. The released code multiplies by the largest logit for all networks but ResNets.
    A logit of -inf never wins.
    logits (R, K) with K >= 1, features (R, F); returns (R,), unbounded, higher is more unknown.
    Source: Ben Ammar et al., NECO: NEural Collapse Based Out-of-distribution detection, ICLR 2024, arXiv 2310.06823.
    """
    standard = (outputs["features"].astype(np.float64) - mean) / spread
    length = np.linalg.norm(standard, axis=1)  # (R,)
    within = np.linalg.norm(standard @ principal, axis=1) / np.where(length > 0, length, 1)
    return (-within * outputs["logits"].max(axis=1)).astype(precision_of(outputs["logits"]))
