from __future__ import annotations

import numpy as np
import pytest

from openworld3d.metrics.bootstrap import draws, interval, replicate


def test_draws_have_as_many_scenes_as_there_are_and_depend_on_their_number_alone() -> None:
    drawn = draws(5, 200)
    assert drawn.shape == (200, 5)
    assert set(drawn.sum(axis=1).tolist()) == {5}
    np.testing.assert_array_equal(drawn, draws(5, 200))
    assert drawn.mean() == pytest.approx(1, abs=0.1)


def test_interval_of_a_mean_is_that_of_the_theory() -> None:
    """Of the mean of 400 independent numbers of deviation 2, 95 % lie within 1.96 * 2 / 20."""
    value = np.random.default_rng(3).normal(0, 2, 400)
    value += 1 - value.mean()
    found = replicate(lambda drawn: {"mean": np.stack([drawn @ value / 400] * 3)}, 400, 2000)["mean"]
    low, high = interval(found[0], found[2])
    assert low == pytest.approx(1 - 1.96 * value.std() / 20, abs=0.02)
    assert high == pytest.approx(1 + 1.96 * value.std() / 20, abs=0.02)


def test_interval_takes_the_outer_bounds() -> None:
    numbers = np.arange(1001.0)
    assert interval(numbers - 1, numbers + 2) == (pytest.approx(24), pytest.approx(977))


def test_replicates_without_the_metric_are_left_out() -> None:
    assert interval(np.array([np.nan, 1, 1]), np.array([np.nan, 2, 2])) == (1, 2)
    assert np.isnan(interval(np.full(3, np.nan), np.full(3, np.nan))).all()


def test_one_scene_has_no_interval() -> None:
    assert np.isnan(replicate(lambda drawn: {"m": np.ones((3, len(drawn)))}, 1, 10)["m"]).all()
