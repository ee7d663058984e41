"""Anomalies: things of no class of SemanticKITTI that may lie on a street."""

from __future__ import annotations

import numpy as np

from openworld3d.generators.streets.materials import MATERIALS, Material, draw_material
from openworld3d.generators.streets.model import Draw, Model
from openworld3d.generators.streets.shapes import ball, box, tube

ANOMALY = "anomaly"
# A pallet of EPAL, and the tyre of a car, in metres.
PALLET, DECK, BEARER = (1.2, 0.8, 0.144), 0.044, 0.1
TYRE_RADIUS, TYRE_WIDTH = (0.29, 0.34), (0.18, 0.24)


def pallets(rng: np.random.Generator) -> Model:
    """Return a stack of pallets, each a deck on three bearers, a little out of line."""
    model, wood = Model(ANOMALY), draw_material("wood", rng)
    long, wide, high = PALLET
    for number in range(rng.integers(1, 7)):
        x, y = rng.uniform(-0.05, 0.05, 2)
        low, top = number * high, (number + 1) * high
        bearers = [
            box((x - long / 2, middle - BEARER / 2, low), (x + long / 2, middle + BEARER / 2, top - DECK))
            for middle in (y - (wide - BEARER) / 2, y, y + (wide - BEARER) / 2)
        ]
        deck = box((x - long / 2, y - wide / 2, top - DECK), (x + long / 2, y + wide / 2, top))
        model.add([*bearers, deck], wood)
    return model


def cones(rng: np.random.Generator) -> Model:
    """Return traffic cones in a heap, some of them fallen."""
    model, plastic = Model(ANOMALY), draw_material("plastic", rng)
    for number in range(rng.integers(4, 9)):
        x, y = rng.uniform(-0.6, 0.6, 2)
        high = rng.uniform(0.5, 0.75)
        if number < 2:
            foot, tip = (x, y, 0.03), (x, y, high)
            model.add([box((x - 0.18, y - 0.18, 0), (x + 0.18, y + 0.18, 0.03))], plastic)
        else:
            way = rng.uniform(-np.pi, np.pi)
            foot, tip = (x, y, 0.15), (x + high * np.cos(way), y + high * np.sin(way), 0.05)
        model.add([tube(foot, tip, 0.15, 0.2)], plastic)
        middle, upper = (np.add(foot, share * np.subtract(tip, foot)) for share in (0.5, 0.7))
        model.add([tube(middle, upper, 0.1, 0.75)], MATERIALS["sign"])
    return model


def sofa(rng: np.random.Generator) -> Model:
    """Return a sofa: a seat between two arms, before a back, with cushions."""
    model, cloth = Model(ANOMALY), draw_material("cloth", rng)
    deep, wide, seat, back = (
        rng.uniform(0.8, 1.0),
        rng.uniform(1.4, 2.3),
        rng.uniform(0.38, 0.46),
        rng.uniform(0.75, 0.95),
    )
    model.add([box((-deep / 2, -wide / 2, 0.06), (deep / 2, wide / 2, seat - 0.12))], cloth)
    model.add([box((-deep / 2, -wide / 2, seat - 0.12), (-deep / 2 + 0.22, wide / 2, back), (0.7, 1.0))], cloth)
    for side in (-1, 1):
        low, high = sorted((side * wide / 2, side * (wide / 2 - 0.2)))
        model.add([box((-deep / 2, low, 0.0), (deep / 2, high, seat + 0.2))], cloth)
        cushion = sorted((side * 0.01, side * (wide / 2 - 0.21)))
        model.add(
            [box((-deep / 2 + 0.22, cushion[0], seat - 0.12), (deep / 2, cushion[1], seat), (0.95, 0.95))], cloth
        )
    return model


def animal(rng: np.random.Generator) -> Model:
    """Return an animal on four legs, between a dog and a deer in size, its head raised or down."""
    model, fur = Model(ANOMALY), draw_material("cloth", rng)
    high = rng.uniform(0.5, 1.2)
    long, thick = rng.uniform(0.9, 1.2) * high, rng.uniform(0.32, 0.42) * high
    belly = high - thick
    model.add([ball((0, 0, high - thick / 2), (long / 2, 0.4 * thick, thick / 2))], fur)
    for x in (-0.32 * long, 0.32 * long):
        model.add(
            [
                tube((x, side * 0.25 * thick, 0), (x, side * 0.25 * thick, belly + 0.3 * thick), 0.05 * high)
                for side in (-1, 1)
            ],
            fur,
        )
    shoulder = (0.38 * long, 0, high - 0.4 * thick)
    head = (0.62 * long, 0, rng.choice([1.35, 0.35]) * high)
    model.add([tube(shoulder, head, 0.11 * high, 0.7)], fur)
    model.add([ball((head[0] + 0.1 * high, 0, head[2]), (0.2 * high, 0.09 * high, 0.1 * high))], fur)
    return model


def log(rng: np.random.Generator) -> Model:
    """Return a tree trunk that lies on its side, with stubs of branches."""
    model, bark = Model(ANOMALY), draw_material("bark", rng)
    long, radius, taper = rng.uniform(1.2, 3.5), rng.uniform(0.14, 0.32), rng.uniform(0.6, 1.0)
    model.add([tube((-long / 2, 0, radius), (long / 2, 0, radius * taper), radius, taper)], bark)
    for _ in range(rng.integers(1, 5)):
        x, way = rng.uniform(-0.4, 0.4) * long, rng.uniform(0.1 * np.pi, 0.9 * np.pi)
        reach = radius + rng.uniform(0.15, 0.5)
        model.add([tube((x, 0, radius), (x, reach * np.cos(way), radius + reach * np.sin(way)), 0.05, 0.7)], bark)
    return model


def tyres(rng: np.random.Generator) -> Model:
    """Return a stack of tyres, and one that has rolled off it."""
    model, rubber = Model(ANOMALY), MATERIALS["rubber"]
    low = 0.0
    for _ in range(rng.integers(2, 6)):
        low = add_tyre(model, (*rng.uniform(-0.06, 0.06, 2), low), rubber, rng)
    add_tyre(model, (rng.uniform(0.75, 1.1), rng.uniform(-0.4, 0.4), 0.0), rubber, rng)
    return model


def add_tyre(model: Model, at: tuple[float, float, float], rubber: Material, rng: np.random.Generator) -> float:
    """Add a tyre that lies at a place, and return the height of its upper side."""
    x, y, low = at
    top = low + rng.uniform(*TYRE_WIDTH)
    model.add([tube((x, y, low), (x, y, top), rng.uniform(*TYRE_RADIUS))], rubber)
    return top


ANOMALIES: list[Draw] = [pallets, cones, sofa, animal, log, tyres]
