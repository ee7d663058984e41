"""The cylindrical partition of Cylinder3D (Zhu et al., CVPR 2021, arXiv 2011.10033): cells grow with distance."""

from __future__ import annotations

from typing import NamedTuple, Sequence

import numpy as np


class Partition(NamedTuple):
    """A cylinder around the sensor, divided into cells along radius, angle and height; bounds in metres and radians.

    As in the released code, the last cell of an axis begins at the upper bound. A point beyond a bound is in the cell
    at that bound.
    """

    cells: Sequence[int]
    lower: Sequence[float]
    upper: Sequence[float]

    @property
    def step(self) -> np.ndarray:
        """Return the size of a cell: (3,) float64."""
        return (np.array(self.upper) - np.array(self.lower)) / (np.array(self.cells) - 1)

    def cell(self, place: np.ndarray) -> np.ndarray:
        """Return the cell of each point: radius, angle and height (N, 3) -> (N, 3) int64."""
        inside = np.clip(place, self.lower, self.upper)
        return np.minimum((inside - self.lower) / self.step, np.array(self.cells) - 1).astype(np.int64)

    def center(self, cell: np.ndarray) -> np.ndarray:
        """Return the centre of each cell in radius, angle and height: (N, 3) int64 -> (N, 3) float64."""
        return (cell + 0.5) * self.step + self.lower


def cylindrical(coord: np.ndarray) -> np.ndarray:
    """Return radius, angle in -pi..pi, and height of points around the origin: (N, 3) -> (N, 3) float64."""
    x, y, z = coord.astype(np.float64).T
    return np.stack([np.hypot(x, y), np.arctan2(y, x), z], 1)


def point_features(coord: np.ndarray, partition: Partition) -> tuple[np.ndarray, np.ndarray]:
    """Return the position features of each point, (N, 8) float32, and its cell (N, 3) int64: coord (N, 3) in metres.

    The features are the offset from the cell's centre and the position, both in radius, angle and height, then x, y.
    """
    place = cylindrical(coord)
    cell = partition.cell(place)
    offset = place - partition.center(cell)
    return np.concatenate([offset, place, coord[:, :2]], 1).astype(np.float32), cell


def occupied(cloud: np.ndarray, cell: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the occupied cells (V, 4) int32, cloud first, sorted, and the row of each point's cell (N,) int64."""
    voxel, row = np.unique(np.concatenate([cloud[:, None], cell], 1), axis=0, return_inverse=True)
    return voxel.astype(np.int32), row.reshape(-1).astype(np.int64)
