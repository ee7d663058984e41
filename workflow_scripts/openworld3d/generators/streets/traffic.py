"""Moving traffic: each lane and each walkway has one speed, so that nothing collides."""

from __future__ import annotations

from typing import NamedTuple, Sequence

import numpy as np

from openworld3d.generators.streets.model import Draw, Placed, draw_from
from openworld3d.generators.streets.other_vehicles import bus, tractor
from openworld3d.generators.streets.people import bicyclist, motorcyclist, person
from openworld3d.generators.streets.street import BAY, BEHIND, BEYOND, CYCLE_STRIP, KERB, STREET_FURNITURE, Style
from openworld3d.generators.streets.vehicles import car, truck

WALKWAY = 0.8
# The sensor's car, with the distance that others keep.
OWN_ROOM = (-8.0, 10.0)
ON_LANES: list[tuple[Draw, float]] = [(car, 0.81), (bus, 0.05), (truck, 0.05), (tractor, 0.02), (motorcyclist, 0.07)]


class Lane(NamedTuple):
    """A way along x: its middle y, its width, its height above the road, its speed, what is on it, gaps between."""

    middle: float
    width: float
    high: float
    speed: float
    draws: Sequence[tuple[Draw, float]]
    gaps: tuple[float, float]


def lanes(style: Style, own_speed: float, rng: np.random.Generator) -> tuple[Lane, list[Lane]]:
    """Return the lane of the sensor's car, at its speed, and all other lanes and walkways."""
    own = Lane(-style.lane / 2, style.lane, 0.0, own_speed, ON_LANES, (10.0, 50.0))
    oncoming = Lane(style.lane / 2, style.lane, 0.0, -rng.uniform(6, 13), ON_LANES, (10.0, 60.0))
    others = [oncoming]
    for sign in (-1, 1):
        strip = sign * (style.lane + CYCLE_STRIP / 2)
        others.append(Lane(strip, CYCLE_STRIP, 0.0, -sign * rng.uniform(3, 6), [(bicyclist, 1.0)], (30.0, 90.0)))
        kerb = style.lane + CYCLE_STRIP + BAY
        for place, speed in ((STREET_FURNITURE, 1.3), (STREET_FURNITURE + WALKWAY, -1.2)):
            walk = sign * (kerb + place + WALKWAY / 2)
            others.append(Lane(walk, WALKWAY, KERB, speed * rng.uniform(0.8, 1.2), [(person, 1.0)], (12.0, 80.0)))
    return own, others


def corridors(ways: Sequence[Lane], path: float) -> np.ndarray:
    """Return the boxes (L, 2, 3) that traffic moves in, kept free of all else."""
    found: list[list[tuple[float, float, float]]] = []
    for way in ways:
        high = 3.4 if way.high == 0 else 2.2
        low = (BEHIND, way.middle - way.width / 2, way.high)
        found.append([low, (path + BEYOND, way.middle + way.width / 2, high)])
    return np.array(found)


def drive_along(
    way: Lane, first: Sequence[Draw], start: float, stop: float, rng: np.random.Generator
) -> list[Placed]:
    """Return the traffic of a way between `start` and `stop` at time 0: `first`, then what is drawn."""
    found: list[Placed] = []
    x, left = start, list(first)
    while True:
        model = left.pop(0)(rng) if left else draw_from(way.draws, rng)
        low, high = model.bounds()
        x += high[0] - low[0]
        if x > stop:
            return found
        turned = way.speed < 0
        middle = x + low[0] if turned else x - high[0]
        slack = max(0.0, (way.width - (high[1] - low[1])) / 2 - 0.06)
        y = way.middle + rng.uniform(-1, 1) * min(slack, 0.25)
        found.append(Placed(model, (middle, y, way.high), np.pi if turned else 0.0, way.speed))
        x += rng.uniform(*way.gaps)
