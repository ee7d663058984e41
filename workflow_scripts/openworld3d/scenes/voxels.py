"""Voxels of a scene: exact grid cells, and one point of each cell."""

from __future__ import annotations

import math
from typing import Sequence

import numpy as np

# Above this many cells per point, cells are sorted and not marked: marks take up to 2 bytes per cell, and sorting is
# about as fast from here on.
CELLS_PER_POINT = 32
# Points at a time, which fit into a cache.
BLOCK = 1 << 14
# float64 represents all integers up to here.
EXACT = 2**53


def voxelise(coord: np.ndarray, size: float) -> np.ndarray:
    """Return each point's voxel, numbered from 0 in the order of x, y, z: (N, 3) float32 or float64 -> (N,) int32.

    Cells are floor((p - min) / size) in float64, min the cloud's lowest corner; no two cells share a number, however
    wide the cloud. Coordinates must be finite. Takes at most 90 bytes per point beside them.
    """
    low = [axis.min() for axis in coord.T]  # by axis: many times as fast as coord.min(0)
    high = np.array([[axis.max() for axis in coord.T]])
    sides = [int(last[0]) + 1 for last in _cells(high, low, size)]
    if math.prod(sides) > min(CELLS_PER_POINT * len(coord), np.iinfo(np.int32).max):
        return _number_by_sorting(_cells(coord, low, size))
    return _number_by_marking(coord, low, size, sides)


def _cells(coord: np.ndarray, low: Sequence[np.number], size: float) -> list[np.ndarray]:
    """Return the points' cell along each axis: (N, 3) -> 3 x (N,) float64, integers from 0."""
    return [np.floor((axis.astype(np.float64) - start) / size) for axis, start in zip(coord.T, low)]


def _number_by_marking(coord: np.ndarray, low: Sequence[np.number], size: float, sides: Sequence[int]) -> np.ndarray:
    """Number the occupied cells of a box of `sides` cells by the count of occupied cells before each."""
    voxel = np.empty(len(coord), np.int32)  # holds the points' cells until all are marked, which saves an array
    count = np.zeros((math.prod(sides) + 7) // 8 * 8, np.uint8)
    for block in _blocks(len(coord)):
        x, y, z = _cells(coord[block], low, size)
        cell = ((x * sides[1] + y) * sides[2] + z).astype(np.int64)
        count[cell] = 1
        voxel[block] = cell
    # Of eight bytes that are 0 or 1, the product's byte i is the sum of the first i + 1.
    count.view("<u8")[:] *= np.uint64(0x0101010101010101)
    before = np.cumsum(count[7::8], dtype=np.int32)
    before -= count[7::8]
    for block in _blocks(len(coord)):
        cell = voxel[block].astype(np.int64)
        voxel[block] = before[cell >> 3] + count[cell] - 1
    return voxel


def _number_by_sorting(cells: Sequence[np.ndarray]) -> np.ndarray:
    """Number the occupied cells of a box of any size: 3 x (N,) float64 -> (N,) int32."""
    key = cells[0]
    for axis in cells[1:]:
        if (key.max() + 1) * (axis.max() + 1) > EXACT:
            key, axis = _ranks(key), _ranks(axis)  # their product is below N * N
        key = key * (axis.max() + 1) + axis
    return _ranks(key).astype(np.int32)


def _blocks(points: int) -> list[slice]:
    return [slice(start, start + BLOCK) for start in range(0, points, BLOCK)]


def _ranks(value: np.ndarray) -> np.ndarray:
    """Number the values from 0 in ascending order: (N,) -> (N,) int64."""
    return np.unique(value, return_inverse=True)[1].reshape(-1)


def first_points(voxel: np.ndarray) -> np.ndarray:
    """Return the first point of each voxel: (N,) int32 -> (V,) int64, in the order of the voxels."""
    first = np.full(int(voxel.max()) + 1, len(voxel))
    for block in _blocks(len(voxel)):
        np.minimum.at(first, voxel[block], np.arange(block.start, min(block.stop, len(voxel))))
    return first


def pick_points(voxel: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """Pick one point of each voxel at random: (N,) int32 -> (V,) int64, in the order of the voxels."""
    order = generator.permutation(len(voxel))
    return order[first_points(voxel[order])]


def nearest_to(coord: np.ndarray, center: int, most: int) -> np.ndarray:
    """Return the indices of the `most` points nearest to point `center`, ascending: (V, 3) -> (<= most,) int64."""
    if len(coord) <= most:
        return np.arange(len(coord))
    distance = ((coord - coord[center]) ** 2).sum(1)
    return np.sort(np.argpartition(distance, most)[:most])
