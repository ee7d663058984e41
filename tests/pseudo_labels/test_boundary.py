"""Trees and cuts of graphs small enough to do by hand, and beside both a forest grown edge by edge."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_matrix

from openworld3d.networks.layers.geometry import ball_neighbors
from openworld3d.pseudo_labels.boundary import CUTS, alikeness, large_parts
from openworld3d.pseudo_labels.mixture import fit_mixture


def graph_of(edges: dict[tuple[int, int], float], points: int) -> csr_matrix:
    """Return a graph of directed edges."""
    return csr_matrix((list(edges.values()), tuple(zip(*edges))), (points, points))


def parts_of(
    region: np.ndarray, coord: np.ndarray, probability: np.ndarray, neighbor: np.ndarray, reading: str
) -> list[bool]:
    return large_parts(np.flatnonzero(region), coord, probability, neighbor, reading).tolist()


def kept(reading: str, edges: dict[tuple[int, int], float], points: int = 5) -> set[tuple[int, int]]:
    forest = CUTS[reading](graph_of(edges, points)).tocoo()
    return {(min(i, j), max(i, j)) for i, j in zip(forest.row.tolist(), forest.col.tolist())}


def comb(teeth: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return a row of ten points one metre apart, some with a neighbour beside them, and all neighbours."""
    row = [[x, 0, 0] for x in range(10)] + [[x, 1, 0] for x in range(teeth)]
    coord = np.array(row, np.float32)
    return np.arange(len(coord)) < 10, coord, ball_neighbors(coord, np.array([len(coord)]), 1.1, 9)


def large_parts_slowly(
    member: list[int], coord: np.ndarray, probability: np.ndarray, neighbor: np.ndarray, reading: str
) -> set[int]:
    """Return the large parts as PDF's steps say them, with sets and a forest grown edge by edge (Kruskal)."""
    points, sign = len(coord), {"textbook": -1}.get(reading, 1)
    directed: dict[tuple[int, int], float] = {}
    listed = [j for i in member for j in neighbor[i].tolist()]
    for i in member:
        near = [j for j in neighbor[i].tolist() if j not in (i, points)]
        distance = {j: float(np.linalg.norm(coord[i] - coord[j])) for j in near}
        least = min(distance.values(), default=0) if len(near) == neighbor.shape[1] else 0
        if reading != "as_released":
            least = 0
        for j in near:
            if j in member:
                place = 1 - (distance[j] - least) / (max(distance.values()) - least + 1e-3)
                likeness = 0.4 * place + 0.6 * float(np.exp(-abs(float(probability[i]) - float(probability[j]))))
                directed[i, j] = directed.get((i, j), 0) + likeness
    weight: dict[tuple[int, int], float] = {}
    for (i, j), likeness in directed.items():
        edge = (min(i, j), max(i, j))
        weight[edge] = sign * min(sign * likeness, sign * weight.get(edge, likeness))
    forest = spanning(weight, sign)
    if forest:
        upper = fit_mixture(np.array([weight[edge] for edge in forest]))
        mean, variance = upper.mean[1], upper.variance[1]
        if reading == "textbook":
            forest = [edge for edge in forest if weight[edge] >= mean - 2 * variance**0.5]
        else:
            forest = [edge for edge in forest if weight[edge] < mean - 2 * variance]
    around = sorted({*member, *listed} - {points})
    parts = joined(around, forest)
    dropped = {around[0]} if reading == "as_released" and points not in listed else set()
    size = np.array([len(part - dropped) for part in parts])
    counted = size[size > 0] if size.any() else np.ones(1)
    return set().union(*[part for n, part in zip(size, parts) if n > counted.mean() + 2 * counted.std() + 1e-9])


def spanning(weight: dict[tuple[int, int], float], sign: int) -> list[tuple[int, int]]:
    """Return the edges of the forest with the least sum of weights, or with sign -1 the greatest."""
    forest: list[tuple[int, int]] = []
    parts = {point: {point} for edge in weight for point in edge}
    for i, j in sorted(weight, key=lambda edge: sign * weight[edge]):
        if parts[i] is not parts[j]:
            forest.append((i, j))
            parts[i] |= parts[j]
            for point in parts[j]:
                parts[point] = parts[i]
    return forest


