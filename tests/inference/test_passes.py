from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.special import softmax
from scipy.stats import entropy

from openworld3d.inference.averaging import Means
from openworld3d.inference.passes import Passes

LOGITS = arrays(
    np.float32, st.tuples(st.integers(2, 7), st.just(3), st.just(4)), elements=st.floats(-60, 60, width=32)
)
LOG_2, LOG_3 = math.log(2), math.log(3)


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
    assert softmax(outputs["logits"], 1) == pytest.approx(np.array([mean]), abs=1e-6)
    assert outputs["mutual_information"] == pytest.approx(np.array([[mutual_information]]), abs=1e-6)
    assert outputs["class_variance"] == pytest.approx(np.array([[class_variance]]), abs=1e-6)


@settings(deadline=None)
@given(LOGITS)
def test_is_as_the_formulas_are_written(passes: np.ndarray) -> None:
    outputs = said(passes)
    probability = softmax(passes.astype(np.float64), axis=2)
    of_mean, mean_of = entropy(probability.mean(0), axis=1), entropy(probability, axis=2).mean(0)
    assert (outputs["mutual_information"] >= 0).all()
    assert outputs["mutual_information"][:, 0] == pytest.approx(of_mean - mean_of, rel=1e-5, abs=1e-9)
    variance = probability.var(0, ddof=1).mean(1)
    assert outputs["class_variance"][:, 0] == pytest.approx(variance, rel=1e-5, abs=1e-12)


@settings(deadline=None)
@given(LOGITS)
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
        sizes.append(sum(value.numel() for value in vars(sums).values() if isinstance(value, torch.Tensor)))
    assert set(sizes) == {50 * (6 + 6 + 1 + 1 + 1)}
