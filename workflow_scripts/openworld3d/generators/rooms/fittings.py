"""Fittings of the walls: doors, windows, curtains, pictures, mirrors, radiators."""

from __future__ import annotations

import numpy as np

from openworld3d.generators.rooms.model import CLUTTER, Model
from openworld3d.generators.rooms.palette import draw_color, painting, stripes
from openworld3d.generators.rooms.shapes import basin, box, cushion, rectangle, wave


def door(rng: np.random.Generator) -> Model:
    """Return a door leaf, recessed in its wall opening, with a frame, two panels and a handle."""
    w, h = rng.uniform(0.85, 1.0), rng.uniform(2.0, 2.1)
    model = Model("door", "door", (w, 0.06, h))
    color, handle = draw_color("door", rng), draw_color("metal", rng)
    _frame(model, w, 0.0, h, color * 0.92, with_bottom=False)
    model.add(box((-w / 2 + 0.05, -0.08, 0), (w / 2 - 0.05, -0.04, h - 0.05)), color)
    for low, high in ((0.15, 0.9), (1.05, h - 0.2)):
        model.add(box((-w / 2 + 0.17, -0.045, low), (w / 2 - 0.17, -0.03, high)), color * 1.05)
    model.add(box((w / 2 - 0.16, -0.04, 1.0), (w / 2 - 0.13, 0.03, 1.04)), handle)
    model.add(box((w / 2 - 0.25, 0.01, 1.0), (w / 2 - 0.13, 0.03, 1.04)), handle)
    return model


def window(width: float, height: float, rng: np.random.Generator) -> Model:
    """Return a window: bright panes recessed in a frame, a mullion every 0.7 m and a sill board."""
    model = Model("window", "window", (width, 0.08, height))
    frame, glass = draw_color("frame", rng), draw_color("glass", rng)
    bottom, _, _, *sides = basin((-width / 2, -0.08, 0), (width / 2, 0.0, height))
    model.add([bottom, *sides], frame)
    _frame(model, width, 0.0, height, frame, with_bottom=True)
    model.add([rectangle((-width / 2, -0.07, 0), (0, 0, height), (width, 0, 0))], glass)
    panes = max(1, round(width / 0.7))
    for x in np.linspace(-width / 2, width / 2, panes + 1)[1:-1]:
        model.add(box((x - 0.025, -0.07, 0), (x + 0.025, -0.04, height)), frame)
    model.add(box((-width / 2, -0.02, 0.0), (width / 2, 0.08, 0.03)), frame)
    return model


def _frame(model: Model, width: float, low: float, high: float, color: np.ndarray, with_bottom: bool) -> None:
    half, bar = width / 2, 0.05
    model.add(box((-half, -0.06, low), (-half + bar, 0.015, high)), color)
    model.add(box((half - bar, -0.06, low), (half, 0.015, high)), color)
    model.add(box((-half, -0.06, high - bar), (half, 0.015, high)), color)
    if with_bottom:
        model.add(box((-half, -0.06, low), (half, 0.015, low + bar)), color)


def curtain(width: float, height: float, rng: np.random.Generator) -> Model:
    """Return one wavy curtain; draw two with equal generators for a pair of one colour."""
    model = Model("curtain", "curtain", (width, 0.14, height))
    cloth = stripes(rng.uniform(0.05, 0.3), rng.choice([0.0, 0.08]), rng)
    sheet = wave((-width / 2, 0.02, 0), width, height, 0.05, max(2.0, width / 0.14))
    model.add([sheet], draw_color("curtain", rng), cloth)
    return model


def picture(rng: np.random.Generator) -> Model:
    """Return a framed picture."""
    w, h = rng.uniform(0.45, 1.0), rng.uniform(0.42, 0.75)
    model = Model("picture", "picture", (w, 0.05, h))
    canvas = rectangle((-w / 2 + 0.04, 0.035, 0.04), (0, 0, h - 0.08), (w - 0.08, 0, 0))
    model.add([canvas], np.ones(3), painting((w, h), rng))
    rim = draw_color(str(rng.choice(["table", "dark", "frame"])), rng)
    for low, high in (
        ((0, 0), (w, 0.04)),
        ((0, h - 0.04), (w, h)),
        ((0, 0), (0.04, h)),
        ((w - 0.04, 0), (w, h)),
    ):
        model.add(box((low[0] - w / 2, 0, low[1]), (high[0] - w / 2, 0.05, high[1])), rim)
    return model


def mirror(width: float, height: float, rng: np.random.Generator) -> Model:
    """Return a mirror, unannotated."""
    model = Model(CLUTTER, "mirror", (width, 0.04, height))
    model.add(box((-width / 2, 0, 0), (width / 2, 0.04, height)), draw_color("glass", rng) * 0.8)
    return model


def radiator(rng: np.random.Generator) -> Model:
    """Return a ribbed radiator, one of the classes' `otherfurniture`."""
    ribs, h = int(rng.integers(8, 16)), rng.uniform(0.5, 0.62)
    model = Model("otherfurniture", "radiator", (ribs * 0.06, 0.12, h + 0.1))
    color = draw_color("frame", rng)
    for x in (np.arange(ribs) - ribs / 2) * 0.06:
        model.add(cushion((x, 0.02, 0.1), (x + 0.045, 0.12, h + 0.1), 8), color)
    return model
