"""Ranks points: positives and negatives are sorted apart, and each threshold is looked up in both.

All sums are of whole numbers, so that neither the chunks of points nor the threads change a bit of them.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Sequence

import numpy as np

from openworld3d.metrics.ranking_points import Piece
from openworld3d.metrics.ranking_sums import UNIT, Sums, exact_sum, precision, recalled
from openworld3d.metrics.threads import threads

BLOCK = 2**14


def sums(pieces: Sequence[Piece]) -> Sums | None:
    """Return a ranking's sums, None where there are no positives or no negatives."""
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
    """Return how many values lie below each of some ascending thresholds (T,), and how many equal it."""
    begin = int(np.searchsorted(ascending, threshold[0], side="left"))
    end = int(np.searchsorted(ascending, threshold[-1], side="right"))
    near = ascending[begin:end]  # a block's own values stay in the cache, all of them do not
    below = np.searchsorted(near, threshold, side="left")
    tied = np.zeros(len(threshold), np.int64)
    if len(near):
        ties = np.flatnonzero(near.take(below, mode="clip") == threshold)
        tied[ties] = np.searchsorted(near, threshold[ties], side="right") - below[ties]
    return begin + below, tied
