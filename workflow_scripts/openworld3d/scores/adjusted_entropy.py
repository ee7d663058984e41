r"""Normalised entropy, adjusted by how confident the network is of each class.

Formula: \frac{H(q) - \min H}{\log K}, \quad q_k \propto p_k - c_k + \max_j c_j, \quad p = \mathrm{softmax}(z)
Cost: O(K) per row; the fit is one mean per class.
When: some classes, such as rare or thin ones, are never predicted with much confidence, and plain entropy marks all
of them.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import entr, softmax

from openworld3d.scores import Arrays, precision_of, require_two_classes
from openworld3d.scores.parts.class_confidence import class_confidence

READS: tuple[str, ...] = ("logits",)
FITS: tuple[str, ...] = ("logits", "target", "weight")
KEYS: dict[str, Any] = {}


def fit(sample: Arrays) -> dict[str, Any]:
    """Return the shift of each class, and the least entropy of shifted probabilities.

    sample: logits (S, K) with K >= 2, target (S,), weight (S,). Raises UserError for one class alone, whose entropy
    cannot be normalised.
    """
    require_two_classes("adjusted_entropy", sample["logits"])
    confidence = class_confidence(sample["logits"], sample["target"], sample["weight"])
    shift = confidence.max() - confidence
    return {"shift": shift, "least": adjusted_entropy(np.eye(len(shift)), shift).min()}


def score(outputs: Arrays, *, shift: np.ndarray, least: float) -> np.ndarray:
    """Return how evenly the probability is spread over the known classes, each relative to its usual confidence.

    (H(q) - h) / log K with q_k = (p_k - c_k + max_j c_j) / sum_k (p_k - c_k + max_j c_j), p = softmax(z), c_k the
    mean of p_k over the training voxels of class k, shift_k = max_j c_j - c_k, and h = least the smallest H(q), which
    some class has where its probability is 1. The more the c_k differ, the more even is every q: h is subtracted so
    that float32 resolves what is left. cleanlab's `entropy` is 1 - H(q) / log K.
    A class absent from the sample has c_k = 2, as in cleanlab. A logit of -inf is a class of probability 0.
    logits (R, K); returns (R,), in 0..1 to 1e-15, higher is more unknown.
    Source: Tkachenko, Mueller and Northcutt, A Simple Adjustment Improves Out-of-Distribution Detection for Any
    Classifier, Cleanlab 2022.
    """
    probability = softmax(outputs["logits"].astype(np.float64), axis=1)
    return (adjusted_entropy(probability, shift) - least).astype(precision_of(outputs["logits"]))


def adjusted_entropy(probability: np.ndarray, shift: np.ndarray) -> np.ndarray:
    """Return the normalised entropy (R,) of probabilities (R, K) shifted by class (K,) and normalised."""
    adjusted = (probability + shift) / (1 + shift.sum())
    return entr(adjusted).sum(axis=1) / np.log(len(shift))
