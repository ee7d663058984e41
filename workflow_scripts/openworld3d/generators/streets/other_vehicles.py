"""Vehicles that are neither car nor truck: buses, caravans, trailers, tractors, excavators."""

from __future__ import annotations

import numpy as np

from openworld3d.generators.streets.materials import MATERIALS, draw_material
from openworld3d.generators.streets.model import Model
from openworld3d.generators.streets.shapes import ball, box, sheet, tube
from openworld3d.generators.streets.vehicles import GLASS, add_lamps, add_wheels, walls

METAL = MATERIALS["metal"]


def bus(rng: np.random.Generator) -> Model:
    """Return a city bus: one long body close to the ground, with a band of windows around it."""
    long, wide, high = rng.uniform(10.5, 12.2), rng.uniform(2.45, 2.55), rng.uniform(2.9, 3.2)
    model, paint = Model("bus"), draw_material("paint", rng)
    sill = rng.uniform(1.15, 1.35)
    model.add([box((-long / 2, -wide / 2, 0.28), (long / 2, wide / 2, sill))], paint)
    model.add([box((-long / 2 + 0.02, -wide / 2 + 0.03, sill), (long / 2 - 0.02, wide / 2 - 0.03, 2.3))], GLASS)
    model.add([box((-long / 2, -wide / 2, 2.3), (long / 2, wide / 2, high), (0.98, 0.92))], paint)
    for x in np.linspace(-long / 2 + 0.06, long / 2 - 0.06, 9):
        for side in (-1, 1):
            y = side * (wide / 2 - 0.03)
            model.add([box((x - 0.06, y - 0.04, sill), (x + 0.06, y + 0.04, 2.3))], paint)
    add_wheels(model, (-0.28 * long, 0.26 * long), wide + 0.04, 0.48)
    add_lamps(model, long, wide, 0.65, rng)
    return model


def caravan(rng: np.random.Generator) -> Model:
    """Return a caravan: a rounded body on one axle near its middle, with a drawbar."""
    long, wide, high = rng.uniform(4.2, 5.8), rng.uniform(2.0, 2.3), rng.uniform(2.4, 2.65)
    model, shell = Model("other-vehicle"), draw_material("canvas", rng)
    model.add([box((-long / 2, -wide / 2, 0.95), (long / 2, wide / 2, high), (0.86, 0.95))], shell)
    model.add([box((-0.46 * long, -wide / 2, 0.42), (0.46 * long, wide / 2, 0.95))], shell)
    window = 0.22 * long
    for side in (-1, 1):
        corner = (-window, side * (wide / 2 + 0.005), 1.25)
        model.add([sheet(corner, (2 * window, 0, 0), (0, -side * 0.02, 0.6))], GLASS)
    model.add([tube((0.45 * long, 0, 0.5), (long / 2 + 1.1, 0, 0.48), 0.06)], METAL)
    model.add([tube((long / 2 + 0.9, 0, 0), (long / 2 + 0.9, 0, 0.5), 0.04)], METAL)
    add_wheels(model, (-0.04 * long,), wide, 0.32)
    return model


def trailer(rng: np.random.Generator) -> Model:
    """Return a low trailer with boards, or one with a canvas, on one or two axles."""
    long, wide, low = rng.uniform(2.6, 5.0), rng.uniform(1.6, 2.1), rng.uniform(0.5, 0.7)
    model = Model("other-vehicle")
    model.add([box((-long / 2, -wide / 2, low), (long / 2, wide / 2, low + 0.08))], METAL)
    model.add(walls((-long / 2, -wide / 2, low), (long / 2, wide / 2, low + 0.4)), METAL)
    if rng.random() < 0.6:
        low_corner = (-long / 2 + 0.02, -wide / 2 + 0.02, low + 0.08)
        canvas = box(low_corner, (long / 2 - 0.02, wide / 2 - 0.02, low + rng.uniform(1.0, 1.7)), (0.97, 0.8))
        model.add([canvas], draw_material("canvas", rng))
    model.add([tube((long / 2, 0, low), (long / 2 + 1.2, 0, low - 0.08), 0.05)], METAL)
    model.add([tube((long / 2 + 0.9, 0, 0), (long / 2 + 0.9, 0, low), 0.04)], METAL)
    add_wheels(model, (-0.4, 0.4) if long > 3.6 else (0.0,), wide + 0.3, 0.31)
    return model


def tractor(rng: np.random.Generator) -> Model:
    """Return a farm tractor: two tall wheels behind, two small ones before, a narrow bonnet and a cab."""
    wide, big = rng.uniform(1.9, 2.3), rng.uniform(0.75, 0.9)
    model, paint = Model("other-vehicle"), draw_material("paint", rng)
    model.add([box((0.0, -0.4, 0.75), (2.1, 0.4, 1.55), (0.9, 0.85))], paint)
    model.add([box((-1.5, -0.45, 0.6), (0.2, 0.45, 1.2))], paint)
    model.add([box((-1.45, -0.75, 1.2), (0.1, 0.75, 2.5), (0.85, 0.9))], GLASS)
    for x in (-1.4, 0.05):
        model.add([tube((x, s * 0.73, 1.2), (0.85 * (x + 0.7) - 0.7, s * 0.66, 2.5), 0.05) for s in (-1, 1)], paint)
    model.add([box((-1.4, -0.72, 2.5), (0.1, 0.72, 2.66), (0.95, 0.95))], paint)
    model.add([tube((1.2, 0.3, 1.5), (1.2, 0.3, 2.3), 0.05)], METAL)
    for x, radius, thick in ((-0.95, big, 0.5), (1.55, 0.48, 0.36)):
        for side in (-1, 1):
            ends = (x, side * (wide / 2 - thick), radius), (x, side * wide / 2, radius)
            model.add([tube(*ends, radius)], MATERIALS["rubber"])
    return model


def excavator(rng: np.random.Generator) -> Model:
    """Return a small excavator: tracks, a turned body with a cab, an arm in two pieces and a bucket."""
    model, paint = Model("other-vehicle"), draw_material("paint", rng)
    long, wide = rng.uniform(2.4, 3.0), rng.uniform(1.8, 2.2)
    for side in (-1, 1):
        outer = side * (wide / 2 - 0.21)
        model.add(
            [box((-long / 2, outer - 0.21, 0), (long / 2, outer + 0.21, 0.62), (0.86, 1.0))], MATERIALS["rubber"]
        )
    model.add([box((-1.35, -0.9, 0.75), (0.8, 0.9, 1.5), (0.95, 0.95))], paint)
    model.add([tube((0, 0, 0.5), (0, 0, 0.75), 0.5)], METAL)
    model.add([box((-0.5, 0.05, 1.5), (0.75, 0.88, 2.5), (0.85, 0.9))], GLASS)
    model.add([box((-0.45, 0.08, 2.5), (0.6, 0.85, 2.6))], paint)
    knee = (rng.uniform(1.9, 2.3), -0.3, rng.uniform(2.5, 2.9))
    wrist = (knee[0] + rng.uniform(0.5, 0.8), -0.3, rng.uniform(0.9, 1.3))
    model.add([tube((0.75, -0.3, 1.2), knee, 0.16), tube(knee, wrist, 0.13)], paint)
    model.add([ball((wrist[0] - 0.05, -0.3, wrist[2] - 0.35), (0.4, 0.42, 0.4))], METAL)
    return model
