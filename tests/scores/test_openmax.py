from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import weibull_min
from tests.scores.scored import Sample, made, training_sample

from openworld3d.errors import UserError
from openworld3d.scores import openmax

# Class 0: centre (5, 0), distances 1, 2, 2 and 1 to it. Class 1 is never predicted right.
FITTED: Sample = {
    "logits": np.array([[4, 0], [7, 0], [3, 0], [6, 0], [1, 0]], np.float32),
    "target": np.array([0, 0, 0, 0, 1], np.uint8),
}
NO_DISTANCE = {"logits": np.array([[5, 0], [5, 0]], np.float32), "target": np.array([0, 0], np.uint8)}


def unknown(row: list[float], weight: list[float]) -> float:
    """Return the log-odds of the unknown where each logit loses a share."""
    lost = [logit * share for logit, share in zip(row, weight)]
    return sum(lost) - math.log(sum(math.exp(logit - share) for logit, share in zip(row, lost)))


@pytest.mark.parametrize(
    ("fitted", "alpha", "row", "weight"),
    [
        (FITTED, 1, [50, 0], [1, 0]),  # far from its class
        (FITTED, 1, [0, 3], [0, 1]),  # of a class without a fit
        (FITTED, 2, [1, 90], [1 / 2, 1]),
        (FITTED, 2, [90, 1], [1, 1 / 2]),
        (FITTED, 9, [90, 1], [1, 1 / 2]),  # of two
        (FITTED, 1, [90, 90], [1 / 2, 1 / 2]),  # equal logits share
        (FITTED, 2, [90, 90], [3 / 4, 3 / 4]),
        (NO_DISTANCE, 1, [5, 0], [1, 0]),
        (FITTED, 1, [-20, -30], [1, 0]),
    ],
)
def test_row_by_hand(fitted: Sample, alpha: int, row: list[float], weight: list[float]) -> None:
    result = made("openmax", fitted, alpha=alpha)({"logits": np.array([row], np.float32)})
    assert result == pytest.approx([unknown(row, weight)], abs=1e-4)


def test_tail_is_that_of_the_most_likely_weibull_distribution() -> None:
    distance = np.sort(np.random.default_rng(0).gamma(3, 1, 500))[-20:]
    least, log_scale, shape = openmax.fit_tail(distance)
    shifted = distance - least + 10000
    best = weibull_min.logpdf(shifted, shape, scale=math.exp(log_scale)).sum()
    assert least == distance[0]
    for more in (0.99, 1.01):
        assert weibull_min.logpdf(shifted, shape * more, scale=math.exp(log_scale)).sum() < best
        moved = math.exp(log_scale) + 100 * (more - 1)
        assert weibull_min.logpdf(shifted, shape, scale=moved).sum() < best
    below = openmax.below(distance[:, None], np.array([[least, log_scale, shape]]))
    np.testing.assert_allclose(below[:, 0], weibull_min.cdf(shifted, shape, scale=math.exp(log_scale)), rtol=1e-6)


def test_the_nearer_its_class_the_less_a_logit_loses() -> None:
    distance = np.array([[0], [0.5], [1], [1.5], [2], [3]])
    lost = openmax.below(distance, np.array([openmax.fit_tail(np.array([1, 1, 2, 2.0]))]))[:, 0]
    assert (np.diff(lost) > 0).all()
    assert lost[0] < 0.1
    assert lost[-1] > 0.999


def test_tail_has_the_largest_distances_alone() -> None:
    sample = training_sample(2, voxels=200)
    near = np.array([[8, 0]], np.float32)
    assert made("openmax", sample, tail=20)({"logits": near}) < made("openmax", sample, tail=100)({"logits": near})


def test_impossible_class_is_refused() -> None:
    with pytest.raises(
        UserError, match="score openmax: a logit is -inf, that of an impossible class, expected finite"
    ):
        made("openmax", FITTED)({"logits": np.array([[1, -math.inf]], np.float32)})
