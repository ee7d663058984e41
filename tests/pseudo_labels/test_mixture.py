from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from openworld3d.pseudo_labels.mixture import Mixture, fit_mixture, log_densities, maximise, two_clusters

VALUES = arrays(np.float64, st.integers(1, 30), elements=st.floats(-10, 10))


def mean_log_density(value: np.ndarray, mixture: Mixture) -> float:
    return float(np.logaddexp(*log_densities(value, mixture)).mean())


def draws(seed: int, apart: float, points: int = 2000) -> np.ndarray:
    """Return draws of 0.7 N(0, 1) + 0.3 N(apart, 0.5^2)."""
    generator = np.random.default_rng(seed)
    upper = generator.random(points) < 0.3
    return np.where(upper, generator.normal(apart, 0.5, points), generator.normal(0, 1, points))


def test_two_values() -> None:
    share, mean, variance = fit_mixture(np.array([3, 1, 1, 3, 1]))
    assert share == pytest.approx([0.6, 0.4])
    assert mean == pytest.approx([1, 3])
    assert variance == pytest.approx([1e-6, 1e-6])


@pytest.mark.parametrize("points", [1, 2, 7])
def test_equal_values_are_of_two_equal_components(points: int) -> None:
    mixture = fit_mixture(np.full(points, 0.4, np.float32))
    assert [part.tolist() for part in mixture] == [[0.5] * 2, [np.float32(0.4)] * 2, [1e-6] * 2]


def test_one_step_by_hand() -> None:
    responsibility = np.array([[1, 0.5, 0], [0, 0.5, 1]])
    share, mean, variance = maximise(np.array([0, 3, 6]), responsibility)
    assert share == pytest.approx([0.5, 0.5])
    assert mean == pytest.approx([1, 5])
    assert variance == pytest.approx([2, 2])  # (1 * 1 + 0.5 * 4) / 1.5


def test_density_by_hand() -> None:
    mixture = Mixture(np.array([0.25, 0.75]), np.array([0, 1]), np.array([1, 4]))
    expected = [np.log(0.25 / np.sqrt(2 * np.pi)) - 0.5, np.log(0.75 / np.sqrt(8 * np.pi))]
    assert log_densities(np.array([1.0]), mixture)[:, 0] == pytest.approx(expected)


@given(VALUES.filter(lambda value: np.ptp(value) > 1e-6))
def test_clusters_are_the_best_of_all_splits(value: np.ndarray) -> None:
    def spread(upper: np.ndarray) -> float:
        return sum(float(((part - part.mean()) ** 2).sum()) for part in (value[upper], value[~upper]))

    lower, upper = two_clusters(value).astype(bool)
    assert (lower != upper).all()
    assert value[lower].max() < value[upper].min()
    splits = [value > bound for bound in np.unique(value)[:-1]]
    assert spread(upper) == pytest.approx(min(spread(split) for split in splits), abs=1e-9)


@given(VALUES)
def test_mixture_has_the_mean_and_the_variance_of_the_values(value: np.ndarray) -> None:
    share, mean, variance = fit_mixture(value)
    assert share.sum() == pytest.approx(1)
    assert mean[0] <= mean[1]
    assert (variance >= 1e-6).all()
    assert share @ mean == pytest.approx(value.mean(), abs=1e-6)
    assert share @ (variance - 1e-6 + mean**2) == pytest.approx((value**2).mean(), abs=1e-6)


@pytest.mark.parametrize("apart", [1.5, 3, 6])
def test_fits_as_scikit_learn_does(apart: float) -> None:
    mixtures = pytest.importorskip("sklearn.mixture")
    value = draws(0, apart)
    theirs = mixtures.GaussianMixture(2, random_state=0).fit(value[:, None])
    order = np.argsort(theirs.means_[:, 0])
    ours = fit_mixture(value)
    # Their clusters to start from are k-means', which stops a little before the best.
    assert ours.share == pytest.approx(theirs.weights_[order], abs=0.02)
    assert ours.mean == pytest.approx(theirs.means_[order, 0], abs=0.03)
    assert ours.variance == pytest.approx(theirs.covariances_[order, 0, 0], abs=0.03)
    assert mean_log_density(value, ours) > theirs.score(value[:, None]) - 1e-4


@pytest.mark.parametrize("apart", [1.5, 3, 6])
def test_steps_are_those_of_scikit_learn(apart: float) -> None:
    mixtures = pytest.importorskip("sklearn.mixture")
    value = draws(1, apart)
    start = maximise(value, two_clusters(value))
    theirs = mixtures.GaussianMixture(
        2, weights_init=start.share, means_init=start.mean[:, None], precisions_init=1 / start.variance[:, None, None]
    ).fit(value[:, None])
    ours = fit_mixture(value)
    assert ours.share == pytest.approx(theirs.weights_, rel=1e-8)
    assert ours.mean == pytest.approx(theirs.means_[:, 0], rel=1e-8, abs=1e-9)
    assert ours.variance == pytest.approx(theirs.covariances_[:, 0, 0], rel=1e-8)
