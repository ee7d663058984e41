"""How well a score ranks unknown points above known ones: exact, pooled, with unknown as the positive class.

Positives and negatives are sorted separately, and each threshold is looked up in both. All sums are sums of integers,
so that neither the chunks of points nor the threads change a bit of them, nor the slabs of scores that are sorted one
after the other where not all points fit into memory.
"""

from __future__ import annotations

import math
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Iterable, Literal, NamedTuple, Sequence

import numpy as np

from openworld3d.metrics.ranking_input import Chunks, Piece, pieces_of

RECALL = 0.95
BLOCK = 2**14  # thresholds that do
# A precision is added up as three words of 30 bits: a whole number of 1 / UNIT.
WORD_BITS, WORDS = 30, 3
UNIT = 2 ** (WORD_BITS * WORDS)


@dataclass(frozen=True)
class Ranking:
    """Every metric of a ranking, in 0..1, NaN where there is no unknown or no known point.

    - auroc: P(unknown above known) + P(equal) / 2, the area under the ROC curve.
    - aupr: the sum of precision times the step in recall over distinct scores. As scikit-learn's
      `average_precision_score`, and as PDF (CVPR 2024) reports AUPR.
    - aupr_trapezoid: the area under straight lines between the points of the precision-recall curve. As REAL
      (ECCV 2022), `auc(recall, precision)` on scikit-learn's `precision_recall_curve`, whose curve starts at recall 0
      with precision 1, and as OpenOOD (arXiv 2306.09301). Large ties make it larger than the average precision.
    - fpr95: the false-positive rate at the highest threshold whose true-positive rate is >= 0.95.
    - fpr95_strict: the same where it is > 0.95. As REAL, but on the whole curve: REAL's leaves out points in the
      middle of straight lines, which matters only where neighbouring scores are tied in equal numbers. As STU
      (CVPR 2025) too.
    - fpr95_nearest: the same at the true-positive rate nearest to 0.95, the higher one of two as near, and at the
      lowest threshold that has it; where that rate is 1, at the highest. As the code of Hendrycks et al.
      (anomaly-seg, arXiv 1911.11132), which PointCaM uses.
    """

    auroc: float
    aupr: float
    aupr_trapezoid: float
    fpr95: float
    fpr95_strict: float
    fpr95_nearest: float


UNDEFINED = Ranking(*[math.nan] * 6)


class Slab(NamedTuple):
    """All points whose scores lie in some range, scores ascending, and how many points lie below and above it."""

    positive: np.ndarray
    negative: np.ndarray
    positives_below: int = 0
    negatives_below: int = 0
    positives_above: int = 0
    negatives_above: int = 0

    def false_from(self, score: float, side: Literal["left", "right"]) -> int:
        """Return how many negatives lie at or above a score, `left`, or above it, `right`."""
        return self.negatives_above + len(self.negative) - int(np.searchsorted(self.negative, score, side))


@dataclass(frozen=True)
class Sums:
    """Sums over the positive points of a ranking, from which every metric follows.

    A point's threshold is its score. twice_below: twice the negatives below it, plus those that tie with it;
    precision: that of the points at or above it; precision_above: that of the points above it, 1 without any;
    precision_weighted: that of the points at or above it, where a positive counts with a weight;
    false95 and false95_strict: negatives at or above the highest threshold whose recall is >= 0.95 and > 0.95;
    false95_nearest: those at or above the threshold of fpr95_nearest.
    """

    positives: int
    negatives: int
    twice_below: int
    precision: float
    precision_above: float
    precision_weighted: float
    false95: int
    false95_strict: int
    false95_nearest: int


def ranking(score: Chunks, unknown: Chunks) -> Ranking:
    """Return how well score (N,) float16, float32 or float64 ranks the points that are unknown (N,) bool.

    Each may be an iterable of chunks instead; how they are cut changes no bit of the result. -inf is the lowest
    score, inf the highest, -0.0 equals 0.0. Needs 4 bytes per point beside its arguments, 8 for float64 scores.
    Raises UserError for NaN and for arrays that do not match.
    """
    sums = sums_of(pieces_of(score, unknown))
    return UNDEFINED if sums is None else of_sums(sums)


