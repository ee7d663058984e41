r"""Maximum softmax probability, adjusted by how confident the network is of each class.

Formula: \min_k \left(1 - p_k + c_k - \min_j c_j\right), \quad p = \mathrm{softmax}(z)
Cost: O(K) per row; the fit is one mean per class.
When: `adjusted_entropy` would fit, but the winning class alone should count.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from openworld3d.scores import Arrays, precision_of, require_two_classes
from openworld3d.scores.parts.class_confidence import class_confidence

READS: tuple[str, ...] = ("logits",)
FITS: tuple[str, ...] = ("logits", "target", "weight")
KEYS: dict[str, Any] = {}


def fit(sample: Arrays) -> dict[str, Any]:
    """Return the handicap of each class: how far its confidence is above that of the least confident class.

    sample: logits (S, K) with K >= 2, target (S,), weight (S,). Raises UserError for one class alone, whose
    probability is 1 everywhere.
    """
    require_two_classes("adjusted_msp", sample["logits"])
    confidence = class_confidence(sample["logits"], sample["target"], sample["weight"])
    return {"handicap": confidence - confidence.min()}


def score(outputs: Arrays, *, handicap: np.ndarray) -> np.ndarray:
    """Return how much probability the winning class leaves to the others, relative to its usual confidence.

    min_k (1 - p_k + c_k - min_j c_j) with p = softmax(z), c_k the mean of p_k over the training voxels of class k,
    and handicap_k = c_k - min_j c_j. It ranks as cleanlab's `least_confidence`, max_k (p_k - c_k + max_j c_j) /
    sum_k (p_k - c_k + max_j c_j), whose denominator is 1 - sum_k c_k + K max_j c_j everywhere. Confident points of
    the class with the least c_k keep their order; those of another tie once 1 - p_k is below the resolution of
    float32 at c_k - min_j c_j. A class absent from the sample has c_k = 2 and never wins. A logit of -inf is a class
    of probability 0.
    logits (R, K); returns (R,), in 0..1, higher is more unknown.
    Source: Tkachenko, Mueller and Northcutt, A Simple Adjustment Improves Out-of-Distribution Detection for Any
    Classifier, Cleanlab 2022.
    """
    return (complement(outputs["logits"]) + handicap).min(axis=1).astype(precision_of(outputs["logits"]))


def complement(logits: np.ndarray) -> np.ndarray:
    """Return 1 - softmax, (R, K) float64, that of the winning class as the sum of the others, which is above 0."""
    wide = logits.astype(np.float64)
    rows, top = np.arange(len(wide)), wide.argmax(axis=1)
    weight = np.exp(wide - wide[rows, top][:, None])  # (R, K)
    weight[rows, top] = 0
    rest = weight.sum(axis=1)  # (R,)
    left = 1 + rest[:, None] - weight
    left[rows, top] = rest
    return left / (1 + rest[:, None])
