from __future__ import annotations

import math
import tracemalloc
from typing import Callable
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from openworld3d.scenes import voxels as module
from openworld3d.scenes.voxels import CELLS_PER_POINT, first_points, nearest_to, pick_points, voxelise

SHAPES = st.tuples(st.integers(1, 40), st.just(3))
COORDS = arrays(np.float32, SHAPES, elements=st.floats(-50, 50, width=32))
CROWDED = arrays(np.float32, SHAPES, elements=st.floats(-1, 1, width=32))
LATTICE = arrays(np.int64, SHAPES, elements=st.integers(-9, 9))
WIDE = arrays(np.float64, SHAPES, elements=st.floats(-1e30, 1e30) | st.floats(-5, 5))
VOXELS = st.lists(st.integers(0, 9), min_size=1, max_size=60).map(
    lambda cells: np.unique(cells, return_inverse=True)[1].reshape(-1).astype(np.int32)
)
PATHS = ("marking", "sorting")
SEEDS = st.integers(0, 99)


def oracle(coord: np.ndarray, size: float) -> list[int]:
    points = coord.tolist()
    low = [min(axis) for axis in zip(*points)]
    cells = [tuple(math.floor((value - start) / size) for value, start in zip(point, low)) for point in points]
    number = {cell: rank for rank, cell in enumerate(sorted(set(cells)))}
    return [number[cell] for cell in cells]


def only(path: str, numbering: Callable[[], np.ndarray]) -> np.ndarray:
    """Call with the other path out of reach."""
    (other,) = {*PATHS} - {path}
    with patch.object(module, f"_number_by_{other}", None):
        return numbering()


def numbers(path: str, coord: np.ndarray, size: float) -> list[int]:
    with patch.object(module, "CELLS_PER_POINT", {"marking": math.inf, "sorting": 0}[path]):
        voxel = only(path, lambda: voxelise(coord, size))
    assert voxel.dtype == np.int32
    return voxel.tolist()


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(
    ("coord", "size", "expected"),
    [
        ([[1, 1, 1], [1.29, 1, 1], [1.31, 1, 1], [1, 1.9, 1], [1, 1, 1]], 0.3, [0, 0, 2, 1, 0]),
        ([[7, -7, 7]], 0.1, [0]),
        ([[2, 2, 2], [2, 2, 2]], 0.1, [0, 0]),
        # x counts before y before z.
        ([[1, 0, 0], [0, 1, 0], [0, 0, 1], [0, 0, 0]], 1.0, [3, 2, 1, 0]),
        # The lowest corner, (-1.5, -2, 0), is no point.
        ([[-1.5, 0, 0], [-0.75, -2, 0], [-0.25, -2, 0]], 1.0, [1, 0, 2]),
        # The marks are counted eight at a time: both ends of three eights.
        ([[0, 0, z] for z in (23, 8, 0, 7, 16, 15, 8)], 1.0, [5, 2, 0, 1, 4, 3, 2]),
    ],
)
def test_voxels_by_hand(path: str, dtype: type, coord: list[list[float]], size: float, expected: list[int]) -> None:
    assert numbers(path, np.array(coord, dtype), size) == expected


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    ("x", "dtype", "expected"),
    [
        # The float32 next to 0.7 lies below it, in cell 6 of 0.1; in float32 the quotient is 7.
        ([0, 0.65, 0.7, 0.72], np.float32, [0, 1, 1, 2]),
        # The float32 next to 0.6 lies above it, in cell 6.
        ([0, 0.55, 0.6, 0.65], np.float32, [0, 1, 2, 2]),
        # In float64 0.3 / 0.1 is just below 3, and 0.3 * 10 is 3.
        ([0, 0.25, 0.3, 0.35], np.float64, [0, 1, 1, 2]),
    ],
)
def test_points_on_the_borders_of_cells(path: str, x: list[float], dtype: type, expected: list[int]) -> None:
    coord: np.ndarray = np.array([[-1, value, 5] for value in x], dtype)
    assert numbers(path, coord, 0.1) == expected


