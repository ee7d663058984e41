from __future__ import annotations

import math

import numpy as np
import pytest
from tests.scores.scored import Sample, made

EVEN, SURE = [0.0, 0.0], [0.0, -math.inf]  # an entropy of 1, and of 0


@pytest.mark.parametrize(
    ("logits", "distance", "squared_norm", "expected"),
    [
        (EVEN, 0.4, 5, 0.2),
        (EVEN, 0.4, 9, 0.2),  # no longer than known
        (EVEN, 0.4, 0, 0.7),
        (SURE, 0.4, 1, 0.4),  # where the network is sure, the length alone
        (SURE, 2.0, 20, 0),
        ([math.log(3), 0], 1.0, 4, ((2 * math.log(2) - 3 / 4 * math.log(3)) / math.log(2) + 1 / 5) / 2),
    ],
)
def test_row_by_hand(logits: list[float], distance: float, squared_norm: float, expected: float) -> None:
    outputs: Sample = {
        "logits": np.array([logits], np.float32),
        "prototype_distance": np.array([[distance]], np.float32),
        "squared_norm": np.array([[squared_norm]], np.float16),
    }
    score = made("prototype_distance", {})(outputs)
    assert score.dtype == np.float32
    assert score == pytest.approx([expected], abs=1e-6)


def test_radius_is_where_a_point_is_known() -> None:
    outputs: Sample = {
        "logits": np.zeros((3, 4), np.float32),
        "prototype_distance": np.zeros((3, 1), np.float32),
        "squared_norm": np.array([[0], [0.5], [1]], np.float32),
    }
    assert made("prototype_distance", {}, radius=1.0)(outputs) == pytest.approx([0.5, 0.25, 0])
