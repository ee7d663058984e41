"""Generate the scans of a sequence from a seed."""

from __future__ import annotations

from typing import Iterator, NamedTuple

import numpy as np

from openworld3d.generators.plan import DoesNotFitError
from openworld3d.generators.streets.drive import PERIOD, Pose, drive, times
from openworld3d.generators.streets.furnishing import equip_sidewalk, furnish_first, park, plant_kerb
from openworld3d.generators.streets.lots import build_lots, fill_back
from openworld3d.generators.streets.model import Placed
from openworld3d.generators.streets.other_vehicles import bus
from openworld3d.generators.streets.people import motorcyclist
from openworld3d.generators.streets.plan import Plan
from openworld3d.generators.streets.scene import scene_of
from openworld3d.generators.streets.sensor import Scan, scan
from openworld3d.generators.streets.street import BEHIND, BEYOND, Side, Style, draw_side, draw_style, ground, road
from openworld3d.generators.streets.traffic import OWN_ROOM, Lane, corridors, drive_along, lanes
from openworld3d.generators.streets.vehicles import car

STREET, SCANS = 0, 1
# What every street has stands within these distances behind and beyond the car's path, in metres.
NEAR = 35.0, 55.0


class Street(NamedTuple):
    """All things of a street at time 0, ground included, and the poses from which it is scanned."""

    things: list[Placed]
    poses: list[Pose]


def generate_street(seed: int, sequence: int, scans: int) -> Street:
    """Return the street of a sequence; equal arguments give equal streets."""
    rng = np.random.default_rng([seed, sequence, STREET])
    while True:
        try:
            return draw_street(scans, rng)
        except DoesNotFitError:
            continue


def draw_street(scans: int, rng: np.random.Generator) -> Street:
    """Return a street, or raise `DoesNotFitError`."""
    style, speed = draw_style(rng), rng.uniform(6.0, 10.0)
    path = speed * PERIOD * (scans - 1)
    own, others = lanes(style, speed, rng)
    plan = Plan(corridors([own, *others], path), rng)
    sides = [draw_side(sign, style, path, rng) for sign in (-1, 1)]
    furnish_first(plan, sides, (-NEAR[0], path + NEAR[1]))
    beside = [piece for side in sides for piece in furnish(plan, side, style)]
    moving = traffic(own, others, path, times(scans)[-1], rng)
    return Street([*road(style, path, rng), *beside, *plan.placed, *moving], drive(scans, speed, own.middle, rng))


def furnish(plan: Plan, side: Side, style: Style) -> list[Placed]:
    """Furnish one side of a street and return its ground."""
    park(plan, side, style)
    equip_sidewalk(plan, side)
    plant_kerb(plan, side, style)
    lots = build_lots(plan, side, style)
    fill_back(plan, side, style)
    return ground([*side.kerb, *side.sidewalk, *lots, *side.back, *side.rest], side.sign, plan.rng)


def traffic(own: Lane, others: list[Lane], path: float, time: float, rng: np.random.Generator) -> list[Placed]:
    """Return the moving things, and those that enter from beyond the street's ends within `time` seconds."""
    first = [bus, car] if rng.random() < 0.5 else [car, motorcyclist]
    moving = drive_along(own, first, OWN_ROOM[1] + rng.uniform(4, 18), path + BEYOND, rng)
    moving += drive_along(own, [], BEHIND, OWN_ROOM[0], rng)
    for way in others:
        start, stop = BEHIND - max(0.0, way.speed * time), path + BEYOND - min(0.0, way.speed * time)
        moving += drive_along(way, [], start, stop, rng)
    return moving


def generate_scans(street: Street, seed: int, sequence: int) -> Iterator[Scan]:
    """Yield the scans of a sequence's street."""
    scene = scene_of(street.things)
    for number, (pose, time) in enumerate(zip(street.poses, times(len(street.poses)))):
        rng = np.random.default_rng([seed, sequence, SCANS, number])
        yield scan(scene, pose.rotation, pose.position, float(time), rng)
