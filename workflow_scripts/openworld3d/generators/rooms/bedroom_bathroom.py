"""Beds and bathroom fixtures."""

from __future__ import annotations

import numpy as np

from openworld3d.generators.rooms.model import Model
from openworld3d.generators.rooms.palette import draw_color, stripes
from openworld3d.generators.rooms.shapes import basin, bowl, box, cushion, disc, frustum, rectangle, wave


def bed(rng: np.random.Generator) -> Model:
    """Return a bed with its head at the wall: a headboard, a frame on legs, a mattress, a duvet, pillows."""
    w, d = rng.uniform(1.2, 1.8), rng.uniform(2.0, 2.15)
    h, head = rng.uniform(0.46, 0.58), rng.uniform(0.85, 1.15)
    model = Model("bed", "bed", (w, d, head))
    wood, linen = draw_color("cabinet", rng) * 0.8, draw_color("bed linen", rng)
    model.add(box((-w / 2, 0, 0.05), (w / 2, 0.06, head)), wood)
    model.add(box((-w / 2, 0.06, 0.18), (w / 2, d, h - 0.2)), wood)
    for x in (-w / 2 + 0.02, w / 2 - 0.09):
        model.add(box((x, d - 0.09, 0), (x + 0.07, d - 0.02, 0.18)), wood)
    model.add(cushion((-w / 2 + 0.02, 0.06, h - 0.2), (w / 2 - 0.02, d - 0.02, h), 12), linen * 0.4 + 0.55)
    cloth = stripes(rng.uniform(0.1, 0.4), rng.choice([0.0, 0.1]), rng)
    model.add(cushion((-w / 2, 0.72, h - 0.22), (w / 2, d, h + 0.06), 10), linen, cloth)
    pillows = 2 if w > 1.4 else 1
    for x in (np.arange(pillows) - pillows / 2) * (w / pillows):
        at = (x + 0.08, 0.12, h - 0.02), (x + w / pillows - 0.08, 0.55, h + 0.14)
        model.add(cushion(*at, 3), draw_color("ceramic", rng))
    return model


def toilet(rng: np.random.Generator) -> Model:
    """Return a toilet: a tank at the wall, an oval bowl on a foot, a seat ring, sometimes with its lid up."""
    w, d, seat = rng.uniform(0.38, 0.44), rng.uniform(0.66, 0.74), rng.uniform(0.40, 0.44)
    h = seat + 0.38
    model = Model("toilet", "toilet", (w, d, h))
    white = draw_color("ceramic", rng)
    a, b = 0.46 * w, (d - 0.2) / 2
    middle = 0.2 + b
    model.add(box((-w / 2, 0, seat - 0.05), (w / 2, 0.18, h)), white)
    model.add(box((-0.11, 0.05, 0), (0.11, 0.3, seat - 0.02)), white)
    model.add([bowl((0, middle, seat), (a, b, 0.34), seen_inside=False)], white)
    model.add(frustum((0, middle, 0), 0.14, 0.10, 0.2), white)
    if rng.random() < 0.4:
        model.add([disc((0, middle, seat + 0.04), 0.0, (a, b))], white * 0.97)
        return model
    model.add([bowl((0, middle, seat), (0.6 * a, 0.65 * b, 0.24), seen_inside=True)], white * 0.93)
    model.add([disc((0, middle, seat + 0.02), 0.62, (a, b))], white)
    model.add(box((-a, 0.185, seat + 0.02), (a, 0.215, seat + 0.36)), white * 0.97)
    return model


def bathtub(width: float, rng: np.random.Generator) -> Model:
    """Return a hollow tub `width` metres long with a rim and a tap."""
    d, h, rim = rng.uniform(0.72, 0.80), rng.uniform(0.46, 0.54), 0.07
    model = Model("bathtub", "bathtub", (width, d, h + 0.05))
    white = draw_color("enamel", rng)
    model.add(box((-width / 2, 0, 0), (width / 2, d, h))[1:], white)
    model.add(basin((-width / 2 + rim, rim, 0.2), (width / 2 - rim, d - rim, h)), white * 0.95)
    for low, size in (
        ((-width / 2, 0), (width, rim)),
        ((-width / 2, d - rim), (width, rim)),
        ((-width / 2, rim), (rim, d - 2 * rim)),
        ((width / 2 - rim, rim), (rim, d - 2 * rim)),
    ):
        model.add([rectangle((*low, h), (size[0], 0, 0), (0, size[1], 0))], white)
    steel = draw_color("metal", rng)
    model.add(box((-width / 2 + 0.02, d / 2 - 0.02, h), (-width / 2 + 0.16, d / 2 + 0.02, h + 0.05)), steel)
    return model


def shower_curtain(width: float, height: float, rng: np.random.Generator) -> Model:
    """Return a thin curtain with its rod."""
    model = Model("shower curtain", "shower curtain", (width, 0.06, height))
    cloth = stripes(rng.uniform(0.1, 0.3), rng.choice([0.0, 0.06]), rng)
    sheet = wave((-width / 2, 0, 0), width, height - 0.04, 0.025, 8 * width)
    model.add([sheet], draw_color("shower curtain", rng), cloth)
    model.add(box((-width / 2, 0.02, height - 0.03), (width / 2, 0.045, height)), draw_color("metal", rng))
    return model
