"""A thing in its own frame, and its position and motion in a street."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Callable, NamedTuple, Sequence

import numpy as np

from openworld3d.generators.plan import turn_about_z
from openworld3d.generators.streets.materials import Material
from openworld3d.generators.streets.shapes import Shape


class Part(NamedTuple):
    """A shape, the kind of thing that it belongs to, and its material."""

    shape: Shape
    kind: str
    material: Material


@dataclass
class Model:
    """A thing that faces +x and stands on z = 0, its middle at x = y = 0."""

    kind: str
    parts: list[Part] = field(default_factory=list)

    def add(self, shapes: Sequence[Shape], material: Material, kind: str = "") -> None:
        """Add shapes of one material, and of another kind than the model's where one is given."""
        self.parts.extend(Part(shape, kind or self.kind, material) for shape in shapes)

    def bounds(self) -> np.ndarray:
        """Return the lowest and the highest x, y, z of all parts, (2, 3) in metres."""
        return enclosing(np.stack([part.shape.bounds() for part in self.parts]))

    def length(self) -> float:
        """Return the extent along x in metres."""
        low, high = self.bounds()[:, 0]
        return float(high - low)


@dataclass(frozen=True)
class Placed:
    """A model at `position` (3,), turned by `yaw` about z, that moves along x at `speed` metres a second."""

    model: Model
    position: tuple[float, float, float]
    yaw: float = 0.0
    speed: float = 0.0

    def parts(self) -> list[Part]:
        """Return the model's parts in the street's frame at time 0."""
        turn, offset = turn_about_z(self.yaw), np.asarray(self.position)
        return [Part(part.shape.moved(turn, offset), part.kind, part.material) for part in self.model.parts]

    def boxes(self) -> np.ndarray:
        """Return the box of each part in the street's frame at time 0, (P, 2, 3) in metres."""
        return np.stack([part.shape.bounds() for part in self.parts()])


def enclosing(boxes: np.ndarray) -> np.ndarray:
    """Return the box (2, 3) that holds all boxes (P, 2, 3)."""
    return np.stack([boxes[:, 0].min(axis=0), boxes[:, 1].max(axis=0)])


Draw = Callable[[np.random.Generator], Model]


def draw_from(draws: Sequence[tuple[Draw, float]], rng: np.random.Generator) -> Model:
    """Draw one of some functions by its share and return its model."""
    functions, shares = zip(*draws)
    model: Model = functions[rng.choice(len(functions), p=shares)](rng)
    return model
