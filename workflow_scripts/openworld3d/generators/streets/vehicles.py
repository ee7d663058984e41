"""Cars and trucks."""

from __future__ import annotations

from typing import Sequence

import numpy as np

from openworld3d.generators.streets.materials import MATERIALS, Material, draw_material, draw_paint
from openworld3d.generators.streets.model import Model
from openworld3d.generators.streets.shapes import Shape, box, sheet, tube

RUBBER = MATERIALS["rubber"]
GLASS = MATERIALS["glass"]


def car(rng: np.random.Generator) -> Model:
    """Return a car: a hatchback, an estate or a saloon, now and then a van."""
    if rng.random() < 0.15:
        return van(rng)
    long, wide, high = rng.uniform(3.7, 4.9), rng.uniform(1.66, 1.86), rng.uniform(1.40, 1.56)
    waist, ground = rng.uniform(0.82, 0.92), rng.uniform(0.18, 0.26)
    model, paint = Model("car"), draw_paint(rng)
    model.add([box((-long / 2, -wide / 2, ground), (long / 2, wide / 2, waist - 0.08), (0.97, 0.98))], paint)
    bonnet = long / 2 - rng.uniform(0.9, 1.2)
    tail = -long / 2 + rng.choice([0.12, 0.3, 0.8])
    model.add([box((tail, -wide / 2 + 0.03, waist - 0.08), (bonnet, wide / 2 - 0.03, waist), (0.98, 0.97))], paint)
    slant = 1 - 1.3 / (bonnet - tail) * rng.uniform(0.6, 0.9)
    model.add([box((tail, -wide / 2 + 0.04, waist), (bonnet, wide / 2 - 0.04, high - 0.05), (slant, 0.78))], GLASS)
    middle, roof = (tail + bonnet) / 2, slant * (bonnet - tail) / 2
    model.add(
        [box((middle - roof, -0.39 * wide, high - 0.06), (middle + roof, 0.39 * wide, high), (0.9, 0.94))], paint
    )
    pillar = middle + roof - 0.9 * rng.uniform(0.5, 0.9)
    model.add(
        [tube((pillar, s * (wide / 2 - 0.06), waist), (pillar, s * 0.4 * wide, high), 0.06) for s in (-1, 1)], paint
    )
    add_lamps(model, long, wide, 0.5 * (ground + waist), rng)
    add_wheels(model, (-0.3 * long, 0.31 * long), wide, rng.uniform(0.29, 0.34))
    return model


def van(rng: np.random.Generator) -> Model:
    """Return a van with a short bonnet and a high body, which counts as a car."""
    long, wide, high = rng.uniform(4.8, 5.4), rng.uniform(1.85, 1.98), rng.uniform(1.85, 2.05)
    model, paint = Model("car"), draw_paint(rng)
    front = long / 2 - 0.7
    model.add([box((-long / 2, -wide / 2, 0.24), (front, wide / 2, high), (0.97, 0.9))], paint)
    model.add([box((front - 0.2, -wide / 2 + 0.02, 0.24), (long / 2, wide / 2 - 0.02, 1.1), (0.85, 0.95))], paint)
    windscreen = (front, -0.42 * wide, 1.1), (0.05, 0, high - 1.25), (0, 0.84 * wide, 0)
    model.add([sheet(*windscreen)], GLASS)
    add_lamps(model, long, wide, 0.7, rng)
    add_wheels(model, (-0.3 * long, 0.32 * long), wide, 0.33)
    return model


def truck(rng: np.random.Generator) -> Model:
    """Return a truck: a cab above its wheels and a bed apart from it, closed, open or with a canvas."""
    long, wide = rng.uniform(6.5, 10.0), rng.uniform(2.3, 2.5)
    model, paint = Model("truck"), draw_paint(rng)
    cab, high = rng.uniform(1.7, 2.2), rng.uniform(2.5, 3.1)
    front = long / 2 - cab
    model.add([box((front, -wide / 2, 0.5), (long / 2, wide / 2, high), (0.9, 0.97))], paint)
    windscreen = (long / 2 - 0.04, -0.45 * wide, 1.7), (-0.08, 0, 0.7), (0, 0.9 * wide, 0)
    model.add([sheet(*windscreen)], GLASS)
    model.add([box((-long / 2, -0.4, 0.65), (front, 0.4, 0.95))], MATERIALS["metal"])
    low, back = rng.uniform(0.98, 1.2), front - 0.35
    bed = (-long / 2, -wide / 2, low), (back, wide / 2, low + 0.12)
    model.add([box(*bed)], MATERIALS["metal"])
    cargo = rng.choice(["closed", "canvas", "open"])
    side = draw_material("metal" if cargo == "open" else "canvas", rng)
    top = low + (rng.uniform(0.5, 0.8) if cargo == "open" else rng.uniform(2.0, 2.5))
    if cargo == "open":
        model.add(walls((-long / 2, -wide / 2, low), (back, wide / 2, top)), side)
    else:
        model.add([box((-long / 2, -wide / 2, low + 0.12), (back, wide / 2, top))], side)
    axles = (-0.36 * long, -0.36 * long + 1.1) if long > 8.5 else (-0.32 * long,)
    add_wheels(model, (*axles, long / 2 - 0.55 * cab - 0.3), wide, rng.uniform(0.45, 0.52))
    add_lamps(model, long, wide, 0.75, rng)
    return model


def walls(low: Sequence[float], high: Sequence[float]) -> list[Shape]:
    """Return the four upright sides of a box that is open above."""
    (x0, y0, z0), (x1, y1, z1) = low, high
    up = (0, 0, z1 - z0)
    ends = [sheet((x, y0, z0), up, (0, y1 - y0, 0)) for x in (x0, x1)]
    return ends + [sheet((x0, y, z0), up, (x1 - x0, 0, 0)) for y in (y0, y1)]


def add_wheels(model: Model, axles: Sequence[float], wide: float, radius: float, material: Material = RUBBER) -> None:
    """Add a wheel on each side of each axle, axles given by their x; they stand on z = 0 within the width."""
    for x in axles:
        for side in (-1, 1):
            outer, inner = side * (wide / 2 - 0.01), side * (wide / 2 - 0.22)
            model.add([tube((x, inner, radius), (x, outer, radius), radius)], material)


def add_lamps(model: Model, long: float, wide: float, high: float, rng: np.random.Generator) -> None:
    """Add a number plate and two lamps at each end, which reflect strongly."""
    lamp = draw_material("lamp", rng)
    for x in (-long / 2 - 0.01, long / 2 + 0.01):
        model.add([sheet((x, -0.26, high - 0.1), (0, 0.52, 0), (0, 0, 0.11))], lamp)
        for y in (-wide / 2 + 0.05, wide / 2 - 0.3):
            model.add([sheet((x, y, high), (0, 0.25, 0), (0, 0, 0.12))], lamp)