def joined(points: list[int], edges: list[tuple[int, int]]) -> list[set[int]]:
    """Return the parts that some edges make of points."""
    parts = {point: {point} for point in points}
    for i, j in edges:
        parts[i] |= parts[j]
        for point in parts[j]:
            parts[point] = parts[i]
    return [part for point, part in parts.items() if point == min(part)]


def test_likeness_by_hand() -> None:
    """Of the points 0, 1, 3, 7 in a line, the last is outside, and the farthest neighbour of 3 alone."""
    coord = np.array([[0, 0, 0], [1, 0, 0], [3, 0, 0], [7, 0, 0]], np.float32)
    p = np.array([0.5, 0.5, 1.0, 0.1], np.float32)
    neighbor = np.array([[0, 1, 2], [0, 1, 2], [1, 2, 3], [2, 3, 4]])
    half = np.exp(-0.5)
    expected = [
        [0, 0.4 * (1 - 1 / 3.001) + 0.6, 0.4 * (1 - 3 / 3.001) + 0.6 * half],
        [0.4 * (1 - 1 / 2.001) + 0.6, 0, 0.4 * (1 - 2 / 2.001) + 0.6 * half],
        [0, 0.4 * (1 - 2 / 4.001) + 0.6 * half, 0],
    ]
    graph = alikeness(np.arange(3), coord, p, neighbor, as_released=False)
    assert graph.toarray() == pytest.approx(np.array(expected), abs=1e-6)


@pytest.mark.parametrize(
    ("near", "least", "farthest"),
    [
        ([1, 2, 3], 1, 7),  # full, and 0 itself was left out
        ([0, 1, 2], 0, 3),
        ([1, 2, 4], 0, 3),  # padded
    ],
)
def test_least_distance_is_taken_off_as_released(near: list[int], least: int, farthest: int) -> None:
    """The points are 0, 1, 3, 7 in a line, and what is near the first differs."""
    coord, p = np.array([[0, 0, 0], [1, 0, 0], [3, 0, 0], [7, 0, 0]], np.float32), np.full(4, 0.5, np.float32)
    neighbor = np.array([near, [0, 1, 2], [1, 2, 3], [2, 3, 4]])
    expected = [0.4 * (1 - (d - m) / (farthest - m + 1e-3)) + 0.6 for m in (least, 0) for d in (1, 3)]
    found = [alikeness(np.arange(4), coord, p, neighbor, of).toarray()[0, 1:3] for of in (True, False)]
    assert np.concatenate(found) == pytest.approx(expected, abs=1e-6)


def test_edges_of_a_point_that_is_a_member_twice_weigh_twice_as_much() -> None:
    region, coord, neighbor = comb(9)
    once = np.flatnonzero(region)
    p = np.linspace(0.1, 0.9, len(coord), dtype=np.float32)
    one, two = (alikeness(member, coord, p, neighbor, True).toarray() for member in (once, np.append(once, once[3])))
    assert two[3] == pytest.approx(2 * one[3])
    assert np.delete(two, 3, axis=0) == pytest.approx(np.delete(one, 3, axis=0))


