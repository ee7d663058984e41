from __future__ import annotations

import math

import numpy as np
import pytest
from tests.scores.scored import Sample, made


def sample(largest: list[float], distance: list[float], weight: list[float]) -> Sample:
    return {
        "logits": np.stack([largest, np.full(len(largest), -99)], axis=1).astype(np.float32),
        "range": np.array(distance, np.float32)[:, None],
        "weight": np.array(weight, np.float64),
    }


# Two bins, up to 4 metres and beyond: logits 8 and 12 near, 1 and 5 far.
PLAIN = sample([8, 12, 1, 5], [2, 4, 10, 20], [1, 1, 1, 1])
# The farthest voxel stands for half: the other three, of mean 8, are near.
WEIGHTED = sample([8, 12, 4, 5], [2, 4, 10, 20], [1, 1, 1, 3])
# Far there is one logit alone: mean 8 and variance 6 of all.
CONSTANT = sample([8, 12, 6, 6], [2, 4, 10, 20], [1, 1, 1, 1])


@pytest.mark.parametrize(
    ("fitted", "bins", "logit", "distance", "expected"),
    [
        (PLAIN, 2, 10, 3, 0),
        (PLAIN, 2, 10, 4, 0),
        (PLAIN, 2, 10, 4.1, -3.5),
        (PLAIN, 2, 5, 500, -1),
        (PLAIN, 2, 6, 0, 2),
        (PLAIN, 1, 6.5, 3, 0),
        (WEIGHTED, 2, 8, 10, 0),
        (CONSTANT, 2, 10, 3, 0),
        (CONSTANT, 2, 10, 30, -2 / math.sqrt(6)),
        (CONSTANT, 50, 8, 3, 0),  # more bins than voxels
        (sample([3, 3], [1, 2], [1, 1]), 2, 5, 1, -2),
    ],
)
def test_row_by_hand(fitted: Sample, bins: int, logit: float, distance: float, expected: float) -> None:
    outputs = {
        "logits": np.array([[-math.inf, logit]], np.float32),
        "range": np.array([[distance]], np.float32),
    }
    assert made("range_standardised_max_logit", fitted, bins=bins)(outputs) == pytest.approx([expected], abs=1e-6)


def test_what_falls_with_the_range_alone_is_no_sign() -> None:
    generator = np.random.default_rng(0)
    distance = generator.uniform(2, 50, 20000)
    logit = 20 - distance / 4 + generator.normal(0, 1, 20000)
    fitted = sample(logit.tolist(), distance.tolist(), [1] * 20000)
    outputs = {name: fitted[name] for name in ("logits", "range")}
    result = made("range_standardised_max_logit", fitted)(outputs)
    assert abs(np.corrcoef(result, distance)[0, 1]) < 0.05
    assert np.corrcoef(-logit, distance)[0, 1] > 0.9
