r"""Normalised entropy.

Formula: \frac{-\sum_k p_k \log p_k}{\log K}, \quad p = \mathrm{softmax}(z)
Cost: O(K) per row; nothing is fitted.
When: doubt may be spread over many classes; the usual score of averaged passes and networks.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from openworld3d.scores import Arrays, precision_of, require_two_classes

READS: tuple[str, ...] = ("logits",)
FITS: tuple[str, ...] = ()
KEYS: dict[str, Any] = {}


def score(outputs: Arrays) -> np.ndarray:
    """Return how evenly the probability is spread over the known classes.

    H(p) / log K with p = softmax(z). With d_k = z_top - z_k >= 0 and r = sum_{k != top} e^{-d_k},
    H(p) = log(1 + r) + sum_{k != top} d_k e^{-d_k} / (1 + r): a sum of positive terms, so that confident
    points keep their order down to the smallest float32, near 1e-45. A class whose logit is -inf adds nothing to
    H(p) and counts in K.
    logits (R, K) with K >= 2; returns (R,) in 0..1, higher is more unknown.
    Raises UserError for one class alone, whose entropy cannot be normalised.
    Source: Shannon, A Mathematical Theory of Communication, 1948; as a score, a common baseline.
    """
    logits = outputs["logits"]
    require_two_classes("entropy", logits)
    wide = logits.astype(np.float64)
    rows = np.arange(len(wide))
    top = wide.argmax(axis=1)
    below = wide[rows, top][:, None] - wide  # (R, K)
    weight = np.exp(-below)
    weight[rows, top] = 0
    rest = weight.sum(axis=1)  # (R,)
    term = np.multiply(below, weight, out=np.zeros_like(below), where=weight > 0)  # not inf times 0
    entropy = np.log1p(rest) + term.sum(axis=1) / (1 + rest)
    return (entropy / np.log(logits.shape[1])).astype(precision_of(logits))
