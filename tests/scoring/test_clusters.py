from __future__ import annotations

import random
import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.cluster import DBSCAN

from openworld3d.scoring.clusters import Clustering, dbscan, instances_above

# Quarters of a metre: distances of exactly eps occur, and are exact.
QUARTERS = st.lists(st.tuples(*[st.integers(-8, 8)] * 3), max_size=40)
FREE = st.lists(st.tuples(*[st.floats(-4, 4, width=32)] * 3), max_size=40)


def of_scikit_learn(coord: np.ndarray, clustering: Clustering) -> np.ndarray:
    if not len(coord):
        return np.zeros(0, np.int64)
    return DBSCAN(eps=clustering.eps, min_samples=clustering.min_samples).fit_predict(coord)


@settings(deadline=None)
@given(st.one_of(QUARTERS, FREE), st.sampled_from([0.25, 0.5, 1, 3]), st.integers(1, 6))
def test_labels_are_those_of_scikit_learn(points: list[tuple[float, ...]], eps: float, min_samples: int) -> None:
    coord = np.array(points, np.float32).reshape(-1, 3) / 4
    clustering = Clustering(eps, min_samples)
    found = dbscan(coord, clustering)
    assert found.dtype == np.int32
    np.testing.assert_array_equal(found, of_scikit_learn(coord, clustering))


def cloud(kind: str) -> np.ndarray:
    """Return some thousand points: planes, blobs, and a cloud near the density at which clusters join."""
    generator = np.random.default_rng(3)
    if kind == "planes":  # 0.9995 m apart, so that few pairs of points join them, and 1.0005 m
        return np.column_stack([generator.uniform(0, 2, (3000, 2)), np.repeat([0, 0.9995, 2], 1000)])
    if kind == "blobs":
        return generator.choice(generator.uniform(0, 30, (40, 3)), 2000) + generator.normal(0, 0.3, (2000, 3))
    return generator.uniform(0, 15, (2500, 3))


@pytest.mark.parametrize("min_samples", [1, 4])
@pytest.mark.parametrize("kind", ["planes", "blobs", "sparse"])
def test_large_clouds_too(kind: str, min_samples: int) -> None:
    coord, clustering = cloud(kind).astype(np.float32), Clustering(1.0, min_samples)
    np.testing.assert_array_equal(dbscan(coord, clustering), of_scikit_learn(coord, clustering))


@pytest.mark.parametrize(
    ("points", "min_samples", "expected"),
    [
        ("a chain of metres is one, what is farther is another", 1, [0, 0, 0, 1]),
        ("with three, the ends of the chain are border points, the last is noise", 3, [0, 0, 0, -1]),
        ("with four, all is noise", 4, [-1, -1, -1, -1]),
    ],
)
def test_clusters_by_hand(points: str, min_samples: int, expected: list[int]) -> None:
    coord = np.array([[0, 0, 0], [1, 0, 0], [1, 1, 0], [1, 1, 1.125]], np.float32)
    assert dbscan(coord, Clustering(1.0, min_samples)).tolist() == expected


@pytest.mark.parametrize(
    ("last", "clusters"),
    [
        ([0.577, 0.577, 0.577], 1),  # 0.9994 m from the first, along a cell's diagonal
        ([0.578, 0.578, 0.578], 2),  # 1.0011 m
        ([0, 0, 1], 1),
        ([0, 0, 1.0001], 2),
        ([-1, 0, 0], 1),
    ],
)
def test_no_cell_is_coarser_than_eps(last: list[float], clusters: int) -> None:
    assert len(set(dbscan(np.array([[0, 0, 0], last], np.float32), Clustering()).tolist())) == clusters


def test_cells_are_joined_by_points_that_are_not_their_first() -> None:
    coord = np.array([[0, 0, 0], [0.5, 0, 0], [1.5, 0, 0]], np.float32)  # the first two are in one cell
    assert dbscan(coord, Clustering()).tolist() == [0, 0, 0]


def test_instances_are_of_the_points_above_the_threshold() -> None:
    """The third point would join the first two to the fourth, but its score is the threshold, in float32."""
    coord = np.array([[0, 0, 0], [0.5, 0, 0], [1.25, 0, 0], [2, 0, 0], [9, 9, 9]], np.float32)
    score = np.array([0.9, 2, 0.8, 0.9, 0.1], np.float32)
    assert instances_above(0.8, score, coord, Clustering()).tolist() == [0, 0, -1, 1, -1]
    assert instances_above(5, score, coord, Clustering()).tolist() == [-1] * 5


@given(QUARTERS, st.randoms(use_true_random=False))
def test_the_order_of_the_points_changes_no_cluster(points: list[tuple[int, ...]], shuffler: random.Random) -> None:
    coord = np.array(points, np.float32).reshape(-1, 3) / 4
    order = list(range(len(points)))
    shuffler.shuffle(order)
    here, there = dbscan(coord, Clustering())[order], dbscan(coord[order], Clustering())
    assert len(set(zip(here.tolist(), there.tolist()))) == len(set(here.tolist())) == len(set(there.tolist()))


@pytest.mark.parametrize("min_samples", [1, 5])
def test_memory_is_bounded_where_all_points_are_neighbors(min_samples: int) -> None:
    """scikit-learn would list 10^10 neighbours of 8 bytes."""
    coord = np.random.default_rng(0).uniform(0, 0.9, (100_000, 3)).astype(np.float32)
    tracemalloc.start()
    found = dbscan(coord, Clustering(1.0, min_samples))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert not found.any()
    assert peak < 30e6
