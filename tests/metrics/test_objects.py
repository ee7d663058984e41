from __future__ import annotations

import math
import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from openworld3d.metrics.objects import count_objects, qualities, true_instances
from openworld3d.metrics.statistics import UNIT

NONE = -1
INSTANCES = st.lists(st.tuples(st.integers(-1, 2), st.integers(-1, 2)), max_size=60)


def places(*runs: tuple[int, int]) -> np.ndarray:
    """Return the instance of each point, given runs of (instance, points)."""
    return np.repeat([instance for instance, _ in runs], [points for _, points in runs]).astype(np.int64)


BY_HAND = [
    ("nothing is there and nothing is predicted", places((NONE, 9)), places((NONE, 9)), (0, 0, 0, 0)),
    ("no point counts", places(), places(), (0, 0, 0, 0)),
    ("the object itself", places((NONE, 4), (7, 6)), places((NONE, 4), (0, 6)), (1, 1, 0, 0)),
    ("instance 0 is an instance", places((0, 6), (NONE, 1)), places((0, 6), (NONE, 1)), (1, 1, 0, 0)),
    (
        "IoU 5 / 8: 5 shared, 1 missed, 2 too many",
        places((1, 6), (NONE, 2)),
        places((NONE, 1), (3, 7)),
        (5 / 8, 1, 0, 0),
    ),
    ("an IoU of 1 / 2 is none", places((1, 6), (NONE, 6)), places((3, 12)), (0, 0, 1, 1)),
    ("just above 1 / 2: 6 / 11", places((1, 6), (NONE, 5)), places((3, 11)), (6 / 11, 1, 0, 0)),
    ("true positives of any size", places((1, 1), (2, 2)), places((5, 1), (6, 2)), (2, 2, 0, 0)),
    ("under 5 points nothing is missed or false", places((1, 4), (NONE, 4)), places((NONE, 4), (3, 4)), (0, 0, 0, 0)),
    ("from 5 points on both are", places((1, 5), (NONE, 5)), places((NONE, 5), (3, 5)), (0, 0, 1, 1)),
    (
        "an object in two parts: the larger one matches, the smaller one is false",
        places((1, 15), (NONE, 1)),
        places((3, 10), (4, 5), (NONE, 1)),
        (10 / 15, 1, 1, 0),
    ),
    (
        "two objects taken for one: 10 of 15 match, the other is missed",
        places((1, 10), (2, 5)),
        places((3, 15)),
        (10 / 15, 1, 0, 1),
    ),
    (
        "the same numbers mean nothing: 1 and 2 are swapped",
        places((1, 6), (2, 8)),
        places((2, 6), (1, 8)),
        (2, 2, 0, 0),
    ),
]


@pytest.mark.parametrize(
    ("true", "predicted", "expected"), [row[1:] for row in BY_HAND], ids=[row[0] for row in BY_HAND]
)
def test_counts_by_hand(true: np.ndarray, predicted: np.ndarray, expected: tuple[float, ...]) -> None:
    iou, *counts = count_objects(true, predicted).tolist()
    assert (iou / UNIT, *counts) == (pytest.approx(expected[0], abs=1e-9), *expected[1:])


def test_instances_of_other_classes_are_other_instances() -> None:
    label = np.array([3, 3, 4, 4, 5, 3], np.uint8)
    instance = np.array([-1, 0, 0, -1, 0, -1], np.int32)
    found = true_instances(label, instance, np.array([True, True, True, True, False, True]))
    assert found[4] == NONE
    assert found[0] == found[5]  # without an instance: one together, of each class
    assert len(set(found[:4].tolist())) == 4
    assert (found[:4] >= 0).all()


@given(INSTANCES, st.randoms(use_true_random=False))
def test_neither_the_order_of_points_nor_the_numbers_of_instances_matter(
    points: list[tuple[int, int]], shuffler: random.Random
) -> None:
    true, predicted = np.array(points, np.int64).reshape(-1, 2).T
    shuffled = [*points]
    shuffler.shuffle(shuffled)
    other_true, other_predicted = np.array(shuffled, np.int64).reshape(-1, 2).T
    renamed = np.where(other_predicted >= 0, 70_000 - other_predicted, NONE)
    np.testing.assert_array_equal(count_objects(true, predicted), count_objects(other_true, renamed))


@given(INSTANCES)
def test_true_and_predicted_change_places(points: list[tuple[int, int]]) -> None:
    true, predicted = np.array(points, np.int64).reshape(-1, 2).T
    iou, tp, fp, fn = count_objects(true, predicted)
    assert count_objects(predicted, true).tolist() == [iou, tp, fn, fp]


@given(st.lists(INSTANCES, max_size=5))
def test_counts_of_scenes_add_up_to_those_of_all_points(scenes: list[list[tuple[int, int]]]) -> None:
    """Instances of different scenes are different ones."""
    arrays = [np.array(points, np.int64).reshape(-1, 2) for points in scenes]
    pooled = [np.where(points >= 0, points + 10 * number, NONE) for number, points in enumerate(arrays)]
    together = np.concatenate([np.zeros((0, 2), np.int64), *pooled])
    added = sum((count_objects(*points.T) for points in arrays), np.zeros(4, np.int64))
    np.testing.assert_array_equal(count_objects(*together.T), added)


@pytest.mark.parametrize(
    ("iou", "tp", "fp", "fn", "expected"),
    [
        (1.5, 2, 3, 1, {"sq": 3 / 4, "recallq": 2 / 3, "uq": 1 / 2, "rq": 1 / 2, "pq": 3 / 8}),
        (2, 2, 0, 0, dict.fromkeys(("sq", "recallq", "uq", "rq", "pq"), 1)),
        (0, 0, 0, 2, dict.fromkeys(("sq", "recallq", "uq", "rq", "pq"), 0)),
        (0, 0, 2, 0, {"sq": 0, "recallq": math.nan, "uq": math.nan, "rq": 0, "pq": 0}),
    ],
)
def test_qualities_by_hand(iou: float, tp: int, fp: int, fn: int, expected: dict[str, float]) -> None:
    counts = np.array([iou * UNIT, tp, fp, fn]).astype(np.int64)
    found = qualities(np.stack([counts, 2 * counts]))
    for name, value in expected.items():
        np.testing.assert_allclose(getattr(found, name), [value, value], err_msg=name)
    assert (found.tp.tolist(), found.fp.tolist(), found.fn.tolist()) == ([tp, 2 * tp], [fp, 2 * fp], [fn, 2 * fn])


def test_without_any_instance_nothing_is_said() -> None:
    assert np.isnan(qualities(np.zeros((2, 4), np.int64))).all()
