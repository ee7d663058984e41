"""Furnish the space between road and lots: parked vehicles, street furniture, waiting people, plants."""

from __future__ import annotations

from typing import Sequence

import numpy as np

from openworld3d.generators.plan import DoesNotFitError
from openworld3d.generators.streets.furniture import (
    bench,
    bin_on_wheels,
    bollard,
    cabinet,
    clutter,
    lamp_post,
    shelter,
    sign,
)
from openworld3d.generators.streets.model import Draw, Model, Placed, draw_from
from openworld3d.generators.streets.other_vehicles import bus, caravan, excavator, tractor, trailer
from openworld3d.generators.streets.people import bicycle, motorcycle, person
from openworld3d.generators.streets.plan import Plan
from openworld3d.generators.streets.plants import bush, grass_tuft, tree
from openworld3d.generators.streets.street import BAY, STREET_FURNITURE, Piece, Side, Style
from openworld3d.generators.streets.vehicles import car, truck

# Every street has these near the sensor's path, and two of UNLIKE_CARS, so that it has every class.
PARKED_FIRST: list[Draw] = [truck, motorcycle]
UNLIKE_CARS: list[Draw] = [caravan, trailer, excavator, tractor]
STANDING_FIRST: list[Draw] = [bicycle, bicycle, person, person, bin_on_wheels, sign, bench, cabinet]
PARKED: list[tuple[Draw, float]] = [
    (car, 0.88),
    (truck, 0.03),
    (caravan, 0.02),
    (trailer, 0.02),
    (bus, 0.01),
    (motorcycle, 0.04),
]
STANDING: list[tuple[Draw, float]] = [
    (lamp_post, 0.18),
    (sign, 0.07),
    (bollard, 0.13),
    (bin_on_wheels, 0.15),
    (bicycle, 0.14),
    (person, 0.09),
    (motorcycle, 0.03),
    (cabinet, 0.05),
    (clutter, 0.16),
]
WITH_TRAFFIC = 0.8


def stand(model: Model, piece: Piece, side: int, x: float, distance: float, yaw: float = 0.0) -> Placed:
    """Return a model on ground `distance` metres from the middle of the road, to which at yaw 0 its -y points."""
    turned = yaw + (np.pi if side < 0 else 0.0)
    return Placed(model, (x, side * distance, piece.ground_at(distance)), turned)


def furnish_first(plan: Plan, sides: Sequence[Side], near: tuple[float, float]) -> None:
    """Place what every street has between two x; raises DoesNotFitError where there is no place."""
    kerb = [(side.sign, piece) for side in sides for piece in side.kerb]
    bays = [(sign, piece) for sign, piece in kerb if piece.kind == "parking"]
    stops = [(sign, piece) for sign, piece in kerb if piece.kind in ("sidewalk", "other-ground")]
    walks = [(side.sign, piece) for side in sides for piece in side.sidewalk]
    unlike = [UNLIKE_CARS[number] for number in plan.rng.permutation(len(UNLIKE_CARS))[:2]]
    for draw in [*PARKED_FIRST, *unlike]:
        require(plan, draw, bays, BAY / 2, near)
    require(plan, shelter, stops, BAY / 2, near)
    for draw in STANDING_FIRST:
        require(plan, draw, walks, STREET_FURNITURE / 2, near)


def require(
    plan: Plan, draw: Draw, pieces: Sequence[tuple[int, Piece]], middle: float, near: tuple[float, float]
) -> None:
    """Place a model on one of some pieces, given with their sides, `middle` metres from the edge near the road."""

    def anywhere() -> Placed:
        model = draw(plan.rng)
        stretches = [(max(piece.start, near[0]), min(piece.stop, near[1]), side, piece) for side, piece in pieces]
        long = [stretch for stretch in stretches if stretch[1] - stretch[0] > model.length()]
        if not long:
            raise DoesNotFitError
        start, stop, side, piece = long[plan.rng.integers(len(long))]
        x = plan.rng.uniform(start + model.length() / 2, stop - model.length() / 2)
        return stand(model, piece, side, x, piece.near + middle, heading(plan.rng))

    plan.require(anywhere)


def heading(rng: np.random.Generator) -> float:
    """Return the yaw of a parked vehicle: most face along the traffic of their side, which keeps to the right."""
    return np.pi if rng.random() < WITH_TRAFFIC else 0.0


def park(plan: Plan, side: Side, style: Style) -> None:
    """Fill the bays of one side with parked vehicles, one after the other with some left free."""
    rng = plan.rng
    for piece in side.kerb:
        x = piece.start + rng.uniform(0.3, 2.0)
        while piece.kind == "parking":
            model = draw_from(PARKED, rng)
            if x + model.length() > piece.stop:
                break
            if rng.random() < style.parked:
                away = (piece.near + piece.far) / 2 + rng.uniform(-0.1, 0.1)
                plan.put_if_free(stand(model, piece, side.sign, x + model.length() / 2, away, heading(rng)))
            x += model.length() + rng.uniform(0.5, 1.6)


def equip_sidewalk(plan: Plan, side: Side) -> None:
    """Put lamps, signs, bins, two-wheelers, people and clutter on the two edges of the sidewalk."""
    rng = plan.rng
    for piece in side.sidewalk:
        for x in np.arange(piece.start + 2.0, piece.stop - 2.0, 4.5):
            away = piece.near + STREET_FURNITURE / 2 if rng.random() < 0.6 else piece.far - 0.35
            model = draw_from(STANDING, rng)
            plan.put_if_free(stand(model, piece, side.sign, x + rng.uniform(-1.5, 1.5), away))


def plant_kerb(plan: Plan, side: Side, style: Style) -> None:
    """Put trees, bushes and tall grass on verges, signs and posts at paved kerbs."""
    rng = plan.rng
    for piece in side.kerb:
        for x in np.arange(piece.start + 1.5, piece.stop - 1.0, 5.0 / style.leafy):
            if piece.kind == "terrain":
                away = rng.uniform(piece.near + 0.9, piece.far - 0.6)
                plan.put_if_free(stand(draw_plant(rng), piece, side.sign, x, away))
            elif piece.kind != "parking" and rng.random() < 0.5:
                model = sign(rng) if rng.random() < 0.2 else bollard(rng)
                plan.put_if_free(stand(model, piece, side.sign, x, piece.near + STREET_FURNITURE / 2))


def draw_plant(rng: np.random.Generator) -> Model:
    """Return a plant of a verge."""
    kind = rng.random()
    if kind < 0.2:
        return tree(rng, reach=rng.uniform(1.0, 2.4), lowest=rng.uniform(2.0, 3.2))
    return bush(rng) if kind < 0.85 else grass_tuft(rng)
