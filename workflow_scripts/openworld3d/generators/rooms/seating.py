"""Seats: chairs, sofas, ottomans."""

from __future__ import annotations

import numpy as np

from openworld3d.generators.rooms.model import Model
from openworld3d.generators.rooms.palette import draw_color, stripes
from openworld3d.generators.rooms.shapes import box, cushion, frustum, rectangle


def chair(rng: np.random.Generator) -> Model:
    """Return a four-legged chair."""
    w, d = rng.uniform(0.40, 0.48, 2)
    h, seat = rng.uniform(0.82, 0.98), rng.uniform(0.43, 0.48)
    model = Model("chair", "chair", (w, d, h))
    color = draw_color("chair", rng)
    leg = 0.04
    for x in (-w / 2, w / 2 - leg):
        model.add(box((x, 0, 0), (x + leg, leg, h)), color)
        model.add(box((x, d - leg, 0), (x + leg, d, seat)), color)
    model.add(cushion((-w / 2, 0, seat - 0.04), (w / 2, d, seat), 10), color)
    model.add(box((-w / 2 + leg, 0.005, seat + 0.15), (w / 2 - leg, 0.03, h - 0.01)), color)
    return model


def office_chair(rng: np.random.Generator) -> Model:
    """Return a swivel chair: a star foot, a stem, a padded seat and back, two arm rests."""
    w, d, h = rng.uniform(0.56, 0.62), rng.uniform(0.56, 0.62), rng.uniform(0.95, 1.1)
    model = Model("chair", "office chair", (w, d, h))
    color, foot = draw_color("chair", rng), draw_color("dark", rng)
    middle = d / 2
    for angle in np.arange(5) * 2 * np.pi / 5:
        tip = 0.26 * np.array([np.cos(angle), np.sin(angle)])
        side = 0.025 * np.array([-np.sin(angle), np.cos(angle)])
        model.add([rectangle((-side[0], middle - side[1], 0.08), (*tip, -0.02), (*(2 * side), 0))], foot)
    model.add(frustum((0, middle, 0.06), 0.03, 0.03, 0.38), foot)
    model.add(cushion((-w / 2 + 0.06, 0.08, 0.42), (w / 2 - 0.06, d, 0.51)), color)
    model.add(cushion((-w / 2 + 0.08, 0, 0.56), (w / 2 - 0.08, 0.1, h)), color)
    for x in (-w / 2, w / 2 - 0.06):
        model.add(box((x, 0.12, 0.64), (x + 0.06, 0.42, 0.68)), foot)
        model.add(box((x + 0.02, 0.25, 0.46), (x + 0.04, 0.29, 0.64)), foot)
    return model


def armchair(rng: np.random.Generator) -> Model:
    """Return a light armchair on thin legs: a reclined shell with open arm rests."""
    w, d, h = rng.uniform(0.62, 0.70), rng.uniform(0.66, 0.74), rng.uniform(0.82, 0.95)
    model = Model("chair", "armchair", (w, d, h))
    color, wood = draw_color("chair", rng), draw_color("table", rng)
    model.add(cushion((-w / 2 + 0.07, 0.12, 0.32), (w / 2 - 0.07, d, 0.44)), color)
    model.add(cushion((-w / 2 + 0.07, 0.02, 0.36), (w / 2 - 0.07, 0.16, h)), color)
    for x in (-w / 2, w / 2 - 0.06):
        model.add(box((x, 0.05, 0.56), (x + 0.06, d - 0.06, 0.60)), wood)
        for y in (0.05, d - 0.11):
            model.add(box((x, y, 0), (x + 0.05, y + 0.05, 0.56)), wood)
    return model


def sofa(rng: np.random.Generator, seats: int) -> Model:
    """Return a sofa for some seats: a base, a back, two arms, a seat and a back cushion each."""
    seat, arm = rng.uniform(0.55, 0.66), rng.uniform(0.14, 0.22)
    w, d, h = seats * seat + 2 * arm, rng.uniform(0.80, 0.95), rng.uniform(0.76, 0.90)
    model = Model("sofa", "couch" if rng.random() < 0.5 else "sofa", (w, d, h))
    color = draw_color("sofa", rng)
    cloth = stripes(rng.uniform(0.05, 0.2), rng.choice([0.0, 0.06]), rng)
    left = -w / 2 + arm
    model.add(box((-w / 2 + 0.02, 0.02, 0.05), (w / 2 - 0.02, d - 0.04, 0.30)), color * 0.9)
    model.add(cushion((-w / 2, 0, 0.05), (w / 2, 0.22, h), 12), color, cloth)
    for x in (-w / 2, w / 2 - arm):
        model.add(cushion((x, 0, 0.04), (x + arm, d, rng.uniform(0.56, 0.58)), 8), color, cloth)
    for x in left + seat * np.arange(seats):
        model.add(cushion((x, 0.18, 0.28), (x + seat, d, 0.45)), color * 1.05, cloth)
        model.add(cushion((x, 0.16, 0.44), (x + seat, 0.36, h - 0.03), 5), color * 1.05, cloth)
    pillow = draw_color("cloth", rng)
    for x in (left + 0.02, w / 2 - arm - 0.40)[: rng.integers(0, 3)]:
        model.add(cushion((x, 0.34, 0.45), (x + 0.38, 0.48, 0.80), 3), pillow)
    return model


def ottoman(rng: np.random.Generator) -> Model:
    """Return a round upholstered stool, one of the classes' `otherfurniture`."""
    radius, h = rng.uniform(0.22, 0.32), rng.uniform(0.36, 0.44)
    model = Model("otherfurniture", "ottoman", (2 * radius, 2 * radius, h))
    model.add(frustum((0, radius, 0), radius * 0.92, radius, h), draw_color("cloth", rng))
    return model
