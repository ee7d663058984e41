r"""Probability of the unknown after the largest logits are recalibrated by extreme values: OpenMax.

Formula: v - \log \sum_k e^{z_k (1 - a_k w_k)}, \quad v = \sum_k z_k \, a_k w_k
Cost: O(K^2) per row; the fit is a Weibull distribution per class.
When: you want the classical open-set baseline.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.optimize import brentq
from scipy.spatial.distance import cdist
from scipy.special import logsumexp

from openworld3d.errors import UserError
from openworld3d.scores import Arrays, precision_of, require_two_classes

READS: tuple[str, ...] = ("logits",)
FITS: tuple[str, ...] = ("logits", "target", "weight")
KEYS: dict[str, Any] = {
    "tail": {
        "description": "how many of the largest distances of each class the extreme values are fitted on, a whole "
        "number from 2; 20 where it is left out, as in OpenOOD",
        "type": "integer",
        "minimum": 2,
        "default": 20,
    },
    "alpha": {
        "description": "how many of the largest logits are recalibrated, a whole number from 1; 3 where it is left "
        "out, as in OpenOOD",
        "type": "integer",
        "minimum": 1,
        "default": 3,
    },
}
SHIFT = 10000.0  # of distances before the fit, as in libmr


def fit(sample: Arrays, *, tail: int, alpha: int) -> dict[str, Any]:
    """Return for each class the mean logits (K, K) of its voxels that are predicted right, and three numbers of it.

    sample: logits (S, K) with K >= 2, target (S,), weight (S,). The numbers (K, 3) are those of `fit_tail`, NaN for a
    class with fewer than two different distances. Raises UserError for one class alone and for logits of -inf.
    """
    logits, target = sample["logits"].astype(np.float64), sample["target"]
    require_two_classes("openmax", logits)
    require_finite(logits)
    classes = logits.shape[1]
    centre, extreme = np.zeros((classes, classes)), np.full((classes, 3), np.nan)
    for label in range(classes):
        rows = (target == label) & (logits.argmax(axis=1) == label)
        own = logits[rows]
        if len(own):
            centre[label] = np.average(own, axis=0, weights=sample["weight"][rows])
        distance = np.sort(np.linalg.norm(own - centre[label], axis=1))[-tail:]
        if len(np.unique(distance)) > 1:
            extreme[label] = fit_tail(distance)
    return {"centre": centre, "extreme": extreme, "alpha": min(alpha, classes)}


def score(outputs: Arrays, *, centre: np.ndarray, extreme: np.ndarray, alpha: int) -> np.ndarray:
    """Return the log-odds of the unknown, to which each of the largest logits gives more the farther its class is.

    v - log sum_k e^{z_k (1 - a_k w_k)} with v = sum_k z_k a_k w_k, which ranks as the probability of the unknown in
    the softmax over both and does not round to 0. w_k is the Weibull probability that a distance to the mean logits
    of class k is below the point's, and a_k = (alpha + 1 - r) / alpha for the r-th largest logit, r <= alpha, else 0;
    of equal logits each has the mean of theirs. A class without a fit has w = 1. The distance is Euclidean, as in
    OpenOOD and pytorch-ood; the latter takes a tail of 25 and alpha 10, and fits all labelled voxels, not only those
    predicted right. A negative logit lowers v, by the formula.
    logits (R, K) with K >= 2; returns (R,), unbounded, higher is more unknown.
    Raises UserError for a logit of -inf, which has no distance.
    Source: Bendale and Boult, Towards Open Set Deep Networks, CVPR 2016, arXiv 1511.06233.
    """
    logits = outputs["logits"].astype(np.float64)
    require_finite(logits)
    recalibrated = rank_weight(logits, alpha) * below(cdist(logits, centre), extreme)  # (R, K)
    unknown = (logits * recalibrated).sum(axis=1)
    return (unknown - logsumexp(logits * (1 - recalibrated), axis=1)).astype(precision_of(outputs["logits"]))


def require_finite(logits: np.ndarray) -> None:
    """Raise UserError where a logit is -inf."""
    if np.isneginf(logits).any():
        raise UserError(
            "score openmax: a logit is -inf, that of an impossible class, expected finite ones, whose distances are "
            "taken; take another score for this run"
        )


def fit_tail(distance: np.ndarray) -> tuple[float, float, float]:
    """Return the least of some distances (T,), and log scale and shape of the Weibull distribution that they suggest.

    The most likely one of t = distance - least + 10000, as in libmr: its shape c solves
    sum t^c log t / sum t^c - 1 / c = mean log t.
    """
    log = np.log1p((distance - distance.min()) / SHIFT)
    below_top = log - log.max()  # so that t^c does not overflow

    def excess(shape: float) -> float:
        power = np.exp(shape * below_top)
        return float((power * below_top).sum() / power.sum() - 1 / shape - below_top.mean())

    lowest, highest = 0.01 / below_top.std(), 100 / below_top.std()
    while excess(highest) < 0:
        highest *= 2
    shape = brentq(excess, lowest, highest)
    log_scale = np.log(SHIFT) + log.max() + np.log(np.exp(shape * below_top).mean()) / shape
    return float(distance.min()), float(log_scale), float(shape)


def below(distance: np.ndarray, extreme: np.ndarray) -> np.ndarray:
    """Return the probability that a distance of each class is below those given, 1 where it has no fit: (R, K)."""
    least, log_scale, shape = extreme.T
    with np.errstate(divide="ignore", over="ignore"):
        log = np.log(np.maximum(distance - least + SHIFT, 0))
        probability = -np.expm1(-np.exp(shape * (log - log_scale)))
    return np.where(np.isnan(shape), 1, probability)


def rank_weight(logits: np.ndarray, alpha: int) -> np.ndarray:
    """Return how much each logit is recalibrated by its rank: (R, K)."""
    ranked = np.sort(logits, axis=1)[:, ::-1]
    weight = np.zeros_like(logits)
    for rank in range(alpha):
        equal = logits == ranked[:, rank, None]
        weight += (alpha - rank) / alpha * equal / equal.sum(axis=1, keepdims=True)
    return weight
