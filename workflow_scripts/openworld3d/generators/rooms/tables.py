"""Tables, desks and kitchen worktops."""

from __future__ import annotations

from typing import Tuple

import numpy as np

from openworld3d.generators.rooms.model import Model
from openworld3d.generators.rooms.palette import draw_color, grid_pattern
from openworld3d.generators.rooms.shapes import basin, box, disc, frustum, rim

Hole = Tuple[float, float, float, float]


def _four_legged(model: Model, top: float, leg: float, color: np.ndarray, rng: np.random.Generator) -> None:
    w, d, h = model.size
    model.add(box((-w / 2, 0, h - top), (w / 2, d, h)), color, grid_pattern((3.0, 0.12), 0.07, rng))
    for x in (-w / 2 + 0.03, w / 2 - 0.03 - leg):
        for y in (0.03, d - 0.03 - leg):
            model.add(box((x, y, 0), (x + leg, y + leg, h - top)), color * 0.9)


def dining_table(rng: np.random.Generator) -> Model:
    """Return a rectangular dining table."""
    size = rng.uniform(1.2, 1.7), rng.uniform(0.78, 0.92), rng.uniform(0.72, 0.77)
    model = Model("table", "dining table", size)
    _four_legged(model, 0.04, 0.06, draw_color("table", rng), rng)
    return model


def coffee_table(rng: np.random.Generator) -> Model:
    """Return a low table, with a shelf on rectangular ones and a stem under round ones."""
    h = rng.uniform(0.38, 0.46)
    color = draw_color("table", rng)
    if rng.random() < 0.35:
        radius = rng.uniform(0.38, 0.48)
        model = Model("table", "coffee table", (2 * radius, 2 * radius, h))
        model.add(frustum((0, radius, h - 0.04), radius, radius, 0.04), color)
        model.add(frustum((0, radius, 0), 0.18, 0.06, h - 0.04), color * 0.8)
        return model
    w, d = rng.uniform(0.85, 1.2), rng.uniform(0.5, 0.62)
    model = Model("table", "coffee table", (w, d, h))
    _four_legged(model, 0.04, 0.05, color, rng)
    model.add(box((-w / 2 + 0.05, 0.05, 0.14), (w / 2 - 0.05, d - 0.05, 0.16)), color * 0.85)
    return model


def desk(rng: np.random.Generator) -> Model:
    """Return a desk: a top, a side panel, a modesty panel and a block of three drawers."""
    w, d, h = rng.uniform(1.2, 1.6), rng.uniform(0.62, 0.78), rng.uniform(0.72, 0.77)
    model = Model("desk", "desk", (w, d, h))
    color, handle = draw_color("desk", rng), draw_color("metal", rng)
    model.add(box((-w / 2, 0, h - 0.035), (w / 2, d, h)), color, grid_pattern((3.0, 0.15), 0.05, rng))
    model.add(box((-w / 2, 0.02, 0), (-w / 2 + 0.03, d - 0.02, h - 0.035)), color * 0.92)
    model.add(box((-w / 2, 0.04, 0.3), (w / 2, 0.06, h - 0.035)), color * 0.92)
    left = w / 2 - 0.42
    model.add(box((left, 0.02, 0.03), (w / 2, d - 0.03, h - 0.035)), color * 0.92)
    for z in (0.16, 0.38, 0.58):
        model.add(box((left + 0.12, d - 0.03, z), (w / 2 - 0.12, d - 0.01, z + 0.025)), handle)
    return model


def worktop(width: float, depth: float, hole: Hole, rng: np.random.Generator) -> Model:
    """Return a kitchen worktop around a hole (x0, y0, x1, y1), to lie on base cabinets."""
    thickness = 0.05
    model = Model("counter", "kitchen counter", (width, depth, thickness))
    color = draw_color("worktop", rng)
    x0, y0, x1, y1 = hole
    for low, high in (
        ((-width / 2, 0), (x0, depth)),
        ((x1, 0), (width / 2, depth)),
        ((x0, 0), (x1, y0)),
        ((x0, y1), (x1, depth)),
    ):
        model.add(box((*low, 0), (*high, thickness)), color, grid_pattern((0.04, 0.04), 0.10, rng))
    return model


def built_in_sink(width: float, depth: float, rng: np.random.Generator) -> Model:
    """Return an enamelled sink to hang in a worktop's hole: a basin below z = 0, a rim and a tap on its ledge."""
    model = Model("sink", "kitchen sink", (width, depth, 0.28))
    color = draw_color("porcelain", rng)
    half = width / 2
    hole = (-half + 0.02, 0.08), (half - 0.02, depth - 0.02)
    model.add(basin((*hole[0], -0.17), (*hole[1], 0.01)), color)
    for low, high in rim((-half, 0), (half, depth), *hole):
        model.add(box((*low, 0.0), (*high, 0.012)), color * 1.1)
    model.add(frustum((0, 0.04, 0), 0.02, 0.015, 0.26), color * 0.9)
    model.add(box((-0.012, 0.04, 0.24), (0.012, 0.2, 0.265)), color * 0.9)
    return model


def wash_basin(rng: np.random.Generator) -> Model:
    """Return a ceramic wash basin on a pedestal, with a tap."""
    w, d, h = rng.uniform(0.52, 0.64), rng.uniform(0.44, 0.52), rng.uniform(0.80, 0.88)
    model = Model("sink", "sink", (w, d, h + 0.15))
    white, steel = draw_color("porcelain", rng), draw_color("metal", rng)
    model.add(frustum((0, d / 2 - 0.04, 0), 0.11, 0.08, h - 0.16), white)
    shell = box((-w / 2, 0, h - 0.16), (w / 2, d, h))
    model.add(shell[1:], white)
    hole = (-w / 2 + 0.05, 0.10), (w / 2 - 0.05, d - 0.04)
    model.add(basin((*hole[0], h - 0.13), (*hole[1], h)), white * 0.95)
    for low, high in rim((-w / 2, 0), (w / 2, d), *hole):
        model.add(box((*low, h - 0.01), (*high, h))[:1], white)
    model.add([disc((0, d / 2, h - 0.128), 0.0, (0.03, 0.03))], steel * 0.6)
    model.add(frustum((0, 0.05, h), 0.02, 0.015, 0.13), steel)
    model.add(box((-0.012, 0.05, h + 0.11), (0.012, 0.2, h + 0.135)), steel)
    return model