def of_sums(sums: Sums) -> Ranking:
    """Return every metric from the sums of a ranking."""
    positives, negatives = sums.positives, sums.negatives
    return Ranking(
        auroc=sums.twice_below / (2 * positives * negatives),
        aupr=sums.precision / positives,
        aupr_trapezoid=(sums.precision_above + sums.precision) / 2 / positives,
        fpr95=sums.false95 / negatives,
        fpr95_strict=sums.false95_strict / negatives,
        fpr95_nearest=sums.false95_nearest / negatives,
    )


def sums_of(pieces: Sequence[Piece], weight: float = 1) -> Sums | None:
    """Return the sums of a ranking, None where there are no positives or no negatives; weight: that of a positive."""
    positives = sum(piece.positives for piece in pieces)
    negatives = sum(len(piece.score) for piece in pieces) - positives
    if not positives or not negatives:
        return None
    with ThreadPoolExecutor(threads()) as pool:
        slab = Slab(*sorted_scores(pool, pieces, positives, negatives))
        return sums_of_slabs(pool, [slab], positives, negatives, weight)


def sums_of_slabs(
    pool: ThreadPoolExecutor, slabs: Iterable[Slab], positives: int, negatives: int, weight: float
) -> Sums:
    """Return the sums of a ranking from slabs in rising order of scores, which hold all positives, one or more."""
    totals = [0, 0, 0, 0]
    false: dict[str, int] = {}
    lowest = next_lower = 0
    for slab in slabs:
        if not len(slab.positive):
            continue
        if not slab.positives_below:
            lowest = slab.false_from(slab.positive[0], "left")
        starts = range(0, len(slab.positive), BLOCK)
        blocks = pool.map(partial(sums_of_block, slab, weight=weight), starts)
        totals = [sum(column) for column in zip(totals, *blocks)]
        for name, count in zip(("false95", "false95_strict"), recalled(positives)):
            place = positives - count - slab.positives_below
            if 0 <= place < len(slab.positive):
                false[name] = slab.false_from(slab.positive[place], "left")
                if name == "false95":
                    false["false95_nearest"] = false_at_nearest(slab, place, lowest, next_lower)
        next_lower = slab.false_from(slab.positive[-1], "right")
    twice_below, *precisions = totals
    return Sums(positives, negatives, twice_below, *(total / UNIT for total in precisions), **false)


