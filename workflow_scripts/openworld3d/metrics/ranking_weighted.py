"""Ranks points that count more or less than once: sums of float64 over all points in the order of their scores."""

from __future__ import annotations

from typing import Sequence

import numpy as np

from openworld3d.metrics.ranking_points import Piece
from openworld3d.metrics.ranking_sums import RECALL, Sums, precision


def sums(pieces: Sequence[Piece]) -> Sums | None:
    """Return a ranking's sums over points with weights, None where no positive or no negative counts.

    Only the proportions of the weights matter, as every metric is a quotient of sums.
    """
    if not pieces:
        return None
    score, unknown, weight = counting_points(pieces)
    if not unknown.any() or unknown.all():
        return None
    order = np.argsort(score, kind="stable")[::-1]
    score, unknown, weight = score[order], unknown[order], weight[order]
    last = np.flatnonzero(np.append(score[1:] != score[:-1], True))  # (T,)
    true, false = (np.cumsum(np.where(of, weight, 0))[last] for of in (unknown, ~unknown))
    true_above, false_above = (np.append(0, each[:-1]) for each in (true, false))
    step, positives, negatives = true - true_above, true[-1], false[-1]
    return Sums(
        positives=float(positives),
        negatives=float(negatives),
        twice_below=float(np.sum(step * (2 * negatives - false - false_above))),
        precision=float(np.sum(step * precision(true, false))),
        precision_above=float(np.sum(step * precision(true_above, false_above))),
        false95=float(false[np.argmax(true / positives >= RECALL)]),
        false95_strict=float(false[np.argmax(true / positives > RECALL)]),
    )


def counting_points(pieces: Sequence[Piece]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return score, unknown and weight float64 of the points whose weight is not 0, none of them above 1.

    A power of two brings the greatest to 0.5..1, so that no sum or product overflows.
    """
    kept = [
        (score[weight > 0], unknown[weight > 0], weight[weight > 0].astype(np.float64))
        for score, unknown, _, weight in pieces
        if weight is not None
    ]
    score, unknown, weight = (np.concatenate(column) for column in zip(*kept))
    return score, unknown, np.ldexp(weight, -int(np.frexp(weight.max(initial=0))[1]))
