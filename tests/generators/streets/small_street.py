"""A street for tests that is made at once: road and sidewalks, a wall, a parked car and one that drives."""

from __future__ import annotations

import numpy as np

from openworld3d.generators.streets.drive import Pose
from openworld3d.generators.streets.generation import Street
from openworld3d.generators.streets.materials import MATERIALS
from openworld3d.generators.streets.model import Model, Placed
from openworld3d.generators.streets.sensor import HEIGHT
from openworld3d.generators.streets.shapes import box


def thing(kind: str, material: str, low: tuple[float, ...], high: tuple[float, ...], speed: float = 0.0) -> Placed:
    model = Model(kind)
    model.add([box(low, high)], MATERIALS[material])
    return Placed(model, (0.0, 0.0, 0.0), 0.0, speed)


def small_street() -> Street:
    """Return the street with two poses, 4 m apart."""
    things = [
        thing("road", "asphalt", (-60, -4, -0.5), (60, 4, 0)),
        thing("sidewalk", "paving", (-60, 4, -0.5), (60, 12, 0.12)),
        thing("sidewalk", "paving", (-60, -12, -0.5), (60, -4, 0.12)),
        thing("building", "plaster", (-60, 12, -0.5), (60, 13, 6)),
        thing("car", "plaster", (12, -3.8, 0.2), (16, -2.2, 1.5)),
        thing("car", "plaster", (30, 1, 0.2), (34, 2.7, 1.5), speed=-4.0),
    ]
    return Street(things, [Pose(np.eye(3), np.array([x, -1.5, HEIGHT])) for x in (0.0, 4.0)])
