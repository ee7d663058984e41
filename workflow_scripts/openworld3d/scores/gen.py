r"""Generalised entropy.

Formula: \sum_{m \le M} p_{(m)}^\gamma \left(1 - p_{(m)}\right)^\gamma, \quad p = \mathrm{softmax}(z)
Cost: O(K log K) per row; nothing is fitted.
When: only logits are available: like `entropy`, with more weight on small probabilities.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from openworld3d.scores import Arrays, precision_of, require_two_classes

READS: tuple[str, ...] = ("logits",)
FITS: tuple[str, ...] = ()
KEYS: dict[str, Any] = {
    "gamma": {
        "description": "a number above 0; 0.1 where it is left out, as in the paper",
        "type": "number",
        "exclusiveMinimum": 0,
        "default": 0.1,
    },
    "top": {
        "description": "how many of the largest probabilities count, a whole number from 1, or 0 for all; 0 where it "
        "is left out",
        "type": "integer",
        "minimum": 0,
        "default": 0,
    },
}


def score(outputs: Arrays, *, gamma: float, top: int) -> np.ndarray:
    """Return the generalised entropy of the largest probabilities.

    sum_{m <= M} p_(m)^gamma (1 - p_(m))^gamma with p = softmax(z), the largest first; gamma > 0, in the paper 0.1.
    M = top, and all K where top is 0 or above K; the paper takes 100 of ImageNet's 1000 classes. 1 - p_(1) is the sum
    of the other probabilities, so that confident points keep their order. A logit of -inf adds nothing.
    logits (R, K) with K >= 2; returns (R,) in 0..K, higher is more unknown.
    Raises UserError for one class alone, whose probability is 1 everywhere.
    Source: Liu et al., GEN: Pushing the Limits of Softmax-Based Out-of-Distribution Detection, CVPR 2023.
    """
    logits = outputs["logits"]
    require_two_classes("gen", logits)
    wide = logits.astype(np.float64)
    weight = np.sort(np.exp(wide - wide.max(axis=1, keepdims=True)), axis=1)[:, ::-1]  # (R, K), from 1 downwards
    rest = weight[:, 1:].sum(axis=1, keepdims=True)  # (R, 1)
    complement = np.concatenate([rest, 1 + rest - weight[:, 1:]], axis=1)  # (R, K)
    product = weight * complement / (1 + rest) ** 2
    return (product[:, : top or None] ** gamma).sum(axis=1).astype(precision_of(logits))
