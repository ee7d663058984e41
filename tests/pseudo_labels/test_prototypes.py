from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from openworld3d.protocols.protocol import IGNORED
from openworld3d.pseudo_labels.prototypes import low_confidence_mask, prototype_mask

# Of two classes, the probabilities 1/2, 3/4 and 9/10; of three that are equal, 1/3.
LOGITS = np.log(np.array([[1, 1, 1e-9], [1, 3, 1e-9], [9, 1, 1e-9], [1, 1, 1]])).astype(np.float32)
# What a point looks like: of class 0, of class 1, of neither.
FIRST, SECOND, NEITHER = [8.0, 0, 0], [0, 8.0, 0], [4.0, 3, 4]


@pytest.mark.parametrize(
    ("threshold", "expected"),
    [(0.3, [0, 0, 0, 0]), (0.4, [0, 0, 0, 1]), (0.7, [1, 0, 0, 1]), (0.8, [1, 1, 0, 1]), (1.0, [1, 1, 1, 1])],
)
def test_mask_by_hand(threshold: float, expected: list[int]) -> None:
    mask = low_confidence_mask(LOGITS, threshold)
    assert mask.dtype == bool
    assert mask.tolist() == [bool(marked) for marked in expected]


def test_one_class_is_never_below_its_probability_of_1() -> None:
    assert not low_confidence_mask(np.zeros((3, 1), np.float32), 1.0).any()


@given(st.integers(0, 10**6), st.floats(0, 1), st.floats(0, 1))
def test_higher_threshold_marks_no_fewer(seed: int, one: float, other: float) -> None:
    logits = np.random.default_rng(seed).normal(0, 3, (20, 4)).astype(np.float32)
    low, high = sorted((one, other))
    assert (low_confidence_mask(logits, low) <= low_confidence_mask(logits, high)).all()


def mask_of(rows: list[list[float]], target: list[int], seed: int = 0) -> list[bool]:
    logits = np.array(rows, np.float32)
    return prototype_mask(logits, np.array(target), np.random.default_rng(seed)).tolist()


def test_points_like_no_class_are_in_the_extra_cluster() -> None:
    rows = [FIRST, FIRST, SECOND, NEITHER, NEITHER]
    assert mask_of(rows, [0, 0, 1, IGNORED, IGNORED]) == [False] * 3 + [True] * 2


def test_drawn_point_decides() -> None:
    rows = [FIRST, SECOND, NEITHER, NEITHER, FIRST]
    masks = {tuple(mask_of(rows, [0, 1] + [IGNORED] * 3, seed)) for seed in range(30)}
    # Where the last is drawn, the extra centre lies on that of class 0, which wins; NEITHER, nearest to it, then
    # draws the centre of class 0 away, and the last point is alone with the extra one.
    assert masks == {(False, False, True, True, False), (False, False, False, False, True)}


def test_labelled_points_stay_with_their_class_and_pull_its_centre() -> None:
    # Alone, a point at NEITHER that is labelled 0 draws the centre of class 0 there, and the others after it.
    rows = [NEITHER, SECOND, NEITHER, NEITHER]
    assert mask_of(rows, [0, 1, IGNORED, IGNORED]) == [False] * 4


def test_three_rounds_by_hand() -> None:
    """Logits 0 and x are at -x and 0 in log softmax, so that points lie in a line."""
    place = [10, *range(12, 32, 2)]
    target = [1] + [IGNORED] * 10
    draws_12 = next(seed for seed in range(99) if np.random.default_rng(seed).choice(np.arange(1, 11)) == 1)
    # The centres are 10 and 12, and all but the labelled point go to 12; then 10 and 21, which leaves 12 and 14 to
    # the class; then 12 and 23, which leaves it 16. A fourth time, at 13 and 24, would leave it 18.
    assert mask_of([[0, x] for x in place], target, draws_12) == [x >= 18 for x in place]


@pytest.mark.parametrize("target", [[0, 1, 1], [IGNORED] * 3])
def test_none_is_marked_where_all_are_labelled_or_none(target: list[int]) -> None:
    assert mask_of([FIRST, SECOND, NEITHER], target) == [False] * 3


@given(st.integers(0, 10**6), st.integers(1, 40), st.integers(1, 5))
def test_laws(seed: int, points: int, classes: int) -> None:
    generator = np.random.default_rng(seed)
    logits = generator.normal(0, 3, (points, classes)).astype(np.float32)
    target = generator.choice([*range(classes), IGNORED], points)
    mask = prototype_mask(logits, target, np.random.default_rng(seed))
    assert mask.dtype == bool
    assert not mask[target != IGNORED].any()
    assert (mask == prototype_mask(logits, target, np.random.default_rng(seed))).all()
    shift = generator.normal(0, 5, (points, 1)).round()  # softmax does not see it
    assert (mask == prototype_mask(logits.astype(np.float64) + shift, target, np.random.default_rng(seed))).all()
