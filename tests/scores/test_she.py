from __future__ import annotations

import math

import numpy as np
import pytest
from tests.scores.scored import Sample, made

from openworld3d.errors import UserError


def sample(features: list[list[float]], logits: list[list[float]], target: list[int]) -> Sample:
    return {
        "features": np.array(features, np.float32),
        "logits": np.array(logits, np.float32),
        "target": np.array(target, np.uint8),
    }


# Right of class 0: (2, 0) and (4, 2), mean (3, 1). Right of class 1: (0, 5). The last is of class 2, predicted 0.
FITTED = sample([[2, 0], [4, 2], [0, 5], [9, 9]], [[9, 0, 0], [9, 0, 0], [0, 9, 0], [9, 0, 0]], [0, 0, 1, 2])


@pytest.mark.parametrize(
    ("features", "logits", "expected"),
    [
        ([1, 1], [5, 0, 0], -4),
        ([1, 1], [0, 5, 0], -5),
        ([-1, 2], [5, 0, 0], 1),
        ([1, 1], [1, 0, 5], -4),  # class 2 has no pattern: the next is 0
        ([1, 1], [2, 2, 0], -4),  # of -4 and -5
        ([1, 1], [-math.inf, 0, 0], -5),
    ],
)
def test_row_by_hand(features: list[float], logits: list[float], expected: float) -> None:
    outputs = {"features": np.array([features], np.float32), "logits": np.array([logits], np.float32)}
    assert made("she", FITTED)(outputs) == pytest.approx([expected])


def test_network_that_gets_nothing_right_is_refused() -> None:
    with pytest.raises(UserError, match="score she: no voxel of the training sample is predicted right; train"):
        made("she", sample([[1, 2]], [[0, 1]], [0]))
