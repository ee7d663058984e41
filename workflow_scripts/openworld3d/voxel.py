"""Voxels of a scene: exact grid cells, and one point of each."""

from __future__ import annotations

import numpy as np


def voxelise(coord: np.ndarray, size: float) -> np.ndarray:
    """Return each point's voxel, numbered from 0 in the order of x, y, z: (N, 3) float32 -> (N,) int32.

    Cells are floor((p - min) / size) in float64, so that no two cells share a number.
    """
    cell = np.floor((coord.astype(np.float64) - coord.min(0)) / size).astype(np.int64)  # (N, 3)
    key = np.ravel_multi_index(tuple(cell.T), tuple(cell.max(0) + 1))
    return np.unique(key, return_inverse=True)[1].reshape(-1).astype(np.int32)


def pick_points(voxel: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """Pick one point of each voxel at random: (N,) int32 -> (V,) int64, in the order of the voxels."""
    order = generator.permutation(len(voxel))
    return order[np.unique(voxel[order], return_index=True)[1]]


def nearest_to(coord: np.ndarray, center: int, most: int) -> np.ndarray:
    """Return the indices of the `most` points nearest to point `center`, ascending: (V, 3) -> (<= most,) int64."""
    if len(coord) <= most:
        return np.arange(len(coord))
    distance = ((coord - coord[center]) ** 2).sum(1)
    return np.sort(np.argpartition(distance, most)[:most])
