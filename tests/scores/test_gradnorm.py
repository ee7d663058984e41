from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.special import softmax
from tests.scores.scored import made, training_sample

from openworld3d.errors import UserError


def size(logits: list[float], features: list[float]) -> np.ndarray:
    outputs = {"logits": np.array([logits], np.float32), "features": np.array([features], np.float32)}
    return made("gradnorm", {})(outputs)


@pytest.mark.parametrize(
    ("logits", "features", "expected"),
    [
        ([0, 0], [5, 5], 0),
        ([math.log(3), 0], [2, -1], -(1 / 4 + 1 / 4) * 3),
        ([0, -math.inf], [2, 1], -(1 / 2 + 1 / 2) * 3),
        ([7, 7, -math.inf, -math.inf], [4], -4),
        ([9, 0], [0, 0], 0),
    ],
)
def test_row_by_hand(logits: list[float], features: list[float], expected: float) -> None:
    assert size(logits, features) == pytest.approx([expected], abs=1e-6)


def test_is_the_gradient_by_the_last_layer() -> None:
    """The outer product of p - 1/K and f, entry by entry; summed over the classes, as in OpenOOD, K times it."""
    sample = training_sample(4, voxels=5)
    probability = softmax(sample["logits"].astype(np.float64), axis=1)
    gradient = (probability - 1 / 4)[:, :, None] * sample["features"][:, None, :]  # (S, K, F)
    result = made("gradnorm", {})({"logits": sample["logits"], "features": sample["features"]})
    np.testing.assert_allclose(result, -np.abs(gradient).sum(axis=(1, 2)), rtol=1e-6)
    of_sum = (4 * probability - 1)[:, :, None] * sample["features"][:, None, :]
    np.testing.assert_allclose(4 * result, -np.abs(of_sum).sum(axis=(1, 2)), rtol=1e-6)


def test_one_class_is_refused() -> None:
    with pytest.raises(UserError, match="score gradnorm: the outputs have one known class, expected two or more"):
        size([3], [1])