@pytest.mark.parametrize(
    ("reading", "padded", "large"),
    [("as_released", True, True), ("as_released", False, False), ("minimum_forest", False, True)],
)
def test_first_point_is_not_counted_as_released_where_no_list_is_padded(
    reading: str, padded: bool, large: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A ring of ten points has five neighbours, each a part: without the first of them, ten is not large."""
    monkeypatch.setitem(CUTS, reading, lambda graph: graph)
    coord = np.arange(15, dtype=np.float32)[:, None] * np.ones(3, np.float32)
    ring = np.arange(10)
    neighbor = np.zeros((15, 3 + padded), int) + 15
    neighbor[5:, :3] = np.stack([ring % 5, 5 + (ring - 1) % 10, 5 + (ring + 1) % 10], 1)
    expected = [False] * 5 + [large] * 10
    assert parts_of(np.arange(15) >= 5, coord, np.full(15, 0.5, np.float32), neighbor, reading) == expected


def test_likeness_of_points_in_one_place_is_above_0() -> None:
    coord, p = np.zeros((2, 3), np.float32), np.array([0, 1], np.float32)
    graph = alikeness(np.arange(2), coord, p, np.array([[0, 1], [0, 1]]), as_released=True)
    assert graph.toarray()[0] == pytest.approx([0, 0.4 + 0.6 * np.exp(-1)])


@pytest.mark.parametrize(
    ("edges", "minimum_forest", "textbook"),
    [
        # A tree: theta is 0.9 less a hair, and the two readings keep the two halves.
        (
            {(0, 1): 0.3, (1, 2): 0.9, (2, 3): 0.3, (3, 4): 0.9},
            {(0, 1), (2, 3)},
            {(1, 2), (3, 4)},
        ),
        # A triangle: the minimum forest has 0.3 and 0.5 of it, the maximum forest 0.5 and 0.9.
        ({(0, 1): 0.3, (1, 2): 0.5, (0, 2): 0.9}, {(0, 1)}, {(0, 2)}),
        # Of the two ways of an edge, the lesser counts and the greater: 0.3, 0.9 and 0.4, 0.4.
        ({(0, 1): 0.3, (1, 0): 0.4, (1, 2): 0.9, (2, 1): 0.4}, {(0, 1)}, {(1, 2)}),
        ({(0, 1): 0.5}, set(), {(0, 1)}),
        ({(0, 1): 0.5, (1, 2): 0.5}, set(), {(0, 1), (1, 2)}),
    ],
)
def test_cuts_by_hand(
    edges: dict[tuple[int, int], float], minimum_forest: set[tuple[int, int]], textbook: set[tuple[int, int]]
) -> None:
    assert kept("as_released", edges) == kept("minimum_forest", edges) == minimum_forest
    assert kept("textbook", edges) == textbook


def test_spread_is_the_variance_or_the_standard_deviation() -> None:
    """The upper Gaussian has the mean 0.8 and the standard deviation 0.1: theta is 0.78, or 0.6."""
    weights = [0.1] * 4 + [0.7, 0.9] * 4 + [0.79]
    edges = {(number, number + 1): weight for number, weight in enumerate(weights)}
    assert fit_mixture(np.array(weights)).mean[1] == pytest.approx(0.8, abs=2e-3)
    assert {edges[edge] for edge in kept("minimum_forest", edges, 14)} == {0.1, 0.7}
    assert {edges[edge] for edge in kept("textbook", edges, 14)} == {0.7, 0.79, 0.9}


@pytest.mark.parametrize(("teeth", "large"), [(0, False), (4, False), (5, True), (9, True)])
def test_part_is_large_among_six_or_more(teeth: int, large: bool) -> None:
    """The row is one part, its neighbours are parts of one point: among 1, 1, 1, 1, ten is 2 std above the mean."""
    region, coord, neighbor = comb(teeth)
    p = np.full(len(coord), 0.5, np.float32)
    expected = [large] * 10 + [False] * teeth
    assert parts_of(region, coord, p, neighbor, "textbook") == expected


def test_all_edges_of_one_weight_are_deleted_of_a_minimum_forest() -> None:
    region, coord, neighbor = comb(0)
    assert not any(parts_of(region, coord, np.full(10, 0.5, np.float32), neighbor, "minimum_forest"))


@pytest.mark.parametrize("reading", CUTS)
def test_nothing_is_large_of_a_region_without_edges(reading: str) -> None:
    region, coord, neighbor = comb(9)
    alone = np.arange(len(coord)) % 2 == 0
    assert not any(parts_of(alone & region, coord, np.full(19, 0.5, np.float32), neighbor, reading))


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 90), st.sampled_from([0.2, 0.4, 2]), st.sampled_from(sorted(CUTS)))
def test_large_parts_are_those_of_the_steps_in_any_order_of_points(
    seed: int, points: int, radius: float, reading: str
) -> None:
    generator = np.random.default_rng(seed)
    coord = generator.uniform(0, 1, (points, 3)).astype(np.float32)
    probability = generator.uniform(0.1, 1, points).astype(np.float32)
    member = np.flatnonzero(np.append(True, generator.random(points - 1) < 0.7))
    member = np.append(member, generator.choice(member, generator.integers(3)))  # some are there more than once
    neighbor = ball_neighbors(coord, np.array([points]), radius, 7)
    large = large_parts(member, coord, probability, neighbor, reading)
    found = set(np.flatnonzero(large).tolist())
    assert found == large_parts_slowly(member.tolist(), coord, probability, neighbor, reading)
    assert found <= set(member.tolist())
    order = np.append(0, 1 + generator.permutation(points - 1))  # which point is the first matters as released
    place = np.append(np.argsort(order), points)  # the padding stays what it is
    moved = large_parts(place[member], coord[order], probability[order], place[neighbor[order]], reading)
    assert (moved == large[order]).all()
