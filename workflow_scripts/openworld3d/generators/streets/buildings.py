"""Houses, garages, fences and walls."""

from __future__ import annotations

import numpy as np

from openworld3d.generators.streets.materials import MATERIALS, Material, draw_material
from openworld3d.generators.streets.model import Model
from openworld3d.generators.streets.shapes import box, sheet

BELOW_GROUND = -1.0


def house(wide: float, deep: float, high: float, rng: np.random.Generator) -> Model:
    """Return a house `wide` metres along x and `deep` along y, with windows and a door towards -y."""
    model = Model("building")
    wall = draw_material(str(rng.choice(["plaster", "plaster", "brick"])), rng)
    model.add([box((-wide / 2, -deep / 2, BELOW_GROUND), (wide / 2, deep / 2, high))], wall)
    front, spacing = -deep / 2, rng.uniform(2.2, 3.4)
    sill, door = rng.uniform(0.9, 1.5), rng.integers(max(1, int(wide / spacing)))
    for floor in range(2):
        for number, x in enumerate(np.arange(-wide / 2 + 0.9, wide / 2 - 1.2, spacing)):
            if floor == 0 and number == door:
                model.add(
                    [box((x - 0.15, front - 0.25, BELOW_GROUND), (x + 1.15, front, 0.3))], MATERIALS["concrete"]
                )
                model.add([sheet((x, front - 0.02, 0.3), (1.0, 0, 0), (0, 0, 2.0))], draw_material("wood", rng))
                continue
            low = sill + 2.8 * floor
            add_window(model, (x, front, low), rng.uniform(0.9, 1.4), 1.3, wall)
    if rng.random() < 0.35:
        x = rng.uniform(-wide / 2 + 1.5, wide / 2 - 1.5)
        model.add([box((x - 1.3, front - 0.7, BELOW_GROUND), (x + 1.3, front - 0.03, high))], wall)
    return model


def add_window(model: Model, corner: tuple[float, float, float], wide: float, high: float, wall: Material) -> None:
    """Add a pane with a ledge below it to a front that faces -y."""
    x, y, z = corner
    model.add([sheet((x, y - 0.02, z), (wide, 0, 0), (0, 0, high))], MATERIALS["glass"])
    model.add([box((x - 0.05, y - 0.12, z - 0.06), (x + wide + 0.05, y, z))], wall)


def garage(wide: float, rng: np.random.Generator) -> Model:
    """Return a garage with its gate towards -y."""
    model = Model("building")
    deep, high = rng.uniform(5.0, 6.5), rng.uniform(2.2, 2.7)
    model.add([box((-wide / 2, -deep / 2, BELOW_GROUND), (wide / 2, deep / 2, high))], draw_material("plaster", rng))
    gate = (-wide / 2 + 0.25, -deep / 2 - 0.02, 0.02), (wide - 0.5, 0, 0), (0, 0, 2.0)
    model.add([sheet(*gate)], draw_material("metal", rng))
    return model


def fence(long: float, rng: np.random.Generator) -> Model:
    """Return a fence `long` metres along x: wire mesh, pickets or boards, on posts, some on a low wall."""
    model = Model("fence")
    kind, high = str(rng.choice(["mesh", "pickets", "boards"])), rng.uniform(0.9, 1.8)
    foot = rng.choice([0.0, 0.35])
    if foot > 0:
        model.add([box((-long / 2, -0.1, 0), (long / 2, 0.1, foot))], draw_material("concrete", rng))
    filling = draw_material("wood" if kind == "boards" else kind, rng)
    model.add([box((-long / 2, -0.02, foot + 0.04), (long / 2, 0.02, high))], filling)
    for x in np.linspace(-long / 2 + 0.05, long / 2 - 0.05, max(2, int(long / 2.2) + 1)):
        model.add([box((x - 0.04, -0.05, foot), (x + 0.04, 0.05, high + 0.05))], draw_material("wood", rng))
    return model


def garden_wall(long: float, rng: np.random.Generator) -> Model:
    """Return a free-standing wall `long` metres along x."""
    model = Model("other-structure")
    model.add([box((-long / 2, -0.12, 0), (long / 2, 0.12, rng.uniform(0.4, 1.5)))], draw_material("brick", rng))
    return model
