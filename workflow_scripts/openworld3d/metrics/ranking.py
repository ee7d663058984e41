"""How well a score puts unknown points above known ones: exact, pooled, the unknown as the positive class."""

from __future__ import annotations

import math
from dataclasses import dataclass

from openworld3d.metrics import ranking_sorted
from openworld3d.metrics.ranking_points import Chunks, pieces_of
from openworld3d.metrics.ranking_sums import Sums


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


def ranking(score: Chunks, unknown: Chunks) -> Ranking:
    """Return how well score (N,) float16, float32 or float64 ranks the points that are unknown (N,) bool.

    Each may be an iterable of chunks of such arrays instead; how they are cut changes no bit of the result. -inf is
    the lowest score, inf the highest, -0.0 equals 0.0. Needs 4 bytes a point beside its arguments, 8 where scores are
    float64. Raises `UserError` for scores of NaN and arrays that do not match.
    """
    sums = ranking_sorted.sums(pieces_of(score, unknown))
    return Ranking(*[math.nan] * 5) if sums is None else of_sums(sums)


def of_sums(sums: Sums) -> Ranking:
    """Return every metric from a ranking's sums."""
    positives, negatives = sums.positives, sums.negatives
    return Ranking(
        auroc=sums.twice_below / (2 * positives * negatives),
        aupr=sums.precision / positives,
        aupr_trapezoid=(sums.precision_above + sums.precision) / 2 / positives,
        fpr95=sums.false95 / negatives,
        fpr95_strict=sums.false95_strict / negatives,
    )
