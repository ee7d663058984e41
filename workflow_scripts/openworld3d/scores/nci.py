r"""Angle between the centred feature and the weights of its class, and the feature's length: NCI.

Formula: -\frac{w_k \cdot (f - \mu)}{\lVert f - \mu \rVert} - \alpha \lVert f \rVert_1, \quad k = \arg\max_c z_c
Cost: O(F K) per row; the fit is one mean feature.
When: a network was trained long enough for features to align with the weights of their class.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from openworld3d.scores import Arrays, precision_of

READS: tuple[str, ...] = ("features",)
FITS: tuple[str, ...] = ("features", "weight", "last_weight", "last_bias")
KEYS: dict[str, Any] = {
    "alpha": {
        "description": "a number from 0, the weight of the feature's length; 0.0001 where it is left out, as in "
        "OpenOOD",
        "type": "number",
        "minimum": 0,
        "default": 0.0001,
    },
}


def fit(sample: Arrays, *, alpha: float) -> dict[str, Any]:
    """Return the mean feature (F,), the last layer, and alpha.

    sample: features (S, F), weight (S,), last_weight (K, F), last_bias (K,).
    """
    last_layer = {"last_weight": sample["last_weight"].astype(np.float64), "last_bias": sample["last_bias"]}
    mean = np.average(sample["features"].astype(np.float64), axis=0, weights=sample["weight"])
    return {"mean": mean, **last_layer, "alpha": alpha}


def score(
    outputs: Arrays, *, mean: np.ndarray, last_weight: np.ndarray, last_bias: np.ndarray, alpha: float
) -> np.ndarray:
    """Return how little a feature points where the weights of its class do, and how short it is.

    -w_k . (f - mu) / ||f - mu|| - alpha ||f||_1 with k = argmax_c (w_c . f + b_c), W and b the last layer, and
    mu = mean the mean of the training sample; the first term is 0 at f = mu. Where largest logits tie, the class in
    which the point is more unknown counts. The paper chooses alpha by dataset; pytorch-ood takes 0.
    features (R, F); returns (R,), unbounded, higher is more unknown.
    Source: Liu and Qin, Detecting Out-of-Distribution Through the Lens of Neural Collapse, CVPR 2025,
    arXiv 2311.01479.
    """
    features = outputs["features"].astype(np.float64)
    logits = features @ last_weight.T + last_bias
    wins = logits == logits.max(axis=1, keepdims=True)  # (R, K)
    centred = features - mean
    length = np.linalg.norm(centred, axis=1, keepdims=True)  # (R, 1)
    along = centred @ last_weight.T / np.where(length > 0, length, 1)
    known = np.where(wins, along, np.inf).min(axis=1) + alpha * np.abs(features).sum(axis=1)
    return -known.astype(precision_of(outputs["features"]))