def sorted_scores(
    pool: ThreadPoolExecutor, pieces: Sequence[Piece], positives: int, negatives: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return the scores of the positive and of the negative points, ascending."""
    dtype = np.result_type(np.float32, *{piece.score.dtype for piece in pieces})
    positive, negative = np.empty(positives, dtype), np.empty(negatives, dtype)
    true_end = np.cumsum([piece.positives for piece in pieces])
    false_end = np.cumsum([len(piece.score) for piece in pieces]) - true_end

    def share(piece: Piece, true: int, false: int) -> None:
        positive[true - piece.positives : true] = np.compress(piece.unknown, piece.score)
        negative[false - len(piece.score) + piece.positives : false] = np.compress(~piece.unknown, piece.score)

    list(pool.map(share, pieces, true_end, false_end))
    list(pool.map(np.ndarray.sort, (positive, negative)))
    return positive, negative


def sums_of_block(slab: Slab, start: int, weight: float) -> tuple[int, int, int, int]:
    """Return twice_below, and the three precisions as multiples of `1 / UNIT`, of the thresholds of a block."""
    positive, negative = slab.positive, slab.negative
    block = positive[start : start + BLOCK]
    changed = block[1:] != block[:-1]  # (BLOCK - 1,)
    begins = start == 0 or block[0] != positive[start - 1]
    first = start + np.flatnonzero(np.append(begins, changed))  # (T,)
    if not len(first):
        return 0, 0, 0, 0
    end = np.append(first[1:], np.searchsorted(positive, block[-1], side="right"))
    below, tied = positions(negative, positive[first])
    all_true, all_false = len(positive) + slab.positives_above, len(negative) + slab.negatives_above
    true, true_above = all_true - first, all_true - end
    false, false_above = all_false - below, all_false - below - tied
    step = end - first
    exact = exact_sum(step, precision(true, false))
    return (
        int(np.dot(step, 2 * (slab.negatives_below + below) + tied)),
        exact,
        exact_sum(step, precision(true_above, false_above)),
        exact if weight == 1 else exact_sum(step, precision(weight * true, false)),
    )


def positions(ascending: np.ndarray, threshold: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return how many values lie below each of the ascending thresholds (T,), and how many equal it."""
    begin = int(np.searchsorted(ascending, threshold[0], side="left"))
    end = int(np.searchsorted(ascending, threshold[-1], side="right"))
    near = ascending[begin:end]  # a block's own values stay in the cache, all of them do not
    below = np.searchsorted(near, threshold, side="left")
    tied = np.zeros(len(threshold), np.int64)
    if len(near):
        ties = np.flatnonzero(near.take(below, mode="clip") == threshold)
        tied[ties] = np.searchsorted(near, threshold[ties], side="right") - below[ties]
    return begin + below, tied


def precision(true: np.ndarray, false: np.ndarray) -> np.ndarray:
    """Return the share of positives (T,) among all points (T,), 1 where there are none, as in scikit-learn."""
    points = true + false
    return np.where(points > 0, true, 1) / np.where(points > 0, points, 1)


def recalled(positives: int) -> tuple[int, int]:
    """Return the fewest positives whose recall is >= 0.95, and the fewest whose recall is > 0.95, in float64."""
    beginning = max(1, int(RECALL * positives) - 1)
    return (
        next(count for count in range(beginning, positives + 1) if count / positives >= RECALL),
        next(count for count in range(beginning, positives + 1) if count / positives > RECALL),
    )


def false_at_nearest(slab: Slab, place: int, lowest: int, next_lower: int) -> int:
    """Return how many negatives count at the recall nearest to 0.95; `place` is where that of `fpr95` lies in a slab.

    lowest: negatives at or above the lowest positive; next_lower: those above the highest positive below the slab.
    """
    positive, count = slab.positive, slab.positives_below + len(slab.positive) + slab.positives_above
    # The first of those that tie, and the first above them; then the positives at or above the thresholds there.
    begin, end = (int(np.searchsorted(positive, positive[place], side)) for side in ("left", "right"))
    fewer, more = (slab.positives_above + len(positive) - each for each in (end, begin))
    first = begin if abs(more / count - RECALL) <= abs(fewer / count - RECALL) else end
    if slab.positives_below + first == 0:
        return lowest
    return slab.false_from(positive[first - 1], "right") if first else next_lower


def exact_sum(step: np.ndarray, share: np.ndarray) -> int:
    """Return the sum of step (T,) int64 times share (T,) float64 as an integer, in units of `1 / UNIT`.

    Nothing is rounded, since a share of at most 2^33 points, in 0..1, is a multiple of 2^-86 in float64. So neither
    the order of summation nor the processor changes a bit.
    """
    total = 0
    for _ in range(WORDS):
        share = share * 2.0**WORD_BITS
        word = share.astype(np.int64)
        total = (total << WORD_BITS) + int(np.dot(step, word))
        share = share - word
    return total


def threads() -> int:
    """Return OMP_NUM_THREADS, which Snakemake sets to a rule's threads, or else the number of processors."""
    allowed = os.environ.get("OMP_NUM_THREADS", "").split(",")[0]
    return int(allowed) if allowed.isdigit() and int(allowed) else os.cpu_count() or 1
