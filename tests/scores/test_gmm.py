from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import multivariate_normal
from tests.scores.scored import Sample, made, training_sample

LOG_2_PI = math.log(2 * math.pi)
# Class 0: mean 2, variance 4; class 1, with half as many voxels: 20 alone.
FITTED: Sample = {
    "features": np.array([[0], [4], [0], [4], [20], [20]], np.float32),
    "target": np.array([0, 0, 0, 0, 2, 2], np.uint8),
}


@pytest.mark.parametrize(
    ("row", "regularisation", "expected"),
    [
        (2, 1e-6, math.log(3 / 2) + (LOG_2_PI + math.log(4)) / 2),
        (5, 5.0, math.log(3 / 2) + (LOG_2_PI + math.log(9)) / 2 + 1 / 2),
        (20, 1e-6, math.log(3) + (LOG_2_PI + math.log(1e-6)) / 2),
    ],
)
def test_row_by_hand(row: float, regularisation: float, expected: float) -> None:
    result = made("gmm", FITTED, regularisation=regularisation)({"features": np.array([[row]], np.float32)})
    assert result == pytest.approx([expected], abs=1e-5)


def test_is_the_density_of_scipy_s_gaussians() -> None:
    sample = training_sample(3)
    features = sample["features"].astype(np.float64)
    density = np.zeros(len(features))
    for label in range(3):
        own = features[sample["target"] == label]
        covariance = np.cov(own, rowvar=False, bias=True) + 0.1 * np.eye(6)
        share = sample["weight"][sample["target"] == label].sum() / sample["weight"].sum()
        density += multivariate_normal(own.mean(axis=0), covariance).pdf(features) * share
    result = made("gmm", sample, regularisation=0.1)({"features": sample["features"]})
    np.testing.assert_allclose(result, -np.log(density), rtol=1e-5)


def test_class_with_fewer_voxels_than_features_has_a_density() -> None:
    few = training_sample(4, voxels=2)
    assert np.isfinite(made("gmm", few)({"features": 1e4 * few["features"]})).all()
