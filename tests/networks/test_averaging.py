from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import special, stats

from openworld3d.networks.averaging import Means, Passes

LOGITS = arrays(
    np.float32, st.tuples(st.integers(1, 6), st.just(3), st.just(4)), elements=st.floats(-60, 60, width=32)
)
PASSES = arrays(
    np.float32, st.tuples(st.integers(2, 7), st.just(3), st.just(4)), elements=st.floats(-60, 60, width=32)
)
LOG_2, LOG_3 = math.log(2), math.log(3)


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


def said(passes: np.ndarray) -> dict[str, np.ndarray]:
    """Return the outputs of logits (T, N, K)."""
    sums = Passes()
    for logits in passes:
        sums.add(torch.from_numpy(logits))
    return {name: value.numpy() for name, value in sums.outputs().items()}


@pytest.mark.parametrize(
    ("probabilities", "mean", "mutual_information", "class_variance"),
    [
        ([[1 / 2, 1 / 2], [1 / 2, 1 / 2]], [1 / 2, 1 / 2], 0, 0),
        ([[1 / 4, 3 / 4], [1 / 4, 3 / 4], [1 / 4, 3 / 4]], [1 / 4, 3 / 4], 0, 0),
        # H(mean) = log 2, and each H = 2 log 2 - 3/4 log 3; a class is 1/4 from its mean twice, over T - 1 = 1.
        ([[1 / 4, 3 / 4], [3 / 4, 1 / 4]], [1 / 2, 1 / 2], 3 / 4 * LOG_3 - LOG_2, 1 / 8),
        # The same two and their mean: H = log 2 once more, over T - 1 = 2.
        ([[1 / 4, 3 / 4], [3 / 4, 1 / 4], [1 / 2, 1 / 2]], [1 / 2, 1 / 2], (3 / 4 * LOG_3 - LOG_2) * 2 / 3, 1 / 16),
        # Sure of another class in each pass: the largest that two passes can say.
        ([[1, 1e-30], [1e-30, 1]], [1 / 2, 1 / 2], LOG_2, 1 / 2),
        # Of three classes one does not move: (1/8 + 1/8 + 0) / 3.
        ([[1 / 2, 0.0 + 1e-30, 1 / 2], [1e-30, 1 / 2, 1 / 2]], [1 / 4, 1 / 4, 1 / 2], LOG_2 / 2, 1 / 12),
    ],
)
def test_passes_by_hand(
    probabilities: list[list[float]], mean: list[float], mutual_information: float, class_variance: float
) -> None:
    outputs = said(np.log(np.array(probabilities, np.float32))[:, None])  # (T, K) -> (T, 1, K)
    assert {value.dtype for value in outputs.values()} == {np.dtype(np.float32)}
    assert special.softmax(outputs["logits"], 1) == pytest.approx(np.array([mean]), abs=1e-6)
    assert outputs["mutual_information"] == pytest.approx(np.array([[mutual_information]]), abs=1e-6)
    assert outputs["class_variance"] == pytest.approx(np.array([[class_variance]]), abs=1e-6)


@settings(deadline=None)
@given(PASSES)
def test_is_as_the_formulas_are_written(passes: np.ndarray) -> None:
    outputs = said(passes)
    probability = special.softmax(passes.astype(np.float64), axis=2)
    of_mean, mean_of = stats.entropy(probability.mean(0), axis=1), stats.entropy(probability, axis=2).mean(0)
    assert (outputs["mutual_information"] >= 0).all()
    assert outputs["mutual_information"][:, 0] == pytest.approx(of_mean - mean_of, rel=1e-5, abs=1e-9)
    variance = probability.var(0, ddof=1).mean(1)
    assert outputs["class_variance"][:, 0] == pytest.approx(variance, rel=1e-5, abs=1e-12)


@settings(deadline=None)
@given(PASSES)
def test_logits_are_averaged_as_those_of_visits(passes: np.ndarray) -> None:
    means = Means(3)
    for logits in passes:
        means.add(np.arange(3), {"logits": logits})
    assert said(passes)["logits"] == pytest.approx(means.result()["logits"], rel=1e-4, abs=1e-4)


def test_sure_points_keep_their_order() -> None:
    """Passes with margins m and m + 1: the second class has about exp(-m) and exp(-m - 1)."""
    margin = np.arange(5, 33, dtype=np.float32)
    passes = np.zeros((2, len(margin), 2), np.float32)
    passes[:, :, 0] = margin, margin + 1
    outputs = said(passes)
    expected = (np.exp(-margin) - np.exp(-margin - 1)) ** 2 / 2
    assert outputs["class_variance"][:, 0] == pytest.approx(expected, rel=0.03)
    assert (np.diff(outputs["class_variance"][:, 0]) < 0).all()
    assert (np.diff(outputs["mutual_information"][:, 0]) < 0).all()
    assert (outputs["mutual_information"] > 0).all()


def test_sums_do_not_grow_with_the_passes() -> None:
    sums = Passes()
    sizes = []
    for seed in range(40):
        sums.add(torch.rand(50, 6, generator=torch.Generator().manual_seed(seed)))
        held = [*vars(sums).values(), *vars(sums.logits).values()]
        sizes.append(sum(value.numel() for value in held if isinstance(value, torch.Tensor)))
    assert set(sizes) == {50 * (6 + 6 + 1 + 1 + 1)}
