"""Trees, bushes and hedges: clouds of leaves that let some rays through."""

from __future__ import annotations

import numpy as np

from openworld3d.generators.streets.materials import MATERIALS, draw_material
from openworld3d.generators.streets.model import Model
from openworld3d.generators.streets.shapes import Shape, ball, box, tube


def tree(rng: np.random.Generator, reach: float = 3.0, lowest: float = 2.2) -> Model:
    """Return a tree whose crown has a radius up to `reach` metres and hangs down to about `lowest` metres."""
    model = Model("vegetation")
    radius, wide = rng.uniform(0.1, 0.26), reach * rng.uniform(0.7, 1.0)
    high = lowest + rng.uniform(1.2, 1.8) * wide
    bark = draw_material("bark", rng)
    top = (rng.uniform(-0.15, 0.15), rng.uniform(-0.15, 0.15), 0.7 * high)
    model.add([tube((0, 0, 0), top, radius, 0.6), tube((0, 0, 0), (0, 0, 0.25), 1.4 * radius, 0.7)], bark, "trunk")
    middle = np.array([0, 0, (lowest + high) / 2])
    model.add(clumps(middle, (wide, wide, (high - lowest) / 2), 14, rng), draw_material("leaves", rng))
    return model


def conifer(rng: np.random.Generator) -> Model:
    """Return a conifer with branches down to the ground."""
    model = Model("vegetation")
    high, wide = rng.uniform(4.0, 8.0), rng.uniform(1.0, 1.7)
    model.add([tube((0, 0, 0), (0, 0, 0.8 * high), 0.12, 0.5)], draw_material("bark", rng), "trunk")
    leaves = draw_material("leaves", rng)
    for low, share in ((0.3, 1.0), (0.25 * high, 0.85), (0.5 * high, 0.6)):
        model.add([tube((0, 0, low), (0, 0, low + 0.42 * high), share * wide, 0.1)], leaves)
    return model


def bush(rng: np.random.Generator) -> Model:
    """Return a bush of a few clumps on the ground."""
    model = Model("vegetation")
    wide, high = rng.uniform(0.5, 1.5), rng.uniform(0.7, 2.8)
    foot = ball((0, 0, 0.25 * high), (0.6 * wide, 0.6 * wide, 0.26 * high))
    upper = clumps(np.array([0, 0, 0.5 * high]), (wide, wide, 0.5 * high), 6, rng)
    model.add([foot, *upper], draw_material("leaves", rng))
    return model


def hedge(long: float, rng: np.random.Generator) -> Model:
    """Return a trimmed hedge `long` metres along x."""
    model = Model("vegetation")
    thick, high = rng.uniform(0.5, 0.8), rng.uniform(0.8, 1.9)
    leaves = draw_material("dense leaves", rng)
    model.add([box((-long / 2, -thick / 2, 0), (long / 2, thick / 2, high), (1.0, 0.85))], leaves)
    loose = draw_material("leaves", rng)
    for x in np.arange(-long / 2 + 0.6, long / 2 - 0.5, 1.1):
        radii = (0.6, thick / 2 + 0.06, rng.uniform(0.1, 0.25))
        model.add([ball((x, 0, high), radii)], loose)
    return model


def grass_tuft(rng: np.random.Generator) -> Model:
    """Return tall grass or flowers, knee-high."""
    model = Model("vegetation")
    wide = rng.uniform(0.25, 0.7)
    model.add([ball((0, 0, 0.1), (wide, wide, rng.uniform(0.2, 0.5)))], MATERIALS["leaves"])
    return model


def clumps(
    middle: np.ndarray, radii: tuple[float, float, float], count: int, rng: np.random.Generator
) -> list[Shape]:
    """Return ellipsoids spread over the inside of an ellipsoid, none of which leaves it."""
    found = []
    for _ in range(count):
        size = rng.uniform(0.3, 0.5)
        way = rng.normal(size=3)
        place = way / np.linalg.norm(way) * rng.uniform(0.3, 1.0) ** (1 / 3) * (1 - size)
        found.append(ball(middle + place * radii, size * np.asarray(radii) * rng.uniform(0.75, 1.0, 3)))
    return found
