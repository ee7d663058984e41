"""The parts of a street as arrays, in the street's frame and in the sensor's at a given time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, Sequence

import numpy as np

from openworld3d.generators.streets.kinds import THING_KINDS, raw_id
from openworld3d.generators.streets.materials import Material
from openworld3d.generators.streets.model import Placed
from openworld3d.generators.streets.shapes import Shape

STUFF = 0


class Solids(NamedTuple):
    """Shapes as arrays: form (P,), matrix (P, 3, 3), centre (P, 3), taper (P, 2), density (P,), as in `Shape`."""

    form: np.ndarray
    matrix: np.ndarray
    centre: np.ndarray
    taper: np.ndarray
    density: np.ndarray


@dataclass(frozen=True)
class Scene:
    """A street at time 0 and how it moves.

    solids: P parts in the street's frame; speed (P,) along x in metres a second; raw_id (P,) and instance (P,)
    uint32, instances counted from 1 and 0 for what cannot be counted; materials: one for each part.
    """

    solids: Solids
    speed: np.ndarray
    raw_id: np.ndarray
    instance: np.ndarray
    materials: list[Material]

    def material(self, name: str) -> np.ndarray:
        """Return an attribute of each part's material, (P,)."""
        return np.array([getattr(material, name) for material in self.materials])

    def seen_from(self, rotation: np.ndarray, position: np.ndarray, time: float) -> Solids:
        """Return the solids in the frame of a sensor at `position` (3,) turned by `rotation` (3, 3), at a time."""
        centre = self.solids.centre.copy()
        centre[:, 0] += self.speed * time
        return self.solids._replace(matrix=rotation.T @ self.solids.matrix, centre=(centre - position) @ rotation)


def solids_of(shapes: Sequence[Shape], densities: Sequence[float]) -> Solids:
    """Return shapes as arrays."""
    return Solids(
        np.array([shape.form for shape in shapes]),
        np.stack([shape.matrix for shape in shapes]),
        np.stack([shape.centre for shape in shapes]),
        np.array([shape.taper for shape in shapes]),
        np.array(densities, float),
    )


def joined(first: Solids, second: Solids) -> Solids:
    """Return the solids of both, in this order."""
    return Solids(*(np.concatenate(arrays) for arrays in zip(first, second)))


def scene_of(things: Sequence[Placed]) -> Scene:
    """Return all things as one scene; each countable thing is an instance."""
    parts, speed, raw_ids, instance = [], [], [], []
    counted = STUFF
    for thing in things:
        is_thing = thing.model.kind in THING_KINDS
        counted += is_thing
        for part in thing.parts():
            parts.append(part)
            speed.append(thing.speed)
            raw_ids.append(raw_id(part.kind, moving=thing.speed != 0))
            instance.append(counted if is_thing else STUFF)
    return Scene(
        solids_of([part.shape for part in parts], [part.material.density for part in parts]),
        np.array(speed),
        np.array(raw_ids, np.uint32),
        np.array(instance, np.uint32),
        [part.material for part in parts],
    )
