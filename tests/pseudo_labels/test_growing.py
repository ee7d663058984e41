"""A region that grows along lines of points, traced by hand, and beside a growth written with sets and sorts."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openworld3d.networks.layers.geometry import ball_neighbors
from openworld3d.pseudo_labels import growing
from openworld3d.pseudo_labels.growing import Growing, alike, draw_seeds, grow, has_grown, highest, typical

OPTIONS = Growing(radius=1, neighbors=9, beta=1, seed_share=0.2, seeds=3)
EXP_1 = 0.36787944


def line(points: int) -> np.ndarray:
    """Return points one metre apart: (points, 3) float32."""
    return np.arange(points, dtype=np.float32)[:, None] * np.array([1, 0, 0], np.float32)


def neighbors(coord: np.ndarray, radius: float) -> np.ndarray:
    return ball_neighbors(coord, np.array([len(coord)]), radius, len(coord))


def region(probability: list[float], radius: float, seeds: list[int], stop_at: float = 2.0) -> list[int]:
    """Return the region of points one metre apart, in rising order."""
    coord = line(len(probability))
    p = np.array(probability, np.float32)
    return sorted(grow(coord, p, neighbors(coord, radius), np.array(seeds), stop_at).tolist())


def grow_slowly(
    coord: np.ndarray, probability: np.ndarray, neighbor: np.ndarray, seeds: np.ndarray, stop_at: float
) -> list[int]:
    """Return the region as PDF's steps say it, with full sorts, and everything computed anew in each round."""
    p, member = probability.astype(np.float64), seeds.tolist()
    while True:
        if p[member].mean() > stop_at and len(member) > 0.01 * len(p) and len(member) > 50:
            return member
        candidates = sorted({j for i in member for j in neighbor[i].tolist()} - {*member, len(p)})
        best = np.zeros(0, int)
        if candidates:
            distance = np.linalg.norm(coord[candidates] - coord[member].mean(0, dtype=np.float64), axis=1)
            closeness = 1 - (distance - distance.min()) / (distance.max() - distance.min() + 1e-3)
            ordered = np.sort(p[member])
            low, high = ordered[max(1, len(member) // 10) - 1], ordered[max(1, int(len(member) * 0.6)) - 1]
            center = np.mean([value for value in ordered if low <= value <= high])
            worth = 0.4 * closeness + 0.6 * np.exp(-np.abs(p[candidates] - center))
            best = np.argsort(-worth)[: int(0.4 * len(candidates))]
        grown = sorted({*member, *(candidates[number] for number in best)})
        if len(grown) == len(member):
            return member
        member = grown


def test_seeds_are_of_the_lowest_largest_logits() -> None:
    largest = np.array([5, 1, 9, 3, 7, 2, 8, 6, 4, 0], np.float32)  # of ten points, the two lowest are 9 and 1
    logits = np.stack([largest - 4, largest], 1)
    drawn = {tuple(draw_seeds(logits, OPTIONS, np.random.default_rng(seed)).tolist()) for seed in range(100)}
    assert drawn == set(product((1, 9), repeat=3))


@pytest.mark.parametrize("points", [1, 4])
def test_seed_of_a_cloud_whose_share_is_no_point(points: int) -> None:
    logits = -np.arange(points, dtype=np.float32)[:, None]
    assert draw_seeds(logits, OPTIONS, np.random.default_rng(0)).tolist() == [points - 1] * 3


@pytest.mark.parametrize(
    ("probability", "beta", "expected"),
    [([0.25, 0.75], 1, 0.5 - 0.5**0.5 / 2), ([0, 0.5, 1], 2, -0.5), ([0.3], 2, 0.3), ([0.5] * 4, 2, 0.5)],
)
def test_stopping_confidence_by_hand(probability: list[float], beta: float, expected: float) -> None:
    assert growing.stopping_confidence(np.array(probability, np.float32), beta) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("confidence", "expected"),
    [
        ([0.7], 0.7),
        ([0.2, 0.9], 0.2),  # both quantiles are the lowest
        ([0.9, 0.1, 0.5, 0.3, 0.7], 0.3),  # the three lowest
        ([i / 20 for i in range(20)], 0.3),  # the 2nd to the 12th: 1/20 to 11/20
        ([0.4] * 9 + [1.0], 0.4),
    ],
)
def test_typical_confidence_by_hand(confidence: list[float], expected: float) -> None:
    assert typical(np.array(confidence, np.float32)) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("size", "confidence", "points", "expected"),
    [
        (50, 0.6, 100, False),
        (51, 0.6, 100, True),
        (51, 0.5, 100, False),  # not above, but at it
        (100, 0.6, 10_000, False),
        (101, 0.6, 10_000, True),
    ],
)
def test_growth_ends_above_the_confidence_and_both_sizes(
    size: int, confidence: float, points: int, expected: bool
) -> None:
    assert has_grown(np.full(size, confidence, np.float32), 0.5, points) is expected


