"""Maximum softmax probability."""

from __future__ import annotations

import numpy as np

from openworld3d.errors import UserError


def score(logits: np.ndarray) -> np.ndarray:
    """Return how likely it is, in log-odds, that the winning class is wrong.

    log sum_{k != top} e^{z_k} - z_top, which grows with 1 - max_k p_k and so ranks points alike, but does
    not round to zero where a network is confident. Of equal top logits exactly one counts as top.
    One class alone has no odds and is refused.
    logits (N, K) with K >= 2; returns (N,) float32, unbounded, higher is more unknown.
    Source: Hendrycks and Gimpel, A Baseline for Detecting Misclassified and Out-of-Distribution Examples in
    Neural Networks, ICLR 2017, arXiv 1610.02136.
    """
    if logits.shape[1] < 2:
        raise UserError("score msp: the outputs have one known class; it needs two or more")
    others = logits.astype(np.float64)
    rows = np.arange(len(others))
    top = others.argmax(axis=1)
    largest = others[rows, top]
    others[rows, top] = -np.inf
    second = others.max(axis=1)
    sum_others = np.exp(others - second[:, None]).sum(axis=1)  # (N,)
    return (second + np.log(sum_others) - largest).astype(np.float32)
