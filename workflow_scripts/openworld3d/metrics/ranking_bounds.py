"""Ranking metrics of points of which only the bins are known: a value, and an interval that contains the exact one.

Of P positives and N negatives, bin b holds p and n;
above it lie tp0 and fp0, with it tp and fp. Whatever the order of a bin's points, and whichever of them are tied, the
exact metric lies between two sums over the bins:

- auroc: a positive is above the negatives below its bin, and at most above those of its bin too.
- aupr: the j-th positive of a bin counts with tp0 + j' positives and fp0 + n' negatives, where j <= j' <= p and
  0 <= n' <= n. Its precision is most for j' = p and n' = 0, tp / (tp + fp0), and least for j' = j and n' = n. The
  least ones add up to p - fp (1 / (c + 1) + ... + 1 / (c + p)) with c = tp0 + fp, and the sum in brackets is at most
  log((c + p + 1/2) / (c + 1/2)), as 1/x is convex.
- aupr_trapezoid: the same bounds of the precision, as functions of the positives that are passed. Both are concave,
  so that the least is one straight line over the bin, and the most the integral of (tp0 + x) / (tp0 + fp0 + x).
- fpr95, fpr95_strict: the bin in which the recall passes 0.95 is known, how many of its negatives come before is not.
- fpr95_nearest: the recall nearest to 0.95 is one of tp0 to tp positives of that bin. Its lowest threshold is at the
  next lower positive, which is in that bin too unless the recall is that of tp. It can be tp only if tp is as near as
  tp0, and then the next positive is in the next bin that has one; how many of either bin's negatives come before is
  not known.

With every positive counted w times, as at another prevalence, p becomes w p and the 1/2 becomes w/2.
The value takes a bin's points as tied; where that is known of a bin, it bounds nothing.
"""

from __future__ import annotations

from typing import Dict

import numpy as np

from openworld3d.metrics.ranking import RECALL

# What the rounding of float64 sums may amount to.
SLACK = 1e-12
# For each metric low, value and high: (3, ...) float64.
Bounded = Dict[str, np.ndarray]


def ranking_of_bins(
    positive: np.ndarray, negative: np.ndarray, tied: np.ndarray, weight: float | np.ndarray = 1.0
) -> Bounded:
    """Return the interval and value of each ranking metric from counts per bin, the highest bin first.

    positive, negative (..., B); tied (B,) bool: bins whose points all have one score; weight: how often a positive
    counts in aupr, a number or (..., 1). Returns (3, ...) each, NaN without a positive or a negative point.
    """
    p, n = positive.astype(np.float64), negative.astype(np.float64)
    tp, fp = np.cumsum(p, -1), np.cumsum(n, -1)
    positives, negatives = tp[..., -1], fp[..., -1]
    with np.errstate(divide="ignore", invalid="ignore"):
        found = {
            "aupr": average_precision(weight * p, n, weight * tp, fp, tied, weight) / (weight * tp)[..., -1],
            "aupr_trapezoid": trapezoid(weight * p, n, weight * tp, fp, tied) / (weight * tp)[..., -1],
            "auroc": above(p, n, fp, tied) / (positives * negatives),
            "fpr95": false_at(tp / positives[..., None] >= RECALL, n, fp, tied) / negatives,
            "fpr95_strict": false_at(tp / positives[..., None] > RECALL, n, fp, tied) / negatives,
            "fpr95_nearest": false_at_nearest(p, n, tp, fp, tied) / negatives,
        }
    defined = (positives > 0) & (negatives > 0)
    slack = np.array([-SLACK, 0, SLACK]).reshape(3, *[1] * defined.ndim)
    return {name: np.where(defined, np.clip(value + slack, 0, 1), np.nan) for name, value in found.items()}


def sums(low: np.ndarray, value: np.ndarray, high: np.ndarray, tied: np.ndarray) -> np.ndarray:
    """Return the sums over bins, of which tied ones have their value alone: (..., B) each -> (3, ...)."""
    return np.stack([np.where(tied, value, end).sum(-1) for end in (low, value, high)])


def above(p: np.ndarray, n: np.ndarray, fp: np.ndarray, tied: np.ndarray) -> np.ndarray:
    """Return in how many pairs the positive is above the negative, ties counting half: (3, ...)."""
    below = fp[..., -1:] - fp
    return sums(p * below, p * (below + n / 2), p * (below + n), tied)


def average_precision(
    p: np.ndarray, n: np.ndarray, tp: np.ndarray, fp: np.ndarray, tied: np.ndarray, weight: float | np.ndarray
) -> np.ndarray:
    """Return the sum over positives of the precision at their threshold: (3, ...)."""
    before = tp - p + fp
    low = p - fp * np.log((before + p + weight / 2) / (before + weight / 2))
    return sums(low, p * ratio(tp, tp + fp), p * ratio(tp, tp + fp - n), tied)


def trapezoid(p: np.ndarray, n: np.ndarray, tp: np.ndarray, fp: np.ndarray, tied: np.ndarray) -> np.ndarray:
    """Return the area under straight lines between thresholds, with recall in positives: (3, ...)."""
    tp0, fp0 = tp - p, fp - n
    end = ratio(tp, tp + fp)
    low = p * (ratio(tp0, tp0 + fp) + end) / 2
    value = p * (ratio(tp0, tp0 + fp0) + end) / 2
    high = p - np.where(fp0 > 0, fp0 * np.log((tp + fp0) / (tp0 + fp0)), 0)
    return sums(low, value, high, tied)


def ratio(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """Return the precision part / whole, 1 where there is no point, which is where the curve begins."""
    return np.where(whole > 0, part / np.where(whole > 0, whole, 1), 1.0)


def false_at(reached: np.ndarray, n: np.ndarray, fp: np.ndarray, tied: np.ndarray) -> np.ndarray:
    """Return how many negatives lie above the first threshold with enough recall: (..., B) bool -> (3, ...)."""
    at = reached.argmax(-1)[..., None]
    low, high = (np.take_along_axis(count, at, -1)[..., 0] for count in (fp - np.where(tied, 0, n), fp))
    return np.stack([low, high, high])


def false_at_nearest(p: np.ndarray, n: np.ndarray, tp: np.ndarray, fp: np.ndarray, tied: np.ndarray) -> np.ndarray:
    """Return how many negatives count at the recall nearest to 0.95, as `ranking.py` defines it: (3, ...)."""
    positives = tp[..., -1:]
    at = (tp / positives >= RECALL).argmax(-1)[..., None]
    later = tp > np.take_along_axis(tp, at, -1)
    following = np.where(
        later.any(-1, keepdims=True), later.argmax(-1)[..., None], at
    )  # the next bin with a positive
    nearer_at_end = np.abs(tp / positives - RECALL) <= np.abs((tp - p) / positives - RECALL)
    ends = np.take_along_axis(nearer_at_end, at, -1)
    above, through = (np.take_along_axis(count, at, -1) for count in (fp - n, fp))
    above_following, through_following = (np.take_along_axis(count, following, -1) for count in (fp - n, fp))
    value = np.where(ends, np.where(following > at, above_following, through), above)
    high = np.where(ends, through_following, through)
    is_known = tied[at] & tied[following]
    found = [np.where(is_known, value, end) for end in (above, value, high)]
    return np.stack([count[..., 0] for count in found])
