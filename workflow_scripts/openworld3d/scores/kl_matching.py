r"""Divergence from the nearest typical distribution over the classes: KL matching.

Formula: \min_c \sum_k p_k \log \frac{p_k}{d_{ck}}, \quad p = \mathrm{softmax}(z)
Cost: O(K^2) per row; the fit is one mean distribution per class.
When: known classes are confused in typical ways, and only other confusions should count.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import entr, softmax

from openworld3d.scores import Arrays, precision_of, require_two_classes

READS: tuple[str, ...] = ("logits",)
FITS: tuple[str, ...] = ("logits", "weight")
KEYS: dict[str, Any] = {}
LEAST = float(np.finfo(np.float64).tiny)  # replaces a typical probability of 0, which has no logarithm


def fit(sample: Arrays) -> dict[str, Any]:
    """Return the mean probabilities (C, K) of the voxels predicted as each class that is predicted.

    sample: logits (S, K) with K >= 2, weight (S,), how often each voxel counts. A class that is never predicted is
    left out as in pytorch-ood; OpenOOD has 1 for it and 0 for all others. Raises UserError for one class alone, whose
    probability is 1 everywhere.
    """
    require_two_classes("kl_matching", sample["logits"])
    probability = softmax(sample["logits"].astype(np.float64), axis=1)
    predicted = sample["logits"].argmax(axis=1)
    typical = [
        np.average(probability[predicted == label], axis=0, weights=sample["weight"][predicted == label])
        for label in np.unique(predicted)
    ]
    return {"typical": np.stack(typical)}


def score(outputs: Arrays, *, typical: np.ndarray) -> np.ndarray:
    """Return how far the probabilities are from what is typical of the class to which they are nearest.

    min_c sum_k p_k log(p_k / d_ck) with p = softmax(z) and d_c = typical[c] the mean of p over the training voxels
    that are predicted c, whatever their class. A probability of 0, as that of a logit of -inf, adds nothing; a d_ck
    of 0 counts as 2e-308. A point that is surer than is typical has not 0, but at most -log d_cc.
    logits (R, K) with K >= 2; returns (R,), not negative, higher is more unknown.
    Source: Hendrycks et al., Scaling Out-of-Distribution Detection for Real-World Settings, ICML 2022,
    arXiv 1911.11132.
    """
    probability = softmax(outputs["logits"].astype(np.float64), axis=1)
    cross_entropy = probability @ -np.log(np.maximum(typical, LEAST)).T  # (R, C)
    divergence = cross_entropy.min(axis=1) - entr(probability).sum(axis=1)
    return np.maximum(divergence, 0).astype(precision_of(outputs["logits"]))
