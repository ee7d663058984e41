"""How well a score puts unknown points above known ones: exact, pooled, the unknown as the positive class."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

RECALL = 0.95
RANKING = ("aupr", "aupr_trapezoid", "auroc", "fpr95", "fpr95_strict")


@dataclass(frozen=True)
class Counts:
    """What lies above each distinct score of a positive point, the highest score first.

    A threshold that equals no positive's score changes no recall, so these T thresholds are enough.
    true (T,) and false (T,) int64: positives and negatives at or above the threshold;
    false_above (T,) int64: negatives strictly above it; positives and negatives: the totals.
    """

    true: np.ndarray
    false: np.ndarray
    false_above: np.ndarray
    positives: int
    negatives: int


def count(positive: np.ndarray, negative: np.ndarray) -> Counts:
    """Count from ascending scores of positive (P,) and negative (N,) points, P >= 1."""
    first = np.flatnonzero(np.append(True, positive[1:] != positive[:-1]))[::-1]
    threshold = positive[first]
    return Counts(
        true=len(positive) - first,
        false=len(negative) - np.searchsorted(negative, threshold, side="left"),
        false_above=len(negative) - np.searchsorted(negative, threshold, side="right"),
        positives=len(positive),
        negatives=len(negative),
    )


def auroc(counts: Counts) -> float:
    """Return the area under the ROC curve: P(positive above negative) + P(equal) / 2, in 0..1."""
    step = np.diff(counts.true, prepend=0)
    twice_below = 2 * counts.negatives - counts.false - counts.false_above
    return float(np.sum(step * twice_below) / (2 * counts.positives * counts.negatives))


def average_precision(counts: Counts) -> float:
    """Return the sum of precision times the step in recall over distinct scores, in 0..1.

    As scikit-learn's `average_precision_score`, and as PDF (CVPR 2024) reports AUPR.
    """
    precision = counts.true / (counts.true + counts.false)
    return float(np.sum(np.diff(counts.true, prepend=0) * precision) / counts.positives)


def aupr_trapezoid(counts: Counts) -> float:
    """Return the area under straight lines between the points of the precision-recall curve, in 0..1.

    As REAL (ECCV 2022), `auc(recall, precision)` on scikit-learn's `precision_recall_curve`, whose curve
    starts at recall 0 with precision 1. Large ties make it larger than the average precision.
    """
    true_above = np.append(0, counts.true[:-1])
    above = true_above + counts.false_above
    # No point at all above the first threshold is the curve's made-up start, with precision 1.
    precision_above = np.where(above == 0, 1.0, true_above / np.maximum(above, 1))
    precision = counts.true / (counts.true + counts.false)
    area = np.sum((counts.true - true_above) * (precision_above + precision)) / 2
    return float(area / counts.positives)


def fpr95(counts: Counts) -> float:
    """Return the false-positive rate at the highest threshold whose true-positive rate is >= 0.95."""
    at = int(np.argmax(counts.true / counts.positives >= RECALL))
    return float(counts.false[at] / counts.negatives)


def fpr95_strict(counts: Counts) -> float:
    """Return the false-positive rate at the highest threshold whose true-positive rate is > 0.95.

    As REAL (ECCV 2022), but on the whole curve: REAL's leaves out points in the middle of straight lines,
    which matters only where neighbouring scores are tied in equal numbers.
    """
    at = int(np.argmax(counts.true / counts.positives > RECALL))
    return float(counts.false[at] / counts.negatives)


def ranking(positive: np.ndarray, negative: np.ndarray) -> dict[str, float]:
    """Return every metric of `RANKING` from ascending scores of unknown (P,) and known (N,) points.

    All are NaN where there is no positive or no negative point.
    """
    if not len(positive) or not len(negative):
        return dict.fromkeys(RANKING, float("nan"))
    counts = count(positive, negative)
    return {
        "aupr": average_precision(counts),
        "aupr_trapezoid": aupr_trapezoid(counts),
        "auroc": auroc(counts),
        "fpr95": fpr95(counts),
        "fpr95_strict": fpr95_strict(counts),
    }
