"""Cull the rays of a spinning sensor that cannot hit a shape, by its window of beams and columns."""

from __future__ import annotations

from typing import Iterator, NamedTuple

import numpy as np

from openworld3d.generators.streets.shapes import CORNERS

FULL_TURN = 2 * np.pi
EDGES = np.array([(a, b) for a in range(8) for b in range(a) if np.abs(CORNERS[a] - CORNERS[b]).sum() == 2])
# Wider than rounding, narrower than the gap between beams.
MARGIN = 1e-6


class Grid(NamedTuple):
    """The rays of one turn: elevations (B,) of the beams in radians, falling; columns at equal azimuths from 0."""

    elevations: np.ndarray
    columns: int

    def directions(self) -> np.ndarray:
        """Return unit directions (B * columns, 3), beam by beam, x ahead, y to the left, z up."""
        azimuths = FULL_TURN * np.arange(self.columns) / self.columns
        level = np.cos(self.elevations)[:, None]
        ahead, left = level * np.cos(azimuths), level * np.sin(azimuths)
        up = np.broadcast_to(np.sin(self.elevations)[:, None], ahead.shape)
        return np.stack([ahead, left, up], axis=-1).reshape(-1, 3)  # (B * columns, 3)


class Windows(NamedTuple):
    """First beam, number of beams, first column, number of columns, each (P,)."""

    beam: np.ndarray
    beams: np.ndarray
    column: np.ndarray
    columns: np.ndarray


def windows(matrix: np.ndarray, centre: np.ndarray, grid: Grid, most: float) -> Windows:
    """Return windows that contain every ray that hits a shape nearer than `most` metres.

    matrix (P, 3, 3), centre (P, 3): the shapes in the sensor's frame. A shape lies in the corners of its box, which
    is convex: where the sensor's axis does not pass through it, its azimuths lie between those of its corners.
    """
    corners = centre[:, None] + CORNERS @ matrix.transpose(0, 2, 1)  # (P, 8, 3)
    toward = np.arctan2(centre[:, 1], centre[:, 0])
    turn = np.arctan2(corners[..., 1], corners[..., 0]) - toward[:, None]
    turn = (turn + np.pi) % FULL_TURN - np.pi
    start, stop = turn.min(axis=1), turn.max(axis=1)
    around = stop - start >= np.pi - MARGIN
    nearest = np.where(around, 0.0, distance_to_edges(corners[..., :2]))
    farthest = np.linalg.norm(corners[..., :2], axis=2).max(axis=1)
    low, high = corners[..., 2].min(axis=1), corners[..., 2].max(axis=1)
    bottom = np.arctan2(low, np.where(low < 0, nearest, farthest)) - MARGIN
    top = np.arctan2(high, np.where(high > 0, nearest, farthest)) + MARGIN
    rising = grid.elevations[::-1]
    beam = len(rising) - np.searchsorted(rising, top, side="right")
    beams = np.searchsorted(rising, top, side="right") - np.searchsorted(rising, bottom, side="left")
    step = FULL_TURN / grid.columns
    column = np.ceil((toward + start - MARGIN) / step).astype(np.int64)
    columns = np.floor((toward + stop + MARGIN) / step).astype(np.int64) - column + 1
    columns = np.where(around, grid.columns, np.minimum(columns, grid.columns))
    return Windows(beam, np.where(nearest > most, 0, beams), column, columns)


def distance_to_edges(corners: np.ndarray) -> np.ndarray:
    """Return the distance (P,) from the origin to the edges between corners (P, 8, 2) of boxes, in metres."""
    start, along = corners[:, EDGES[:, 0]], corners[:, EDGES[:, 1]] - corners[:, EDGES[:, 0]]
    length = np.maximum((along**2).sum(axis=2), 1e-12)
    share = np.clip(-(start * along).sum(axis=2) / length, 0, 1)
    return np.linalg.norm(start + share[..., None] * along, axis=2).min(axis=1)


def pairs(seen: Windows, grid: Grid, most: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield pairs of shapes and rays (N,) that may meet, about `most` at a time."""
    counts = seen.beams * seen.columns
    ends = np.cumsum(counts)
    for batch in np.split(np.arange(len(counts)), np.flatnonzero(np.diff(ends // most)) + 1):
        shape = np.repeat(batch, counts[batch])
        place = np.arange(len(shape)) - np.repeat(np.cumsum(counts[batch]) - counts[batch], counts[batch])
        beam, column = np.divmod(place, np.maximum(seen.columns[shape], 1))
        yield shape, (seen.beam[shape] + beam) * grid.columns + (seen.column[shape] + column) % grid.columns
