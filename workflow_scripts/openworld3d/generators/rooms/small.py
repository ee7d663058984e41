"""Small things: lamps, bins, and clutter that stays unannotated."""

from __future__ import annotations

import numpy as np

from openworld3d.generators.rooms.model import CLUTTER, Model
from openworld3d.generators.rooms.palette import draw_color
from openworld3d.generators.rooms.shapes import box, cushion, frustum


def floor_lamp(rng: np.random.Generator) -> Model:
    """Return a standing lamp, one of the classes' `otherfurniture`."""
    radius, h = rng.uniform(0.17, 0.23), rng.uniform(1.45, 1.75)
    model = Model("otherfurniture", "floor lamp", (2 * radius, 2 * radius, h))
    metal = draw_color("dark", rng)
    model.add(frustum((0, radius, 0), 0.15, 0.14, 0.03), metal)
    model.add(frustum((0, radius, 0.03), 0.018, 0.018, h - 0.3), metal)
    model.add(frustum((0, radius, h - 0.32), radius, 0.6 * radius, 0.32), draw_color("shade", rng))
    return model


def trash_can(rng: np.random.Generator) -> Model:
    """Return a tapered bin, one of the classes' `otherfurniture`."""
    radius, h = rng.uniform(0.14, 0.19), rng.uniform(0.32, 0.55)
    model = Model("otherfurniture", "trash can", (2 * radius, 2 * radius, h))
    side, lid = frustum((0, radius, 0), 0.8 * radius, radius, h)
    model.add([side, lid], draw_color(str(rng.choice(["metal", "dark", "cloth"])), rng))
    return model


def ceiling_lamp(rng: np.random.Generator) -> Model:
    """Return a hanging lamp with its cable, unannotated."""
    radius = rng.uniform(0.15, 0.22)
    model = Model(CLUTTER, "ceiling lamp", (2 * radius, 2 * radius, 0.6))
    model.add(frustum((0, radius, 0), radius, 0.05, 0.2), draw_color("shade", rng))
    model.add(frustum((0, radius, 0.2), 0.012, 0.012, 0.4), draw_color("dark", rng))
    return model


def cardboard_box(rng: np.random.Generator) -> Model:
    """Return a box left on the floor, unannotated."""
    w, d, h = rng.uniform(0.25, 0.45, 3)
    model = Model(CLUTTER, "box", (w, d, h))
    model.add(box((-w / 2, 0, 0), (w / 2, d, h)), draw_color("table", rng))
    return model


def monitor(rng: np.random.Generator) -> Model:
    """Return a screen on a foot, unannotated."""
    w, h = rng.uniform(0.48, 0.62), rng.uniform(0.40, 0.48)
    model = Model(CLUTTER, "monitor", (w, 0.18, h))
    dark = draw_color("dark", rng)
    model.add(box((-w / 2, 0.06, 0.10), (w / 2, 0.09, h)), dark)
    model.add(box((-0.03, 0.05, 0.0), (0.03, 0.07, 0.2)), dark)
    model.add(box((-0.1, 0.0, 0.0), (0.1, 0.18, 0.015)), dark)
    return model


def television(width: float, rng: np.random.Generator) -> Model:
    """Return a flat television on its foot, unannotated."""
    h = 0.58 * width + 0.06
    model = Model(CLUTTER, "tv", (width, 0.16, h))
    dark = draw_color("dark", rng) * 0.7
    model.add(box((-width / 2, 0.05, 0.06), (width / 2, 0.09, h)), dark)
    model.add(box((-width / 4, 0.0, 0.0), (width / 4, 0.16, 0.02)), dark)
    model.add(box((-0.04, 0.05, 0.02), (0.04, 0.07, 0.1)), dark)
    return model


def pots(rng: np.random.Generator) -> Model:
    """Return a bowl of fruit or a vase for a table top, unannotated."""
    radius, h = rng.uniform(0.07, 0.13), rng.uniform(0.08, 0.26)
    model = Model(CLUTTER, "bowl", (2 * radius, 2 * radius, h))
    model.add(cushion((-radius, 0, 0), (radius, 2 * radius, h), 2.5), draw_color("cloth", rng))
    return model
