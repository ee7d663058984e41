from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from openworld3d.inference.averaging import Means

LOGITS = arrays(
    np.float32, st.tuples(st.integers(1, 6), st.just(3), st.just(4)), elements=st.floats(-60, 60, width=32)
)


def log_sum_exp(logits: np.ndarray) -> np.ndarray:
    wide = logits.astype(np.float64)
    largest = wide.max(axis=-1, keepdims=True)
    return (largest + np.log(np.exp(wide - largest).sum(axis=-1, keepdims=True)))[..., 0]


def softmax(logits: np.ndarray) -> np.ndarray:
    return np.exp(logits.astype(np.float64) - log_sum_exp(logits)[..., None])


def averaged(*visits: list[list[float]]) -> np.ndarray:
    means = Means(len(visits[0]))
    for logits in visits:
        means.add(np.arange(len(logits)), {"logits": np.array(logits, np.float32)})
    return means.result()["logits"]


@given(LOGITS)
def test_one_visit_is_as_it_was(logits: np.ndarray) -> None:
    assert averaged(logits[0]) == pytest.approx(logits[0], rel=1e-5, abs=1e-5)


def test_two_visits_by_hand() -> None:
    # Probabilities (1/4, 3/4) and (3/4, 1/4) at sums of 4 and 16: halves, at the geometric mean of 8.
    result = averaged(np.log([[1, 3]]).tolist(), np.log([[12, 4]]).tolist())
    assert result.dtype == np.float32
    assert result == pytest.approx(np.log([[4, 4]]), abs=1e-6)


def test_probabilities_are_averaged_and_not_logits() -> None:
    # The mean of the logits would be (10, 0), all but sure of the first class.
    assert softmax(averaged([[0, 0]], [[20, 0]])) == pytest.approx(np.array([[0.75, 0.25]]), abs=1e-6)


@pytest.mark.filterwarnings("error")
def test_extreme_logits_stay_finite() -> None:
    one, other = [[1e4, -1e4, 0]], [[-1e4, 1e4, 0]]
    assert averaged(one) == pytest.approx(np.array(one), rel=1e-5)
    both = averaged(one, other)
    assert np.isfinite(both).all()
    assert both[0, :2] == pytest.approx(1e4 - np.log(2), rel=1e-5)
    assert both[0, 2] == pytest.approx(0, abs=1e-2)


@given(LOGITS)
def test_softmax_is_the_mean_probability_and_logsumexp_the_mean(visits: np.ndarray) -> None:
    result = averaged(*visits)
    assert np.isfinite(result).all()
    assert softmax(result) == pytest.approx(softmax(visits).mean(0), abs=1e-4)
    assert log_sum_exp(result) == pytest.approx(log_sum_exp(visits).mean(0), abs=1e-4)


def test_rows_visited_at_different_times_have_means_of_their_own() -> None:
    means = Means(3)
    means.add(np.array([2, 0]), {"logits": np.array([[7, 1], [3, 2]], np.float32), "feature": np.array([[4.0], [1]])})
    means.add(np.array([1, 2]), {"logits": np.array([[5, 6], [7, 1]], np.float32), "feature": np.array([[9.0], [8]])})
    result = means.result()
    assert means.visits.tolist() == [1, 1, 2]
    assert result["logits"] == pytest.approx(np.array([[3, 2], [5, 6], [7, 1]]), abs=1e-5)
    assert result["feature"].tolist() == [[1], [9], [6]]
    assert result["feature"].dtype == np.float32
