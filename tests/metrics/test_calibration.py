from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from openworld3d.metrics.calibration import area_under_risk, calibration_error
from openworld3d.metrics.statistics import calibrate

COUNTS = arrays(np.int64, 6, elements=st.integers(0, 5))


def test_calibration_error_by_hand() -> None:
    """Of four predictions with confidence 0.9 three are right, of one with 0.6 none."""
    log_odds = np.log(np.array([9, 9, 9, 9, 1.5]))
    table = calibrate(np.array([True, True, True, False, False]), log_odds.astype(np.float32))
    assert calibration_error(table) == pytest.approx((4 * abs(0.75 - 0.9) + abs(0 - 0.6)) / 5, abs=1e-6)


def test_calibration_of_nothing_is_not_defined() -> None:
    assert np.isnan(calibration_error(np.zeros((15, 3), np.int64)))


def test_certain_prediction_is_in_the_last_step() -> None:
    table = calibrate(np.array([True]), np.array([np.inf], np.float32))
    assert table[-1].tolist() == [1, 1, 2**32]


def test_risk_by_hand() -> None:
    """Most confident first: right, right, wrong, right: the shares of wrong ones are 0, 0, 1/3, 1/4."""
    low, value, high = area_under_risk(np.array([1, 1, 0, 1]), np.array([0, 0, 1, 0]))
    assert value == pytest.approx((1 / 3 + 1 / 4) / 4)
    assert low <= value <= high


def test_risk_of_nothing_is_not_defined() -> None:
    assert np.isnan(area_under_risk(np.zeros(1), np.zeros(1))).all()


@given(COUNTS, COUNTS, st.permutations(range(60)), st.lists(st.booleans(), min_size=60, max_size=60))
def test_risk_of_any_order_in_the_bins_lies_between(
    right: np.ndarray, wrong: np.ndarray, order: list[int], tied: list[bool]
) -> None:
    """Each bin's points are put in any order, neighbours tied or not, and the area computed point by point."""
    points = [(number, is_wrong) for number in range(6) for is_wrong in [0] * right[number] + [1] * wrong[number]]
    if not points:
        return
    place = {index: position for position, index in enumerate(order)}
    shuffled = [
        points[index] for index in sorted(range(len(points)), key=lambda index: (points[index][0], place[index]))
    ]
    errors = np.cumsum([is_wrong for _, is_wrong in shuffled])
    share = errors / np.arange(1, len(shuffled) + 1)
    for index in range(len(shuffled) - 2, -1, -1):
        if tied[index] and shuffled[index][0] == shuffled[index + 1][0]:
            share[index] = share[index + 1]
    low, value, high = area_under_risk(right, wrong)
    assert low - 1e-12 <= share.mean() <= high + 1e-12
    assert low <= value <= high
