"""What points are added up to, from which every metric of a ranking follows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

RECALL = 0.95
WORD_BITS, WORDS = 30, 3
UNIT = 2 ** (WORD_BITS * WORDS)


@dataclass(frozen=True)
class Sums:
    """Sums over the positive points of a ranking.

    A point's threshold is its score. twice_below: twice the negatives below it, plus those that tie with it;
    precision: that of the points at or above it; precision_above: that of those above it, 1 where there are none;
    false95 and false95_strict: negatives at or above the highest threshold of a recall >= 0.95 and > 0.95.
    """

    positives: float
    negatives: float
    twice_below: float
    precision: float
    precision_above: float
    false95: float
    false95_strict: float


def precision(true: np.ndarray, false: np.ndarray) -> np.ndarray:
    """Return the share of positives (T,) among positives and negatives (T,), 1 of none, as scikit-learn has it."""
    points = true + false
    return np.where(points > 0, true, 1) / np.where(points > 0, points, 1)


def recalled(positives: int) -> tuple[int, int]:
    """Return how many positives are the first with a recall >= 0.95, and with one > 0.95, in float64."""
    beginning = max(1, int(RECALL * positives) - 1)
    return (
        next(count for count in range(beginning, positives + 1) if count / positives >= RECALL),
        next(count for count in range(beginning, positives + 1) if count / positives > RECALL),
    )


def exact_sum(step: np.ndarray, share: np.ndarray) -> int:
    """Return the sum of step (T,) int64 times share (T,) float64 as a whole number of `1 / UNIT`.

    Nothing is rounded: a share of at most 2^33 points, 0..1, is a multiple of 2^-86 in float64. So neither the order
    of adding nor the processor changes a bit.
    """
    total = 0
    for _ in range(WORDS):
        share = share * 2.0**WORD_BITS
        word = share.astype(np.int64)
        total = (total << WORD_BITS) + int(np.dot(step, word))
        share = share - word
    return total
