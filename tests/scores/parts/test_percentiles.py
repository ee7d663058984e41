from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from openworld3d.scores.parts.percentiles import percentile_of


@pytest.mark.parametrize(
    ("weight", "percentile", "expected"),
    [
        ([1, 1, 1], 50, 20),
        ([1, 1, 1], 25, 15),
        ([2, 2, 2], 75, 25),
        ([2, 1, 1], 50, 17.5),  # 10, 20 and 30 lie at 0, 2 and 3
        ([1, 1, 9], 100, 30),
        ([7, 1, 1], 0, 10),
        ([1, 0, 1], 100, 30),
    ],
)
def test_percentile_counts_rows_by_weight(weight: list[float], percentile: float, expected: float) -> None:
    found = percentile_of(np.array([[20.0], [10.0], [30.0]]), np.array(weight)[[1, 0, 2]], percentile)
    assert found == pytest.approx(expected)


@given(arrays(np.float64, (7, 3), elements=st.floats(0, 9)), st.floats(0, 100))
def test_percentile_of_equal_weights_is_numpys(features: np.ndarray, percentile: float) -> None:
    expected = np.percentile(features, percentile)
    assert percentile_of(features, np.full(7, 3.0), percentile) == pytest.approx(expected, abs=1e-9)


def test_equal_values_count_in_any_order() -> None:
    features, weight = np.array([[0.0], [0.0], [0.0], [1.0]]), np.array([1.0, 2.0, 3.0, 1.0])
    orders = [[0, 1, 2, 3], [2, 1, 0, 3], [3, 1, 2, 0]]
    # Between 3, where the last 0 begins, and 6, where 1 begins, 75 % of 6 lie halfway.
    assert [percentile_of(features[order], weight[order], 75) for order in orders] == [0.5] * 3
