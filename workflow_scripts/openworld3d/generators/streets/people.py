"""People on foot, and two-wheelers with and without them."""

from __future__ import annotations

import numpy as np

from openworld3d.generators.streets.materials import MATERIALS, draw_material
from openworld3d.generators.streets.model import Model
from openworld3d.generators.streets.shapes import ball, box, tube

METAL, RUBBER, SPOKES = (MATERIALS[name] for name in ("metal", "rubber", "spokes"))


def person(rng: np.random.Generator) -> Model:
    """Return somebody upright, grown up or a child, with legs as in a step."""
    model = Model("person")
    high = rng.uniform(1.1, 1.4) if rng.random() < 0.15 else rng.uniform(1.58, 1.9)
    add_legs(model, 0.47 * high, rng.uniform(0.05, 0.28), rng)
    add_trunk(model, (0, 0, 0.45 * high), 0.4 * high, 0.0, rng)
    return model


def add_legs(model: Model, hip: float, step: float, rng: np.random.Generator) -> None:
    """Add two legs from the hip to the ground, `step` metres before and behind it."""
    cloth = draw_material("cloth", rng)
    for side in (-1, 1):
        model.add([tube((side * step, side * 0.1, 0), (0, side * 0.08, hip), 0.06, 1.0)], cloth)


def add_trunk(
    model: Model, hip: tuple[float, float, float], high: float, lean: float, rng: np.random.Generator
) -> None:
    """Add body, arms and head above the hip, the shoulders `lean` metres ahead of it."""
    x, y, z = hip
    cloth, broad = draw_material("cloth", rng), 0.25 * rng.uniform(0.85, 1.1)
    model.add([tube((x, y, z), (x + lean, y, z + high), 0.17, 0.8)], cloth)
    model.add([ball((x + 0.8 * lean, y, z + 0.85 * high), (0.16, broad, 0.16))], cloth)
    for side in (-1, 1):
        hand = (x + lean + 0.15 + 0.3 * lean, y + side * broad, z + 0.25 * high)
        model.add([tube((x + lean, y + side * broad, z + 0.9 * high), hand, 0.05)], cloth)
    model.add([ball((x + lean, y, z + high + 0.16), (0.11, 0.09, 0.14))], MATERIALS["skin"])


def bicycle(rng: np.random.Generator) -> Model:
    """Return a bicycle that leans on nothing: two wheels of spokes, a frame, a handlebar, a saddle."""
    model = Model("bicycle")
    add_bicycle(model, rng)
    return model


def add_bicycle(model: Model, rng: np.random.Generator) -> None:
    """Add the parts of a bicycle to a model."""
    radius = rng.uniform(0.32, 0.36)
    for x in (-0.52, 0.54):
        model.add([tube((x, -0.02, radius), (x, 0.02, radius), radius)], SPOKES)
    crank, saddle, head = (-0.1, 0, 0.3), (-0.28, 0, 0.92), (0.38, 0, 0.85)
    frame = [tube(crank, saddle, 0.025), tube(crank, head, 0.025), tube((-0.22, 0, 0.75), head, 0.022)]
    frame += [tube((-0.52, 0, radius), crank, 0.02), tube((0.54, 0, radius), head, 0.022)]
    model.add(frame, METAL)
    model.add([tube((0.36, -0.28, 1.0), (0.36, 0.28, 1.0), 0.022), tube(head, (0.36, 0, 1.0), 0.022)], METAL)
    model.add([box((-0.4, -0.08, 0.92), (-0.14, 0.08, 0.98))], RUBBER)


def motorcycle(rng: np.random.Generator) -> Model:
    """Return a motorcycle or a scooter."""
    model = Model("motorcycle")
    add_motorcycle(model, rng)
    return model


def add_motorcycle(model: Model, rng: np.random.Generator) -> None:
    """Add the parts of a motorcycle to a model."""
    paint, radius = draw_material("paint", rng), rng.uniform(0.28, 0.32)
    for x in (-0.68, 0.7):
        model.add([tube((x, -0.07, radius), (x, 0.07, radius), radius)], RUBBER)
    model.add([ball((0.15, 0, 0.82), (0.38, 0.19, 0.18)), ball((0.02, 0, 0.5), (0.36, 0.2, 0.24))], paint)
    model.add([box((-0.85, -0.14, 0.72), (-0.1, 0.14, 0.86), (0.9, 0.8))], RUBBER)
    fork = [tube((0.7, side * 0.09, radius), (0.45, side * 0.09, 1.0), 0.035) for side in (-1, 1)]
    model.add([*fork, tube((0.42, -0.36, 1.03), (0.42, 0.36, 1.03), 0.025)], METAL)
    model.add([ball((0.56, 0, 0.9), (0.1, 0.12, 0.12))], MATERIALS["lamp"])


def bicyclist(rng: np.random.Generator) -> Model:
    """Return somebody who rides a bicycle, which is part of them."""
    model = Model("bicyclist")
    add_bicycle(model, rng)
    add_rider(model, (-0.25, 0, 0.95), 0.6, 0.25, rng)
    return model


def motorcyclist(rng: np.random.Generator) -> Model:
    """Return somebody who rides a motorcycle, which is part of them."""
    model = Model("motorcyclist")
    add_motorcycle(model, rng)
    add_rider(model, (-0.3, 0, 0.86), 0.6, 0.2, rng)
    return model


def add_rider(
    model: Model, hip: tuple[float, float, float], high: float, lean: float, rng: np.random.Generator
) -> None:
    """Add a rider who sits with bent knees."""
    cloth = draw_material("cloth", rng)
    x, _, z = hip
    for side in (-1, 1):
        knee = (x + 0.42, side * 0.14, z - 0.22)
        model.add([tube((x, side * 0.09, z), knee, 0.075, 0.8)], cloth)
        model.add([tube(knee, (x + 0.2, side * 0.13, z - 0.62), 0.06, 0.8)], cloth)
    add_trunk(model, hip, high, lean, rng)
