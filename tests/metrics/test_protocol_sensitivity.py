from __future__ import annotations

import numpy as np
import pytest

from openworld3d.metrics.protocol_sensitivity import agreement, rank_correlation, variance_shares


@pytest.mark.parametrize(
    ("table", "shares"),
    [
        ([[1, 2, 3], [1, 2, 3]], (1, 0, 0)),  # methods are alike, protocols are not
        ([[1, 1], [2, 2], [5, 5]], (0, 1, 0)),
        ([[1, 2], [2, 1]], (0, 0, 1)),  # each method is better where the other is worse
        ([[0, 2], [1, 3]], (0.8, 0.2, 0)),  # they add up: 1 and 0.5 from the mean
    ],
)
def test_shares_by_hand(table: list[list[float]], shares: tuple[float, ...]) -> None:
    assert variance_shares(np.array(table, float)) == pytest.approx(shares)


def test_shares_of_what_does_not_vary_are_not_defined() -> None:
    assert np.isnan(variance_shares(np.ones((2, 3)))).all()


def test_correlation_of_ranks() -> None:
    assert rank_correlation(np.array([1, 2, 9]), np.array([0.1, 0.2, 0.3])) == pytest.approx(1)
    assert rank_correlation(np.array([1, 2, 9]), np.array([3, 2, 1])) == pytest.approx(-1)
    assert np.isnan(rank_correlation(np.array([1, 2]), np.array([1, 1])))


def test_agreement_is_the_mean_over_pairs_of_protocols() -> None:
    table = np.array([[1, 1, 3], [2, 2, 2], [3, 3, 1]])  # two protocols agree, the third reverses them
    assert agreement(table) == pytest.approx((1 - 1 - 1) / 3)
