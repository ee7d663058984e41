r"""Inner product with the typical features of the predicted class: simplified Hopfield energy, SHE.

Formula: -f \cdot S_{k^*}, \quad k^* = \arg\max_k z_k
Cost: O(F + K) per row; the fit is one mean feature per class.
When: you want to use features at the price of one product.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from openworld3d.errors import UserError
from openworld3d.scores import Arrays, precision_of

READS: tuple[str, ...] = ("logits", "features")
FITS: tuple[str, ...] = ("logits", "features", "target", "weight")
KEYS: dict[str, Any] = {}


def fit(sample: Arrays) -> dict[str, Any]:
    """Return the mean features (K, F) of each class's voxels that are predicted right, and which classes have any.

    sample: logits (S, K), features (S, F), target (S,), weight (S,). Raises UserError where no voxel is predicted
    right.
    """
    classes = sample["logits"].shape[1]
    right = sample["logits"].argmax(axis=1) == sample["target"]
    features, target, weight = (sample[name][right] for name in ("features", "target", "weight"))
    if not len(target):
        raise UserError("score she: no voxel of the training sample is predicted right; train this run for longer")
    pattern = np.zeros((classes, features.shape[1]))
    for label in np.unique(target):
        own = target == label
        pattern[label] = np.average(features[own].astype(np.float64), axis=0, weights=weight[own])
    return {"pattern": pattern, "found": np.bincount(target, minlength=classes) > 0}


def score(outputs: Arrays, *, pattern: np.ndarray, found: np.ndarray) -> np.ndarray:
    """Return how little a feature agrees with those of its class that the network got right.

    -f . S_k* with S_k = pattern[k] the mean feature of the training voxels of class k that are predicted k, and
    k* = argmax_k z_k over the classes that have such voxels (found); pytorch-ood fails where one has none. The inner
    product is the paper's measure, and the default of OpenOOD. Where largest logits tie, the class in which the
    point is more unknown counts. A logit of -inf never wins.
    logits (R, K) with K >= 1, features (R, F); returns (R,), unbounded, higher is more unknown.
    Source: Zhang et al., Out-of-Distribution Detection based on In-Distribution Data Patterns Memorization with
    Modern Hopfield Energy, ICLR 2023.
    """
    features, logits = outputs["features"].astype(np.float64), np.where(found, outputs["logits"], -np.inf)
    wins = logits == logits.max(axis=1, keepdims=True)  # (R, K)
    return np.where(wins, -features @ pattern.T, -np.inf).max(axis=1).astype(precision_of(outputs["features"]))
