"""Whether a network's confidence tells when its predictions are right: calibration, and risk against coverage."""

from __future__ import annotations

import numpy as np

from openworld3d.metrics.statistics import UNIT


def calibration_error(calibration: np.ndarray) -> np.ndarray:
    """Return the expected calibration error over 15 bins of confidence, in 0..1: (..., 15, 3) -> (...).

    ECE of Guo et al., On Calibration of Modern Neural Networks, ICML 2017, equation 3.
    """
    points, right, confidence = np.moveaxis(calibration.astype(np.float64), -1, 0)
    total = points.sum(-1)
    gap = np.abs(right - confidence / UNIT).sum(-1)
    return np.where(total > 0, gap / np.maximum(total, 1), np.nan)


def area_under_risk(right: np.ndarray, wrong: np.ndarray) -> np.ndarray:
    """Return the mean over points of the share of wrong predictions among those at least as confident.

    The area under the risk-coverage curve (Geifman et al., Bias-Reduced Uncertainty Estimation for Deep Neural
    Classifiers, ICLR 2019), in 0..1, from counts per bin of confidence, the highest first: (..., B) -> (3, ...). Low
    and high hold whatever the order in a bin is: of its m points with e wrong, after M0 with E0 wrong, the share at
    any threshold is at least E0 / (M0 + m - e) and at most (E0 + e) / (M0 + e). The value takes a bin as tied.
    """
    m = right + wrong
    errors, points = np.cumsum(wrong, -1), np.cumsum(m, -1)
    errors_before, points_before = errors - wrong, points - m
    shares = [
        share(errors_before, points_before + right),
        share(errors, points),
        share(errors, points_before + wrong),
    ]
    total = points[..., -1]
    found = np.stack([(m * value).sum(-1) for value in shares])
    return np.where(total > 0, found / np.maximum(total, 1), np.nan)


def share(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """Return part / whole, 0 where the whole is 0."""
    return np.where(whole > 0, part / np.maximum(whole, 1), 0.0)
