"""How confident a network is of its prediction."""

from __future__ import annotations

import numpy as np

LOWEST = np.finfo(np.float64).min


def log_odds_of_error(logits: np.ndarray) -> np.ndarray:
    """Return the log-odds that the predicted class is wrong: logits (R, K), K >= 2 -> (R,) float32 or float64.

    log sum_{k != top} e^{z_k} - z_top, which resolves what 1 - max_k p_k rounds to zero.
    """
    others = logits.astype(np.float64)
    rows = np.arange(len(others))
    top = others.argmax(axis=1)
    largest = others[rows, top]
    others[rows, top] = -np.inf
    second = np.maximum(others.max(axis=1), LOWEST)  # not -inf, since -inf minus -inf is NaN
    sum_others = np.exp(others - second[:, None]).sum(axis=1)  # (R,)
    with np.errstate(divide="ignore"):
        return (second + np.log(sum_others) - largest).astype(np.result_type(logits, np.float32))


def max_probability(logits: np.ndarray) -> np.ndarray:
    """Return max_k p_k with p = softmax(z) in float32, as papers round it: logits (R, K) -> (R,) float32."""
    logits = logits.astype(np.result_type(logits, np.float32))
    with np.errstate(over="ignore"):  # of float64 logits that lie farther apart than float32 holds
        below = (logits - logits.max(axis=1, keepdims=True)).astype(np.float32)
    return 1 / np.exp(below).sum(axis=1)
