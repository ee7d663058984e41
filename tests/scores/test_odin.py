from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.special import softmax
from scipy.stats import spearmanr
from tests.scores.scored import scored

LOGITS = np.random.default_rng(0).normal(0, 5, (2000, 7)).astype(np.float32)
LEAD = LOGITS.max(axis=1) - LOGITS.mean(axis=1)


@pytest.mark.parametrize(
    ("row", "temperature", "expected"),
    [
        ([3, 3], 1000, 0),
        ([5, 2], 1000, -3),  # one other class: its log is that of one term
        ([0, -math.log(2), -math.log(4)], 1, math.log((1 / 2 + 1 / 4) / 2)),
        ([0, -2 * math.log(2), -2 * math.log(4)], 2, 2 * math.log((1 / 2 + 1 / 4) / 2)),
        ([6, 0, -math.inf], 1000, 1000 * math.log(math.exp(-0.006) / 2)),
        ([6, 0, 3], 1e6, -4.5),  # -(6 - 3) 3 / 2
    ],
)
def test_row_by_hand(row: list[float], temperature: float, expected: float) -> None:
    result = scored("odin", np.array([row], np.float32), temperature=temperature)
    assert result == pytest.approx([expected], abs=1e-5)


def test_at_1000_it_ranks_as_how_far_the_largest_is_above_the_mean() -> None:
    assert spearmanr(scored("odin", LOGITS), -LEAD).statistic > 0.9999


def test_ranks_as_the_probability() -> None:
    probability = softmax(LOGITS.astype(np.float64) / 1000, axis=1).max(axis=1)
    result = scored("odin", LOGITS)
    assert (np.diff(probability[np.argsort(-result)]) > -1e-9).all()


def test_rows_that_the_probability_ties_in_float32_keep_their_order() -> None:
    lead = np.linspace(0, 0.01, 100, dtype=np.float32)
    logits = np.stack([lead, np.zeros_like(lead), np.zeros_like(lead)], axis=1)
    assert (np.diff(scored("odin", logits)) < 0).all()
    assert len(np.unique(softmax(logits / np.float32(1000), axis=1).max(axis=1))) < 100


def test_at_1_it_is_msp_but_for_a_constant() -> None:
    np.testing.assert_allclose(scored("odin", LOGITS, temperature=1.0), scored("msp", LOGITS) - np.log(6), atol=1e-5)
