"""The empty room: a rectangle or an L of walls, and a floor."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, Sequence, Tuple

import numpy as np

from openworld3d.generators.rooms.model import Model, Placed
from openworld3d.generators.rooms.palette import draw_color, grid_pattern
from openworld3d.generators.rooms.shapes import Patch, rectangle

Point = Tuple[float, float]


class Opening(NamedTuple):
    """A hole in a wall, in metres along the wall and above the floor."""

    left: float
    right: float
    low: float
    high: float


@dataclass(frozen=True)
class Wall:
    """A straight wall from `start` along the unit `direction`; the room lies to its left."""

    start: Point
    direction: Point
    length: float

    @property
    def angle(self) -> float:
        """The angle that turns a model's back to this wall."""
        return float(np.arctan2(self.direction[1], self.direction[0]))

    def at(self, offset: float, gap: float = 0.0) -> Point:
        """Return the point `offset` metres along the wall and `gap` metres in front of it."""
        (x, y), (u, v) = self.start, self.direction
        return x + offset * u - gap * v, y + offset * v + gap * u


@dataclass(frozen=True)
class Room:
    """A room of width x depth x height metres; `notch` (width, depth or 0) is cut from the far corner."""

    width: float
    depth: float
    height: float
    notch: Point

    def walls(self) -> list[Wall]:
        """Return the walls, counter-clockwise."""
        w, d = self.width, self.depth
        a, b = w - self.notch[0], d - self.notch[1]
        corners = [(0.0, 0.0), (w, 0.0), (w, b), (a, b), (a, d), (0.0, d)]
        if self.notch == (0.0, 0.0):
            corners = [(0.0, 0.0), (w, 0.0), (w, d), (0.0, d)]
        ends = corners[1:] + corners[:1]
        steps = np.subtract(ends, corners)
        lengths = np.linalg.norm(steps, axis=1)
        return [
            Wall(start, (float(step[0] / length), float(step[1] / length)), float(length))
            for start, step, length in zip(corners, steps, lengths)
        ]

    def floor(self, color_material: str, rng: np.random.Generator) -> Placed:
        """Return the floor, of boards or of tiles by its material."""
        cell = (0.3, 0.3) if color_material == "tiles" else (1.2, 0.13)
        pattern = grid_pattern(cell, rng.uniform(0.04, 0.09), rng)
        color = draw_color(color_material, rng)
        a, b = self.width - self.notch[0], self.depth - self.notch[1]
        model = Model("floor", "floor", (self.width, self.depth, 0.0))
        model.add([rectangle((0, 0, 0), (self.width, 0, 0), (0, b, 0))], color, pattern)
        if self.notch != (0.0, 0.0):
            model.add([rectangle((0, b, 0), (a, 0, 0), (0, self.depth - b, 0))], color, pattern)
        return Placed(model, (0.0, 0.0), 0.0)

    def wall_surface(self, wall: Wall, openings: Sequence[Opening], color: np.ndarray) -> Placed:
        """Return a wall's surface around its openings."""
        model = Model("wall", "wall", (wall.length, 0.0, self.height))
        left = 0.0
        for opening in sorted(openings):
            pieces = [
                (left, opening.left, 0.0, self.height),
                (opening.left, opening.right, 0.0, opening.low),
                (opening.left, opening.right, opening.high, self.height),
            ]
            model.add([_upright(*piece) for piece in pieces if piece[1] > piece[0] and piece[3] > piece[2]], color)
            left = opening.right
        model.add([_upright(left, wall.length, 0.0, self.height)], color)
        return Placed(model, wall.start, wall.angle)


def _upright(left: float, right: float, low: float, high: float) -> Patch:
    return rectangle((left, 0, low), (0, 0, high - low), (right - left, 0, 0))


def draw_room(
    width: tuple[float, float], depth: tuple[float, float], l_shape: float, rng: np.random.Generator
) -> Room:
    """Return a room with sides in the given ranges (metres), L-shaped with probability `l_shape`."""
    w, d = rng.uniform(*width), rng.uniform(*depth)
    notch = (0.0, 0.0)
    if rng.random() < l_shape:
        notch = (w * rng.uniform(0.2, 0.35), d * rng.uniform(0.2, 0.35))
    return Room(w, d, rng.uniform(2.5, 2.8), notch)
