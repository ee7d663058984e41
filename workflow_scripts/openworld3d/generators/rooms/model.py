"""A piece of furniture in its own frame, and where it stands in the room."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple, Sequence

import numpy as np

from openworld3d.generators.plan import turn, turn_about_z
from openworld3d.generators.rooms.palette import Pattern, plain
from openworld3d.generators.rooms.shapes import Patch

CLUTTER = "clutter"


class Samples(NamedTuple):
    """Surface samples: points (N, 3) in metres, unit normals (N, 3), colours (N, 3) in 0..1."""

    points: np.ndarray
    normals: np.ndarray
    colors: np.ndarray


@dataclass
class Model:
    """Furniture with its back at y = 0, its front towards +y, x centred, standing on z = 0.

    kind: class name or `clutter` (left unannotated); label: in the annotator's words; size: width, depth,
    height in metres.
    """

    kind: str
    label: str
    size: tuple[float, float, float]
    parts: list[tuple[Patch, np.ndarray, Pattern]] = field(default_factory=list)

    def add(self, patches: Sequence[Patch], color: np.ndarray, pattern: Pattern = plain) -> None:
        """Add surfaces of one colour (3,) in 0..1; the pattern multiplies it at each point."""
        self.parts.extend((patch, color, pattern) for patch in patches)

    def sample(self, spacing: float, rng: np.random.Generator) -> Samples:
        """Return samples of all surfaces, `spacing` metres apart, in the model's own frame."""
        points, normals, colors = [], [], []
        for patch, color, pattern in self.parts:
            at, normal = patch.sample(spacing, rng)
            points.append(at)
            normals.append(normal)
            colors.append(color * pattern(at) * np.ones((len(at), 3)))
        return Samples(np.concatenate(points), np.concatenate(normals), np.concatenate(colors))


@dataclass(frozen=True)
class Placed:
    """A model at `position` (x, y), turned by `angle` about z, `elevation` metres above the floor."""

    model: Model
    position: tuple[float, float]
    angle: float
    elevation: float = 0.0

    def to_room(self, local: Sequence[float]) -> tuple[float, float]:
        """Return the room's x, y of a point (x, y) of the model's frame."""
        x, y = turn(self.angle) @ np.asarray(local, dtype=float)
        return self.position[0] + float(x), self.position[1] + float(y)

    def sample(self, spacing: float, rng: np.random.Generator) -> Samples:
        """Return the model's samples in the room's frame."""
        local = self.model.sample(spacing, rng)
        rotation = turn_about_z(self.angle)
        offset = np.array([*self.position, self.elevation])
        return Samples(local.points @ rotation.T + offset, local.normals @ rotation.T, local.colors)