def test_likeness_by_hand() -> None:
    assert alike(np.array([1, 0.5, 0]), np.array([0, 1, -1])) == pytest.approx([1, 0.2 + 0.6 * EXP_1, 0.6 * EXP_1])


def test_highest_takes_the_first_of_equal_ones() -> None:
    value = np.array([0.5, 0.9, 0.5, 0.1, 0.5])
    assert [np.flatnonzero(highest(value, count)).tolist() for count in (1, 2, 3, 5)] == [
        [1],
        [0, 1],
        [0, 1, 2],
        [0, 1, 2, 3, 4],
    ]


@pytest.mark.parametrize(
    ("probability", "radius", "seeds", "expected"),
    [
        ([0.5] * 9, 0.5, [4], [4]),  # nobody near
        ([0.5] * 9, 1.1, [4], [4]),  # two candidates, of which 40 % are none
        ([0.5] * 4, 3.1, [0], [0, 1]),  # of three candidates one joins, the nearest; of the other two none
        # 2 joins, 0.4 * 0.5 + 0.6 against 0.4 + 0.6 / e for 1; then the centroid is 1, and two candidates are left.
        ([0, 1, 0, 1], 3.1, [0], [0, 2]),
        # 1 joins, and reaches 4; then 2 of the candidates 2, 3, 4, which reaches 5; and so on, until two are left.
        ([0.5] * 7, 3.1, [0], [0, 1, 2, 3, 4]),
        ([0.5] * 6, 9.0, [5, 2, 0], [0, 2, 3, 5]),  # the centroid is 7/3: 3 is nearest of 1, 3, 4
    ],
)
def test_growth_along_a_line(probability: list[float], radius: float, seeds: list[int], expected: list[int]) -> None:
    assert region(probability, radius, seeds) == expected


@pytest.mark.parametrize(
    ("seeds", "expected"),
    [
        ([0, 6], [0, 2, 3, 4, 6]),  # the centroid is 3, then 2.75
        ([0, 0, 0, 0, 0, 6], [0, 1, 2, 3, 6]),  # the centroid is 1: 1 and 2 join; then it is 2.25
        ([0, 0, 0, 6], [0, 0, 0, 6]),  # 1 and 2 would join, but four points are no more than the four seeds
        ([0, 0, 6, 6, 6], [0, 2, 3, 4, 6]),
    ],
)
def test_seed_counts_as_often_as_it_is_drawn_in_the_first_round(seeds: list[int], expected: list[int]) -> None:
    assert region([0.5] * 7, 9.0, seeds) == expected


def test_seeds_that_nobody_joins_are_there_once() -> None:
    assert region([0.5] * 9, 0.5, [4, 4, 6]) == [4, 6]


def test_repeated_seeds_count_towards_the_size() -> None:
    assert region([0.9] * 100, 3.1, [*range(26), *range(26)], stop_at=0.5) == sorted([*range(26), *range(26)])
    assert len(region([0.9] * 100, 3.1, list(range(26)), stop_at=0.5)) > 50


def test_seeds_that_are_sure_and_many_do_not_grow() -> None:
    assert region([0.9] * 100 + [0.1] * 100, 3.1, list(range(51)), stop_at=0.5) == list(range(51))
    assert len(region([0.9] * 100 + [0.1] * 100, 3.1, list(range(50)), stop_at=0.5)) == 51
    assert len(region([0.9] * 100 + [0.1] * 100, 3.1, list(range(50)), stop_at=0.95)) > 150


def test_growth_stops_after_so_many_rounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(growing, "MOST_ROUNDS", 3)
    assert region([0.5] * 50, 3.1, [0]) == [0, 1, 2, 3]


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 120), st.sampled_from([0.1, 0.3, 0.6]), st.floats(0.2, 0.9))
def test_growth_is_that_of_the_steps_in_any_order_of_points(
    seed: int, points: int, radius: float, stop_at: float
) -> None:
    generator = np.random.default_rng(seed)
    coord = generator.uniform(0, 1, (points, 3)).astype(np.float32)
    probability = generator.uniform(0.1, 1, points).astype(np.float32)
    seeds = generator.choice(generator.integers(0, points, 4), 5)  # some of them more than once
    grown = grow(coord, probability, neighbors(coord, radius), seeds, stop_at)
    assert sorted(grown.tolist()) == sorted(grow_slowly(coord, probability, neighbors(coord, radius), seeds, stop_at))
    order = generator.permutation(points)
    place = np.argsort(order)[seeds]
    moved = grow(coord[order], probability[order], neighbors(coord[order], radius), place, stop_at)
    assert sorted(order[moved].tolist()) == sorted(grown.tolist())
