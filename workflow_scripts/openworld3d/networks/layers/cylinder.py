"""The cylindrical partition of Cylinder3D (Zhu et al., CVPR 2021, arXiv 2011.10033): cells grow with distance."""

from __future__ import annotations

from typing import NamedTuple, Sequence

import numpy as np

from openworld3d.protocols.protocol import IGNORED


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
    """Return radius, angle in -pi..pi, and height of points around the origin: (N, 3) float32 -> (N, 3) float32.

    In float32 as in the released code: which of two points has the maximum of a cell may hang on a rounding.
    """
    x, y, z = coord.T
    return np.stack([np.sqrt(x**2 + y**2), np.arctan2(y, x), z], 1)


def point_features(coord: np.ndarray, partition: Partition) -> tuple[np.ndarray, np.ndarray]:
    """Return the position features of each point, (N, 8) float32, and its cell (N, 3) int64: coord (N, 3) in metres.

    The features are the offset from the cell's centre and the position, both in radius, angle and height, then x, y.
    """
    place = cylindrical(coord)
    cell = partition.cell(place)
    offset = place - partition.center(cell)
    return np.concatenate([offset, place, coord[:, :2]], 1).astype(np.float32), cell


def occupied(cloud: np.ndarray, cell: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the occupied cells (V, 4) int32, cloud first, sorted; each point's row of them (N,) int64; and the first
    point of each cell (V,) int64.
    """
    voxel, first, row = np.unique(
        np.concatenate([cloud[:, None], cell], 1), axis=0, return_index=True, return_inverse=True
    )
    return voxel.astype(np.int32), row.reshape(-1).astype(np.int64), first


def majority(row: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Return the most frequent target of each cell: row (N,), target (N,) int64 -> (V,) int64.

    Points without a label take part, and of equally frequent targets they come first, then the lowest. Here points of
    unknown classes are without one like void ones; in REAL's code each of these is counted by itself, and only then
    left out.
    """
    label = np.where(target == IGNORED, 0, target + 1)
    labels = label.max() + 1
    count = np.bincount(row * labels + label, minlength=(row.max() + 1) * labels).reshape(-1, labels)
    found = count.argmax(1)
    return np.where(found == 0, IGNORED, found - 1)
