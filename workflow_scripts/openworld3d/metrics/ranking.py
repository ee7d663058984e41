"""How well a score ranks unknown points above known ones: exact, pooled, with unknown as the positive class.

Positives and negatives are sorted separately, and each threshold is looked up in both. All sums are sums of integers,
so that neither the chunks of points nor the threads change a bit of them.
"""

from __future__ import annotations

import math
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Iterable, Iterator, NamedTuple, Sequence, Union

import numpy as np

from openworld3d.errors import UserError

Chunks = Union[np.ndarray, Iterable[np.ndarray]]
RECALL = 0.95
PIECE = 2**18  # points that fit in a processor's cache
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
      with precision 1. Large ties make it larger than the average precision.
    - fpr95: the false-positive rate at the highest threshold whose true-positive rate is >= 0.95.
    - fpr95_strict: the same where it is > 0.95. As REAL, but on the whole curve: REAL's leaves out points in the
      middle of straight lines, which matters only where neighbouring scores are tied in equal numbers.
    """

    auroc: float
    aupr: float
    aupr_trapezoid: float
    fpr95: float
    fpr95_strict: float


class Piece(NamedTuple):
    """Some points: score (n,) float without NaN, unknown (n,) bool, and how many are unknown."""

    score: np.ndarray
    unknown: np.ndarray
    positives: int


@dataclass(frozen=True)
class Sums:
    """Sums over the positive points of a ranking, from which every metric follows.

    A point's threshold is its score. twice_below: twice the negatives below it, plus those that tie with it;
    precision: that of the points at or above it; precision_above: that of the points above it, 1 without any;
    false95 and false95_strict: negatives at or above the highest threshold whose recall is >= 0.95 and > 0.95.
    """

    positives: int
    negatives: int
    twice_below: int
    precision: float
    precision_above: float
    false95: int
    false95_strict: int


def ranking(score: Chunks, unknown: Chunks) -> Ranking:
    """Return how well score (N,) float16, float32 or float64 ranks the points that are unknown (N,) bool.

    Each may be an iterable of chunks instead; how they are cut changes no bit of the result. -inf is the lowest
    score, inf the highest, -0.0 equals 0.0. Needs 4 bytes per point beside its arguments, 8 for float64 scores.
    Raises UserError for NaN and for arrays that do not match.
    """
    sums = sums_of(pieces_of(score, unknown))
    return Ranking(*[math.nan] * 5) if sums is None else of_sums(sums)


def of_sums(sums: Sums) -> Ranking:
    """Return every metric from the sums of a ranking."""
    positives, negatives = sums.positives, sums.negatives
    return Ranking(
        auroc=sums.twice_below / (2 * positives * negatives),
        aupr=sums.precision / positives,
        aupr_trapezoid=(sums.precision_above + sums.precision) / 2 / positives,
        fpr95=sums.false95 / negatives,
        fpr95_strict=sums.false95_strict / negatives,
    )


def pieces_of(score: Chunks, unknown: Chunks) -> list[Piece]:
    """Return all points as views of at most `PIECE` points each; raises UserError for what cannot be ranked."""
    pieces = list(cut(score, unknown))
    points = sum(len(piece.score) for piece in pieces)
    nan = sum(int(np.count_nonzero(np.isnan(piece.score))) for piece in pieces)
    if nan:
        raise UserError(
            f"{nan} of {points} scores are NaN, which have no rank; find what made them, or leave their points out"
        )
    return pieces


def cut(score: Chunks, unknown: Chunks) -> Iterator[Piece]:
    """Yield the pieces of all chunks; raises UserError for chunks of wrong types or lengths."""
    scores, marks = chunks_of(score), chunks_of(unknown)
    if len(scores) != len(marks):
        raise UserError(
            f"found {len(scores)} chunks of score, {len(marks)} of unknown, expected as many of each; cut both alike"
        )
    for number, (values, marked) in enumerate(zip(scores, marks), start=1):
        check_types(f"chunk {number}", values, marked)
        for start in range(0, len(values), PIECE):
            part = slice(start, start + PIECE)
            yield Piece(values[part], marked[part], int(np.count_nonzero(marked[part])))


def chunks_of(values: Chunks) -> list[np.ndarray]:
    """Return an array as one chunk, or the chunks of an iterable."""
    return [values] if isinstance(values, np.ndarray) else [np.asarray(chunk) for chunk in values]


def check_types(place: str, score: np.ndarray, unknown: np.ndarray) -> None:
    """Raise UserError for a chunk whose arrays have types that cannot be ranked, or different lengths."""
    if score.dtype.kind != "f" or score.dtype.itemsize > 8:
        raise UserError(f"{place}: score is {score.dtype}, expected float16, float32 or float64; convert it")
    if unknown.dtype != bool:
        raise UserError(f"{place}: unknown is {unknown.dtype}, expected bool; compare labels with the unknown class")
    if score.ndim != 1 or score.shape != unknown.shape:
        raise UserError(
            f"{place}: found the shapes score {score.shape}, unknown {unknown.shape}, expected (N,) of each; give "
            "one value for each point"
        )


def sums_of(pieces: Sequence[Piece]) -> Sums | None:
    """Return the sums of a ranking, None where there are no positives or no negatives."""
    positives = sum(piece.positives for piece in pieces)
    negatives = sum(len(piece.score) for piece in pieces) - positives
    if not positives or not negatives:
        return None
    with ThreadPoolExecutor(threads()) as pool:
        positive, negative = sorted_scores(pool, pieces, positives, negatives)
        blocks = list(pool.map(lambda start: sums_of_block(positive, negative, start), range(0, positives, BLOCK)))
    twice_below, precisions, precisions_above = (sum(column) for column in zip(*blocks))
    false95, false95_strict = (
        negatives - int(np.searchsorted(negative, positive[positives - count])) for count in recalled(positives)
    )
    return Sums(
        positives, negatives, twice_below, precisions / UNIT, precisions_above / UNIT, false95, false95_strict
    )


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


def sums_of_block(positive: np.ndarray, negative: np.ndarray, start: int) -> tuple[int, int, int]:
    """Return twice_below, and both precisions as multiples of `1 / UNIT`, of the thresholds of a block."""
    block = positive[start : start + BLOCK]
    changed = block[1:] != block[:-1]  # (BLOCK - 1,)
    begins = start == 0 or block[0] != positive[start - 1]
    first = start + np.flatnonzero(np.append(begins, changed))  # (T,)
    if not len(first):
        return 0, 0, 0
    end = np.append(first[1:], np.searchsorted(positive, block[-1], side="right"))
    below, tied = positions(negative, positive[first])
    true, true_above = len(positive) - first, len(positive) - end
    false, false_above = len(negative) - below, len(negative) - below - tied
    step = end - first
    return (
        int(np.dot(step, 2 * below + tied)),
        exact_sum(step, precision(true, false)),
        exact_sum(step, precision(true_above, false_above)),
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
