from __future__ import annotations

import math
import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from tests.scores.scored import Sample, made

from openworld3d.errors import UserError
from openworld3d.scores.knn import uniform_part

FEATURES = arrays(np.float32, st.tuples(st.integers(5, 20), st.just(4)), elements=st.floats(0, 8, width=16))
DEGREES_60 = [0.5, math.sqrt(3) / 2]
MEBIBYTE = 1 << 20


def sample(features: list[list[float]]) -> Sample:
    return {"features": np.array(features, np.float32)}


ANGLES = sample([[3, 0], [2 * value for value in DEGREES_60], [0, 7]])  # at 0, 60 and 90 degrees
WITH_ZERO = sample([[0, 0], [0, 0], [1, 0]])


@pytest.mark.parametrize(
    ("fitted", "k", "row", "expected"),
    [
        (ANGLES, 1, [5, 0], 0),
        (ANGLES, 2, [5, 0], 1),  # the chord of 60 degrees
        (ANGLES, 3, [5, 0], math.sqrt(2)),
        (ANGLES, 1, [0.01, 0], 0),  # of length 1 as any other
        (ANGLES, 2, DEGREES_60, 2 * math.sin(math.radians(15))),  # the chord of 30 degrees
        (ANGLES, 3, [-4, 0], 2),
        (ANGLES, 1, [0, 0], 1),
        (ANGLES, 3, [0, 0], 1),
        (WITH_ZERO, 2, [0, 0], 0),
        (WITH_ZERO, 3, [0, 0], 1),
        (WITH_ZERO, 1, [0, 4], 1),
        (WITH_ZERO, 3, [0, 4], math.sqrt(2)),
    ],
)
def test_row_by_hand(fitted: Sample, k: int, row: list[float], expected: float) -> None:
    result = made("knn", fitted, k=k)({"features": np.array([row], np.float32)})
    assert result == pytest.approx([expected], abs=1e-6)


@settings(deadline=None)
@given(FEATURES, st.integers(1, 4))
def test_is_the_kth_of_all_distances(features: np.ndarray, k: int) -> None:
    length = np.linalg.norm(features.astype(np.float64), axis=1, keepdims=True)
    unit = features / np.where(length == 0, 1, length)
    distance = np.linalg.norm(unit[:, None] - unit[1:], axis=2)  # (R, S)
    result = made("knn", {"features": features[1:]}, k=k)({"features": features})
    np.testing.assert_allclose(result, np.sort(distance, axis=1)[:, k - 1], atol=1e-6)


def test_k_above_the_sample_is_refused() -> None:
    sentence = (
        "score knn: k is 4, but the bank has 3 voxels of the training sample; take a k up to that in the config"
    )
    with pytest.raises(UserError, match=sentence):
        made("knn", ANGLES, k=4)


def test_bank_is_a_uniform_part_of_the_training_voxels() -> None:
    """Of classes that are as large as 8, 4 and 1 the bank has all rows, half and an eighth, and at least one."""
    target = np.repeat(np.array([2, 5, 7, 9], np.uint8), [6, 6, 6, 1])
    weight = np.array([0, 0, 8, 0, 0, 4, 0, 1, 0, 0.1])[target]
    assert uniform_part(target, weight).tolist() == [0, 1, 2, 3, 4, 5, 6, 7, 8, 12, 18]
    assert uniform_part(target, np.ones(19)).tolist() == list(range(19))
    # Of unequal weights within a class, every voxel of the largest and every tenth of a tenth.
    unequal = np.array([10.0, *[1] * 20])
    assert uniform_part(np.zeros(21), unequal).tolist() == [0, 6, 16]
    assert uniform_part(np.zeros(21), unequal[::-1]).tolist() == [5, 15, 20]
    assert uniform_part(np.zeros(3), np.array([3.0, 10, 3])).tolist() == [1, 2]
    assert uniform_part(np.array([0, 0, 1]), np.array([1.0, 100, 100])).tolist() == [1, 2]
    features = np.concatenate([np.tile([1.0, 0], (6, 1)), np.tile([0, 1.0], (13, 1))]).astype(np.float32)
    score = made("knn", {"features": features, "target": target, "weight": weight}, k=6)
    assert score({"features": np.array([[0, 3]], np.float32)}) == pytest.approx([math.sqrt(2)])


@given(st.lists(st.integers(1, 20), min_size=1, max_size=30))
def test_bank_has_no_voxel_twice_and_all_of_the_largest_weight(weight: list[int]) -> None:
    rows = uniform_part(np.zeros(len(weight)), np.array(weight, np.float64)).tolist()
    assert len(set(rows)) == len(rows) > 0
    assert {row for row, value in enumerate(weight) if value == max(weight)} <= set(rows)


def test_bank_of_usual_size_takes_bounded_memory() -> None:
    features = np.random.default_rng(0).random((12000, 48), np.float32)
    score = made("knn", {"features": features})
    tracemalloc.start()
    score({"features": features[:3000]})
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 64 * MEBIBYTE  # the distances of all rows have 275