@pytest.mark.parametrize(
    "far",
    [
        3e5,  # 2.7e16 cells: more than float64 counts
        1e6,  # 1e18: still less than 2^63
        1e7,  # 1e21: more
        1e30,
    ],
)
def test_a_stray_point_parts_no_voxel_and_merges_none(far: float) -> None:
    coord = np.array([[far, far, far], [3, 0, 0], [0, 0, 0], [0, 2, 1], [0, 2, 0], [0, 2.5, 0.5]])
    assert voxelise(coord, 1.0).tolist() == [4, 3, 0, 2, 1, 1]
    assert voxelise(coord.astype(np.float32), 1.0).tolist() == [4, 3, 0, 2, 1, 1]


@pytest.mark.parametrize("path", PATHS)
@given(COORDS, st.sampled_from([0.7, 1.0, 3.0]))
def test_voxels_are_those_of_exact_cells(path: str, coord: np.ndarray, size: float) -> None:
    assert numbers(path, coord, size) == oracle(coord, size)
    assert numbers(path, coord.astype(np.float64), size) == oracle(coord, size)


@pytest.mark.parametrize("path", PATHS)
@given(CROWDED | LATTICE.map(lambda cell: (cell * 0.1).astype(np.float32)), st.sampled_from([0.1, 0.2, 1 / 3]))
def test_crowded_points_and_points_of_a_lattice(path: str, coord: np.ndarray, size: float) -> None:
    assert numbers(path, coord, size) == oracle(coord, size)


@given(WIDE)
def test_voxels_of_a_cloud_of_any_extent(coord: np.ndarray) -> None:
    assert voxelise(coord, 0.02).tolist() == oracle(coord, 0.02)


@pytest.mark.parametrize("path", PATHS)
def test_blocks_of_points_join(path: str) -> None:
    coord = np.random.default_rng(0).uniform(-1, 1, (2 * module.BLOCK + 1, 3)).astype(np.float32)
    assert numbers(path, coord, 0.1) == oracle(coord, 0.1)


@pytest.mark.parametrize(
    ("path", "cells_per_point"), [("marking", 0.95 * CELLS_PER_POINT), ("sorting", 1.1 * CELLS_PER_POINT)]
)
def test_memory_is_bounded_by_the_points(path: str, cells_per_point: float) -> None:
    coord = np.random.default_rng(0).random((200_000, 3), np.float32)
    size = (cells_per_point * len(coord)) ** (-1 / 3)
    tracemalloc.start()
    only(path, lambda: voxelise(coord, size))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 90 * len(coord)


def test_cells_are_marked_only_where_int32_counts_them() -> None:
    coord = np.array([[1290, 1290, 1290], [0, 0, 0]], np.float32)  # 1291 ** 3 is just above 2 ** 31
    with patch.object(module, "CELLS_PER_POINT", math.inf):
        assert only("sorting", lambda: voxelise(coord, 1.0)).tolist() == [1, 0]


@given(VOXELS)
def test_first_points(voxel: np.ndarray) -> None:
    cells = voxel.tolist()
    assert first_points(voxel).tolist() == [cells.index(cell) for cell in range(max(cells) + 1)]


@given(VOXELS, SEEDS)
def test_a_picked_point_is_the_first_of_its_voxel_in_a_permutation(voxel: np.ndarray, seed: int) -> None:
    order = np.random.default_rng(seed).permutation(len(voxel)).tolist()
    first = [next(point for point in order if voxel[point] == cell) for cell in range(voxel.max() + 1)]
    assert pick_points(voxel, np.random.default_rng(seed)).tolist() == first


def test_nearest_by_hand() -> None:
    coord = np.array([[0, 0, 0], [9, 0, 0], [1, 0, 0], [8, 0, 0]], np.float32)
    assert nearest_to(coord, 1, 2).tolist() == [1, 3]
    assert nearest_to(coord, 1, 9).tolist() == [0, 1, 2, 3]
