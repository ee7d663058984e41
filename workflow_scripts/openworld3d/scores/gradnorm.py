r"""Size of the gradient that would make the classes equally probable: GradNorm.

Formula: -\left\lVert p - \tfrac{1}{K} \right\rVert_1 \lVert f \rVert_1, \quad p = \mathrm{softmax}(z)
Cost: O(K + F) per row; nothing is fitted.
When: the length of features separates known points from unknown ones, and you do not want to draw a sample.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import softmax

from openworld3d.scores import Arrays, precision_of, require_two_classes

READS: tuple[str, ...] = ("logits", "features")
FITS: tuple[str, ...] = ()
KEYS: dict[str, Any] = {}


def score(outputs: Arrays) -> np.ndarray:
    """Return how small the gradient is of the cross-entropy to equal probabilities, by the last layer's weights.

    -||p - 1/K||_1 ||f||_1 with p = softmax(z): the closed form of -||d L / d W||_1 for z = W f + b and
    L = -1/K sum_k log p_k. OpenOOD and the paper's code sum over the classes, which is K times as much and ranks
    alike. A logit of -inf is a class of probability 0.
    logits (R, K) with K >= 2, features (R, F); returns (R,), not positive, higher is more unknown.
    Raises UserError for one class alone, whose gradient is 0 everywhere.
    Source: Huang, Geng and Li, On the Importance of Gradients for Detecting Distributional Shifts in the Wild,
    NeurIPS 2021, arXiv 2110.00218, which takes the last layer too.
    """
    require_two_classes("gradnorm", outputs["logits"])
    probability = softmax(outputs["logits"].astype(np.float64), axis=1)
    uneven = np.abs(probability - 1 / probability.shape[1]).sum(axis=1)
    length = np.abs(outputs["features"].astype(np.float64)).sum(axis=1)
    return (-uneven * length).astype(precision_of(outputs["logits"]))
