"""Where things stand and drive: nothing overlaps, parked is in bays, movers keep to their ways and their distance."""

from __future__ import annotations

from typing import Callable

import numpy as np
import pytest

from openworld3d.generators.streets import anomalies, buildings, furniture, other_vehicles, people, plants, vehicles
from openworld3d.generators.streets.drive import times
from openworld3d.generators.streets.generation import Street, generate_street
from openworld3d.generators.streets.kinds import raw_id
from openworld3d.generators.streets.model import Model, Placed, enclosing
from openworld3d.generators.streets.sensor import HEIGHT

GROUND = {"road", "parking", "sidewalk", "terrain", "other-ground"}
SCANS = 4


@pytest.fixture(scope="module")
def streets() -> list[Street]:
    return [generate_street(5, sequence, SCANS) for sequence in range(3)]


def standing(street: Street) -> list[Placed]:
    return [thing for thing in street.things if thing.speed == 0 and thing.model.kind not in GROUND]


def moving(street: Street) -> list[Placed]:
    return [thing for thing in street.things if thing.speed != 0]


def overlap(boxes: np.ndarray, others: np.ndarray) -> bool:
    """Tell whether some box of (P, 2, 3) has a point in common with one of (Q, 2, 3)."""
    below = (boxes[:, None, 0] < others[None, :, 1]).all(axis=2)
    return bool((below & (boxes[:, None, 1] > others[None, :, 0]).all(axis=2)).any())


def test_nothing_that_stands_reaches_into_another(streets: list[Street]) -> None:
    for street in streets:
        boxes = [thing.boxes() for thing in standing(street)]
        around = np.stack([enclosing(box) for box in boxes])
        for number, box in enumerate(boxes):
            near = np.flatnonzero(
                (around[:, 0] < around[number, 1]).all(axis=1) & (around[:, 1] > around[number, 0]).all(axis=1)
            )
            assert not any(overlap(box, boxes[other]) for other in near if other < number)


def test_nothing_that_moves_ever_meets_anything(streets: list[Street]) -> None:
    for street in streets:
        still = np.concatenate([thing.boxes() for thing in standing(street)])
        movers = [(thing.speed, enclosing(thing.boxes())) for thing in moving(street)]
        for time in times(SCANS):
            boxes = [np.add(box, (speed * time, 0, 0)) for speed, box in movers]
            for number, box in enumerate(boxes):
                assert not overlap(box[None], still)
                assert not overlap(box[None], np.array([*boxes[:number], *boxes[number + 1 :]]))


def test_the_sensors_car_has_room(streets: list[Street]) -> None:
    for street in streets:
        still = np.concatenate([thing.boxes() for thing in standing(street)])
        movers = [(thing.speed, thing.boxes()) for thing in moving(street)]
        for pose, time in zip(street.poses, times(SCANS)):
            own = np.array([np.subtract(pose.position, (2.4, 0.9, HEIGHT)), np.add(pose.position, (2.0, 0.9, 0.0))])
            assert not overlap(own[None], still)
            assert not any(overlap(own[None], np.add(boxes, (speed * time, 0, 0))) for speed, boxes in movers)


def test_everything_beside_the_road_rests_on_the_ground(streets: list[Street]) -> None:
    for street in streets:
        pieces = [thing for thing in street.things if thing.model.kind in GROUND]
        level = np.stack([thing.boxes()[0] for thing in pieces if thing.model.parts[0].shape.matrix[2, 1] == 0])
        gaps = []
        for thing in standing(street):
            x, y, z = thing.position
            under = ((level[:, 0, :2] <= (x, y)) & (level[:, 1, :2] >= (x, y))).all(axis=1)
            gaps += [abs(top - z) for top in level[under, 1, 2]]
        assert len(gaps) > 200
        assert max(gaps) < 1e-9


def test_vehicles_that_park_stand_on_parking(streets: list[Street]) -> None:
    for street in streets:
        bays = np.stack([thing.boxes()[0] for thing in street.things if thing.model.kind == "parking"])
        for thing in standing(street):
            if thing.model.kind in ("car", "truck", "bus", "other-vehicle"):
                at = thing.position[:2]
                assert ((bays[:, 0, :2] <= at) & (bays[:, 1, :2] >= at)).all(axis=1).any()


def test_every_street_has_its_own_vehicles_that_are_neither_car_nor_truck(streets: list[Street]) -> None:
    for street in streets:
        assert sum(thing.model.kind == "other-vehicle" for thing in standing(street)) >= 2
    shapes = [[len(thing.model.parts) for thing in street.things] for street in streets]
    assert shapes[0] != shapes[1] != shapes[2]


MODELS: list[Callable[[np.random.Generator], Model]] = [
    *(vehicles.car, vehicles.van, vehicles.truck),
    *(other_vehicles.bus, other_vehicles.caravan, other_vehicles.trailer),
    *(other_vehicles.tractor, other_vehicles.excavator),
    *(people.person, people.bicycle, people.motorcycle, people.bicyclist, people.motorcyclist),
    *(plants.tree, plants.conifer, plants.bush, plants.grass_tuft),
    *(furniture.lamp_post, furniture.bollard, furniture.sign, furniture.bin_on_wheels),
    *(furniture.cabinet, furniture.bench, furniture.shelter, furniture.clutter),
    *anomalies.ANOMALIES,
    lambda rng: buildings.house(12.0, 9.0, 8.0, rng),
    lambda rng: buildings.garage(2.9, rng),
    lambda rng: buildings.fence(9.0, rng),
    lambda rng: buildings.garden_wall(9.0, rng),
    lambda rng: plants.hedge(9.0, rng),
]


@pytest.mark.parametrize("draw", MODELS)
def test_models_stand_on_the_ground_and_have_raw_ids(draw: Callable[[np.random.Generator], Model]) -> None:
    for seed in range(5):
        model = draw(np.random.default_rng(seed))
        low, high = model.bounds()
        deepest = -1.0 if model.kind == "building" else 0.0
        assert deepest - 0.45 < low[2] < 0.05
        assert (high - low < 16).all()
        assert all(raw_id(part.kind, moving=False) < 260 for part in model.parts)
