r"""Distance to the decision boundaries: fDBD.

Formula: -\frac{1}{K - 1} \sum_{c \ne k} \frac{z_k - z_c}{\lVert w_k - w_c \rVert} \Big/ \lVert f - \mu \rVert, \quad
k = \arg\max_c z_c
Cost: O((F + K) K) per row; the fit is one mean feature.
When: you want to use features, and have neither time nor memory for a bank of them.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.spatial.distance import cdist

from openworld3d.errors import UserError
from openworld3d.scores import Arrays, precision_of

READS: tuple[str, ...] = ("features",)
FITS: tuple[str, ...] = ("features", "weight", "last_weight", "last_bias")
KEYS: dict[str, Any] = {}
LEAST = 1e-8  # distance to the mean, as in pytorch-ood


def fit(sample: Arrays) -> dict[str, Any]:
    """Return the mean feature (F,), the last layer, and 1 / ||w_k - w_c|| of each two classes, (K, K).

    0 for equal weights. sample: features (S, F), weight (S,), last_weight (K, F), last_bias (K,). Raises UserError
    for one class alone, which has no boundary.
    """
    last_weight = sample["last_weight"].astype(np.float64)
    if len(last_weight) < 2:
        raise UserError(
            "score fdbd: the training sample has one known class, expected two or more; take another score"
        )
    apart = cdist(last_weight, last_weight)
    inverse = np.divide(1, apart, out=np.zeros_like(apart), where=apart > 0)
    mean = np.average(sample["features"].astype(np.float64), axis=0, weights=sample["weight"])
    return {"mean": mean, "inverse": inverse, "last_weight": last_weight, "last_bias": sample["last_bias"]}


def score(
    outputs: Arrays, *, mean: np.ndarray, inverse: np.ndarray, last_weight: np.ndarray, last_bias: np.ndarray
) -> np.ndarray:
    """Return how near a feature is to the boundaries of its class, relative to its distance to the mean feature.

    -sum_{c != k} (z_k - z_c) / ||w_k - w_c|| / ((K - 1) ||f - mu||) with z = W f + b, W and b the last layer,
    k = argmax z, and mu = mean the mean of the training sample. Where largest logits tie, the class in which the
    point is more unknown counts; two classes of equal weights have no boundary. As in the paper and pytorch-ood;
    OpenOOD leaves K - 1 out, which ranks alike, and may divide by ||f||.
    features (R, F); returns (R,), not positive, higher is more unknown.
    Source: Liu and Qin, Fast Decision Boundary based Out-of-Distribution Detector, ICML 2024, arXiv 2312.11536.
    """
    features = outputs["features"].astype(np.float64)
    logits = features @ last_weight.T + last_bias
    wins = logits == logits.max(axis=1, keepdims=True)  # (R, K)
    distance = np.where(wins, logits * inverse.sum(axis=1) - logits @ inverse, np.inf).min(axis=1)
    from_mean = np.maximum(np.linalg.norm(features - mean, axis=1), LEAST)
    return (-distance / ((len(inverse) - 1) * from_mean)).astype(precision_of(outputs["features"]))
