"""Street furniture: lamps, signs, bins, benches, shelters; and clutter."""

from __future__ import annotations

import numpy as np

from openworld3d.generators.streets.materials import MATERIALS, draw_material
from openworld3d.generators.streets.model import Model
from openworld3d.generators.streets.shapes import box, sheet, tube


def lamp_post(rng: np.random.Generator) -> Model:
    """Return a lamp post, its lamp towards -y."""
    model, steel = Model("pole"), draw_material("concrete" if rng.random() < 0.5 else "metal", rng)
    high, radius = rng.uniform(5.0, 8.5), rng.uniform(0.06, 0.12)
    model.add([tube((0, 0, 0), (0, 0, high), radius, 0.6), tube((0, 0, 0), (0, 0, 0.9), 1.4 * radius, 1.0)], steel)
    model.add([tube((0, 0, high), (0, -1.1, high + 0.2), 0.05)], steel)
    return model


def bollard(rng: np.random.Generator) -> Model:
    """Return a knee-high post."""
    model = Model("pole")
    model.add(
        [tube((0, 0, 0), (0, 0, rng.uniform(0.8, 1.1)), rng.uniform(0.05, 0.09))], draw_material("concrete", rng)
    )
    return model


def sign(rng: np.random.Generator) -> Model:
    """Return a traffic sign on its pole: one or two plates, round, square or long; they face -x."""
    model = Model("pole")
    high = rng.uniform(2.3, 2.9)
    model.add([tube((0, 0, 0), (0, 0, high), 0.035)], draw_material("metal", rng))
    top = high
    for _ in range(rng.integers(1, 3)):
        plate, kind = draw_material("sign", rng), rng.integers(3)
        half = rng.uniform(0.26, 0.36)
        if kind == 0:
            shape = tube((-0.06, 0, top - half), (-0.04, 0, top - half), half)
        else:
            wide = half if kind == 1 else 1.3 * half
            shape = box((-0.06, -wide, top - 2 * half), (-0.04, wide, top))
        model.add([shape], plate, "traffic-sign")
        top -= 2 * half + 0.04
    return model


def bin_on_wheels(rng: np.random.Generator) -> Model:
    """Return a wheelie bin."""
    model, deep = Model("other-object"), rng.uniform(0.5, 0.75)
    high = rng.uniform(0.95, 1.25)
    plastic = draw_material("plastic", rng)
    model.add([box((-deep / 2, -0.29, high - 0.07), (deep / 2, 0.29, high))], plastic)
    model.add([box((-0.42 * deep, -0.24, 0), (0.42 * deep, 0.24, high - 0.07))], plastic)
    return model


def cabinet(rng: np.random.Generator) -> Model:
    """Return a switch cabinet."""
    model = Model("other-object")
    wide, high = rng.uniform(0.5, 1.4), rng.uniform(0.9, 1.4)
    model.add([box((-wide / 2, -0.2, 0), (wide / 2, 0.2, high))], draw_material("concrete", rng))
    return model


def bench(rng: np.random.Generator) -> Model:
    """Return a bench along x."""
    model, wood = Model("other-object"), draw_material("wood", rng)
    model.add([box((-0.9, -0.22, 0.42), (0.9, 0.22, 0.47)), box((-0.9, 0.2, 0.6), (0.9, 0.24, 0.88))], wood)
    for x in (-0.7, 0.7):
        model.add([box((x - 0.04, -0.2, 0), (x + 0.04, 0.24, 0.42))], MATERIALS["metal"])
        model.add([box((x - 0.03, 0.2, 0.42), (x + 0.03, 0.24, 0.6))], MATERIALS["metal"])
    return model


def shelter(rng: np.random.Generator) -> Model:
    """Return a bus stop's shelter along x, open to -y."""
    model, steel = Model("other-structure"), draw_material("metal", rng)
    long = rng.uniform(3.0, 4.5)
    for x in (-long / 2, 0.0, long / 2):
        model.add([box((x - 0.05, 0.55, 0), (x + 0.05, 0.65, 2.3))], steel)
    model.add([box((-long / 2, 0.59, 0.3), (long / 2, 0.61, 2.2))], MATERIALS["clear pane"])
    side = (-long / 2, -0.3, 0.3), (0, 0.85, 0), (0, 0, 1.9)
    model.add([sheet(*side)], draw_material("sign", rng))
    model.add([box((-long / 2 - 0.1, -0.6, 2.3), (long / 2 + 0.1, 0.7, 2.42))], steel)
    model.add([box((-0.35 * long, 0.2, 0.42), (0.35 * long, 0.5, 0.47))], steel)
    return model


def clutter(rng: np.random.Generator) -> Model:
    """Return a few unlabelled boxes."""
    model = Model("unlabeled")
    for x in (-0.4, 0.3):
        wide, deep, high = rng.uniform(0.3, 0.6), rng.uniform(0.3, 0.9), rng.uniform(0.25, 1.1)
        model.add([box((x - wide / 2, -deep / 2, 0), (x + wide / 2, deep / 2, high))], draw_material("plastic", rng))
    return model
