from __future__ import annotations

import numpy as np
import pytest

from openworld3d.networks.confidence import log_odds_of_error, max_probability


@pytest.mark.parametrize(
    ("probability", "expected"), [([0.5, 0.5], 0.5), ([0.25, 0.75], 0.75), ([0.2, 0.3, 0.5], 0.5), ([1.0], 1)]
)
def test_largest_probability_by_hand(probability: list[float], expected: float) -> None:
    logits = np.log(np.array([probability])) + np.array([[0], [60], [-500]])  # softmax does not see the shift
    largest = max_probability(logits.astype(np.float32))
    assert largest.dtype == np.float32
    assert largest == pytest.approx([expected] * 3, abs=2e-5)


def test_largest_probability_where_a_class_cannot_be_and_in_half_precision() -> None:
    logits = np.array([[0, 0, -np.inf], [60000, 0, 0]], np.float16)
    assert max_probability(logits).tolist() == [0.5, 1]


def test_odds_agree_with_the_probability() -> None:
    logits = np.random.default_rng(0).normal(0, 3, (50, 5)).astype(np.float32)
    p = max_probability(logits)
    assert log_odds_of_error(logits) == pytest.approx(np.log((1 - p) / p), abs=1e-4)
