"""Normalised entropy."""

from __future__ import annotations

import numpy as np

from openworld3d.errors import UserError


def score(logits: np.ndarray) -> np.ndarray:
    """Return how evenly the probability is spread over the known classes.

    H(p) / log K with p = softmax(z). With d_k = z_top - z_k >= 0 and r = sum_{k != top} e^{-d_k},
    H(p) = log(1 + r) + sum_{k != top} d_k e^{-d_k} / (1 + r): a sum of positive terms, so that confident
    points keep their order down to the smallest float32, near 1e-45.
    One class alone has no entropy to normalise and is refused.
    logits (N, K) with K >= 2; returns (N,) float32 in 0..1, higher is more unknown.
    Source: Shannon, A Mathematical Theory of Communication, 1948; as a score, a common baseline.
    """
    classes = logits.shape[1]
    if classes < 2:
        raise UserError("score entropy: the outputs have one known class; it needs two or more")
    wide = logits.astype(np.float64)
    rows = np.arange(len(wide))
    top = wide.argmax(axis=1)
    below = wide[rows, top][:, None] - wide  # (N, K)
    weight = np.exp(-below)
    weight[rows, top] = 0
    rest = weight.sum(axis=1)  # (N,)
    entropy = np.log1p(rest) + (below * weight).sum(axis=1) / (1 + rest)
    return (entropy / np.log(classes)).astype(np.float32)
