"""Insert anomalies into a street: in the sensor's sight, on level ground, where nothing else stands or comes."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import NamedTuple

import numpy as np

from openworld3d.generators.plan import DoesNotFitError
from openworld3d.generators.streets.anomalies import ANOMALIES
from openworld3d.generators.streets.drive import times
from openworld3d.generators.streets.generation import Street, generate_scans, generate_street
from openworld3d.generators.streets.intersection import nonzero
from openworld3d.generators.streets.kinds import ANOMALY_ID
from openworld3d.generators.streets.model import Model, Placed, enclosing
from openworld3d.generators.streets.plan import Plan
from openworld3d.generators.streets.sensor import HEIGHT, Scan
from openworld3d.generators.streets.street import MATERIAL_OF_GROUND

# The first number of a random stream is the seed, the second the sequence; generation.py has 0 and 1.
STREAM = 2
# From a sensor's position, in metres: how far ahead, and how far to either side.
AHEAD, ASIDE = (6.0, 30.0), 8.0
# The sensor's car and some room around it, from the sensor.
OWN_CAR = np.array([(-3.0, -1.2, -HEIGHT), (3.0, 1.2, 0.0)])
# What STU counts: points within this range, in scans that have as many of an anomaly.
RANGE, LEAST_POINTS = (2.5, 50.0), 5


class Surroundings(NamedTuple):
    """Boxes in a street at time 0: ground that is level (G, 2, 3), parts of what stands (B, 2, 3), things that move
    (M, 2, 3) and their speeds (M,) along x."""

    ground: np.ndarray
    standing: np.ndarray
    moving: np.ndarray
    speed: np.ndarray

    def at(self, time: float) -> np.ndarray:
        """Return the boxes of what stands and moves at a time in seconds."""
        return np.concatenate([self.standing, self.moving + shift(self.speed * time)])


def generate_street_with_anomalies(seed: int, sequence: int, scans: int, anomalies: int) -> Street:
    """Return the street of a sequence with anomalies, each of which some scan of it sees."""
    street = generate_street(seed, sequence, scans)
    rng = np.random.default_rng([seed, sequence, STREAM])
    while True:
        try:
            found = insert_anomalies(street, anomalies, rng)
        except DoesNotFitError:
            continue
        if are_seen(found, anomalies, seed, sequence):
            return found


def insert_anomalies(street: Street, count: int, rng: np.random.Generator) -> Street:
    """Return a street with anomalies of as many kinds as possible; raises DoesNotFitError where one has no place."""
    around = surroundings(street)
    plan = Plan(passages(street, around), rng)
    for thing in street.things:
        if stands(thing):
            plan.add(thing)
    before, kinds = len(plan.placed), rng.permutation(len(ANOMALIES))
    for number in range(count):
        model = ANOMALIES[kinds[number % len(kinds)]](rng)
        plan.require(partial(anywhere, model, street, around, rng))
    return street._replace(things=[*street.things, *plan.placed[before:]])


def stands(thing: Placed) -> bool:
    """Return whether a thing neither moves nor is ground."""
    return thing.speed == 0 and thing.model.kind not in MATERIAL_OF_GROUND


def surroundings(street: Street) -> Surroundings:
    """Return the boxes of a street's things."""
    ground = [thing for thing in street.things if thing.model.kind in MATERIAL_OF_GROUND]
    level = [
        part.shape.bounds()
        for thing in ground
        for part in thing.parts()
        if part.kind == thing.model.kind and part.shape.matrix[2, 1] == 0
    ]
    standing = [thing.boxes() for thing in street.things if stands(thing)]
    moving = [thing for thing in street.things if thing.speed != 0]
    boxes = [enclosing(thing.boxes()) for thing in moving]
    return Surroundings(
        np.stack(level),
        np.concatenate(standing),
        np.array(boxes).reshape(-1, 2, 3),
        np.array([thing.speed for thing in moving]),
    )


def shift(along: np.ndarray) -> np.ndarray:
    """Return shifts (M, 1, 3) of boxes along x: (M,) metres."""
    return np.stack([along, np.zeros_like(along), np.zeros_like(along)], axis=1)[:, None]


def passages(street: Street, around: Surroundings) -> np.ndarray:
    """Return the boxes (M + 1, 2, 3) that things and the sensor's car pass through while it scans."""
    way = shift(around.speed * times(len(street.poses))[-1])
    swept = np.concatenate(
        [around.moving[:, :1] + np.minimum(way, 0), around.moving[:, 1:] + np.maximum(way, 0)], axis=1
    )
    place = np.stack([pose.position for pose in street.poses])
    own = np.stack([place.min(axis=0) + OWN_CAR[0], place.max(axis=0) + OWN_CAR[1]])
    return np.concatenate([swept, own[None]])


def anywhere(model: Model, street: Street, around: Surroundings, rng: np.random.Generator) -> Placed:
    """Return a model somewhere ahead of a sensor's position, on level ground and in its sight."""
    while True:
        number = int(rng.integers(len(street.poses)))
        eye = street.poses[number].position
        x, y = eye[0] + rng.uniform(*AHEAD), eye[1] + rng.uniform(-ASIDE, ASIDE)
        placed = Placed(model, (x, y, 0.0), rng.uniform(-np.pi, np.pi))
        box = enclosing(placed.boxes())
        high = height_below(box, around.ground)
        if high is None:
            continue
        middle = np.add(box.mean(axis=0), (0.0, 0.0, high))
        if not is_hidden(middle, eye, around.at(float(times(len(street.poses))[number]))):
            return replace(placed, position=(x, y, high))


def height_below(box: np.ndarray, ground: np.ndarray) -> float | None:
    """Return the height of the piece of ground (G, 2, 3) that a box (2, 3) is above with all its base, if one is."""
    below = ((ground[:, 0, :2] <= box[0, :2]) & (ground[:, 1, :2] >= box[1, :2])).all(axis=1)
    return float(ground[below, 1, 2].max()) if below.any() else None


def is_hidden(point: np.ndarray, eye: np.ndarray, boxes: np.ndarray) -> bool:
    """Return whether one of some boxes (B, 2, 3) lies between a point (3,) and an eye (3,)."""
    share = (boxes - eye) / nonzero(point - eye)  # of the way to the point, at which each plane is met
    enter, leave = share.min(axis=1).max(axis=1), share.max(axis=1).min(axis=1)
    return bool(((enter <= leave) & (leave > 0) & (enter < 1)).any())


def are_seen(street: Street, count: int, seed: int, sequence: int) -> bool:
    """Return whether each of a street's anomalies is in one of its scans."""
    found: set[int] = set()
    for scan in generate_scans(street, seed, sequence):
        found |= anomalies_in(scan)
        if len(found) == count:
            return True
    return False


def anomalies_in(scan: Scan) -> set[int]:
    """Return the instances of the anomalies that STU would count in a scan."""
    distance = np.linalg.norm(scan.points[:, :3], axis=1)
    counted = (scan.labels & 0xFFFF == ANOMALY_ID) & (distance >= RANGE[0]) & (distance <= RANGE[1])
    instances, points = np.unique(scan.labels[counted] >> 16, return_counts=True)
    return set(instances[points >= LEAST_POINTS].tolist())
