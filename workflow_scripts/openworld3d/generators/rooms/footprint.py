"""Upright boxes around furniture, and whether two of them overlap."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from openworld3d.generators.plan import turn
from openworld3d.generators.rooms.model import Placed


@dataclass(frozen=True)
class Footprint:
    """An oriented rectangle on the floor with half sides (metres) and the height range it fills."""

    centre: tuple[float, float]
    half: tuple[float, float]
    angle: float
    low: float
    high: float

    def corners(self) -> np.ndarray:
        """Return the corners (4, 2)."""
        signs = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)])
        return signs * self.half @ turn(self.angle).T + self.centre

    def overlaps(self, other: Footprint) -> bool:
        """Return whether the two boxes share a volume."""
        touch = 1e-6
        if self.low >= other.high - touch or other.low >= self.high - touch:
            return False
        a, b = self.corners(), other.corners()
        # Separating axis theorem: two rectangles are disjoint exactly when a side direction of either separates them.
        for axis in np.concatenate([turn(self.angle).T, turn(other.angle).T]):
            p, q = a @ axis, b @ axis
            if p.min() >= q.max() - touch or q.min() >= p.max() - touch:
                return False
        return True

    def distance(self, points: np.ndarray) -> np.ndarray:
        """Return the distance (N,) of floor points (N, 2) to the rectangle, 0 inside."""
        local = np.abs((points - self.centre) @ turn(self.angle))
        return np.linalg.norm(np.maximum(local - self.half, 0.0), axis=1)


def footprint(placed: Placed, gap: float = 0.0) -> Footprint:
    """Return the footprint of a placed model, `gap` metres wider on each side."""
    width, depth, height = placed.model.size
    return Footprint(
        placed.to_room((0.0, depth / 2)),
        (width / 2 + gap, depth / 2 + gap),
        placed.angle,
        placed.elevation,
        placed.elevation + height,
    )


def space_in_front(placed: Placed, reach: float) -> Footprint:
    """Return the floor space that must stay free `reach` metres in front of a placed model, 2 m high."""
    width, depth, _ = placed.model.size
    return Footprint(placed.to_room((0.0, depth + reach / 2)), (width / 2, reach / 2), placed.angle, 0.0, 2.0)
