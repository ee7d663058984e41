from __future__ import annotations

import numpy as np
import pytest

from openworld3d.scores.parts.gaussians import fit_gaussians, squared_distance

# Six voxels about (1, 2), ten times: covariance 9/3, 4/3 on the diagonal, 0 elsewhere; unequal, so that it is shrunk.
CROSS = np.tile(np.array([[4, 2], [-2, 2], [1, 4], [1, 0], [1, 2], [1, 2]], np.float32), (10, 1))
TARGET = np.full(60, 4, np.uint8)


def test_whitened_covariance_is_between_the_sample_and_the_identity() -> None:
    gaussians = fit_gaussians(CROSS, TARGET, np.ones(60))
    across, along = squared_distance(np.array([[1, 3], [2, 2]]), gaussians)
    assert gaussians.mean.shape == (1, 2)
    assert 1 / along == pytest.approx(3 - (1 / across - 4 / 3))  # their trace is kept
    assert 4 / 3 < 1 / across < 13 / 6 < 1 / along < 3


def test_classes_share_their_covariance() -> None:
    twice = np.concatenate([CROSS, CROSS + np.float32(100)])
    gaussians = fit_gaussians(twice, np.repeat(np.array([0, 7], np.uint8), 60), np.ones(120))
    point = np.array([[3, 1], [103, 101]])
    first, second = squared_distance(point, gaussians)
    assert first == pytest.approx(second)
    assert len(gaussians.mean) == 2


def test_voxels_count_by_their_weight() -> None:
    """Of one class alone: mean and, but for the shrinkage, covariance are those of voxels written out."""
    weight = np.tile([3.0, 1, 1, 1, 5, 1], 10)
    weighted = fit_gaussians(CROSS, TARGET, weight)
    repeated = np.repeat(CROSS, weight.astype(int), axis=0)
    written_out = fit_gaussians(repeated, np.full(len(repeated), 4, np.uint8), np.ones(len(repeated)))
    centre = np.average(CROSS, axis=0, weights=weight)[None]
    assert squared_distance(centre, weighted) == pytest.approx(0, abs=1e-9)
    points = centre + np.array([[1, 3], [2, -2], [5, 0]])
    assert squared_distance(points, weighted) == pytest.approx(squared_distance(points, written_out), rel=0.1)
    unweighted = fit_gaussians(CROSS, TARGET, np.ones(60))
    assert squared_distance(points, unweighted) != pytest.approx(squared_distance(points, written_out), rel=0.2)
