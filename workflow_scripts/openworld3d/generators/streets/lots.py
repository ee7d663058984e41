"""Furnish the lots behind the sidewalk: houses, drives, fences, hedges, gardens, and what lies behind them."""

from __future__ import annotations

from typing import Callable

import numpy as np

from openworld3d.generators.streets.buildings import fence, garage, garden_wall, house
from openworld3d.generators.streets.furnishing import stand
from openworld3d.generators.streets.model import Model
from openworld3d.generators.streets.other_vehicles import caravan
from openworld3d.generators.streets.plan import Plan
from openworld3d.generators.streets.plants import bush, conifer, hedge, tree
from openworld3d.generators.streets.street import Piece, Side, Style
from openworld3d.generators.streets.vehicles import car

DRIVE, DRIVE_LENGTH = 3.2, 12.0
ACROSS = np.pi / 2
ENCLOSURES: list[Callable[[float, np.random.Generator], Model]] = [*[fence] * 3, *[hedge] * 6, garden_wall]
# Unbuilt lots are planted up to here from the sidewalk; what lies farther is seldom seen.
PLANTED = 14.0
HOUSES_BEHIND = 24.0


def build_lots(plan: Plan, side: Side, style: Style) -> list[Piece]:
    """Put houses, drives, fences, hedges and plants on the lots of one side; return the ground with its drives."""
    found = []
    for lot in side.lots:
        built = plan.rng.random() < style.built
        drive = DRIVE if built and style.setback > 2.5 and plan.rng.random() < 0.6 else 0.0
        yard = lot._replace(stop=lot.stop - drive)
        found += build_lot(plan, lot, side.sign, style, drive) if built else [lot]
        enclose(plan, yard, side.sign, 0.8 if style.setback > 1.5 else 0.3)
        deep = style.setback if built else PLANTED
        front = yard._replace(near=lot.near + 0.4, far=lot.near + deep)
        plant(plan, front, side.sign, int(style.leafy * front.length() * deep * 0.3))
        plant(plan, lot, side.sign, int(style.leafy * lot.length() * 0.6))
    return found


def build_lot(plan: Plan, lot: Piece, side: int, style: Style, drive: float) -> list[Piece]:
    """Put a house and what belongs to it on a lot; return the pieces of its ground."""
    rng = plan.rng
    yard = lot._replace(kind="terrain" if rng.random() < style.green else "other-ground", stop=lot.stop - drive)
    wide, deep = yard.length() - rng.uniform(0.3, 2.5), rng.uniform(8, 11)
    middle = lot.near + style.setback * rng.uniform(0.8, 1.2) + deep / 2 + 0.3
    model = house(wide, deep, rng.uniform(5.5, 11), rng)
    plan.put_if_free(stand(model, yard, side, yard.start + yard.length() / 2, middle))
    if not drive:
        return [yard]
    at, end = yard.stop + drive / 2, lot.near + DRIVE_LENGTH
    plan.put_if_free(stand(garage(2.9, rng), lot, side, at, end + 3.3))
    if rng.random() < 0.7:
        vehicle = (caravan if rng.random() < 0.15 else car)(rng)
        plan.put_if_free(stand(vehicle, lot, side, at, lot.near + rng.uniform(3.2, 6.5), ACROSS))
    rest = lot._replace(start=yard.stop)
    return [yard, rest._replace(kind="parking", far=end), rest._replace(near=end)]


def enclose(plan: Plan, lot: Piece, side: int, share: float) -> None:
    """Put a fence, a hedge or a wall before a share of lots, and one beside each."""
    rng = plan.rng
    if rng.random() < share:
        model = ENCLOSURES[rng.integers(len(ENCLOSURES))](lot.length() - 1.6, rng)
        plan.put_if_free(stand(model, lot, side, lot.start + lot.length() / 2, lot.near + 0.5))
    model = ENCLOSURES[rng.integers(len(ENCLOSURES))](9.0, rng)
    plan.put_if_free(stand(model, lot, side, lot.start + 0.45, lot.near + 5.6, ACROSS))


def plant(plan: Plan, piece: Piece, side: int, count: int) -> None:
    """Put up to `count` trees, conifers and bushes anywhere on a piece of ground, as many as fit."""
    rng = plan.rng
    for _ in range(count):
        model = draw_plant(rng)
        reach = model.length() / 2
        if 2 * reach < min(piece.length(), piece.far - piece.near):
            x = rng.uniform(piece.start + reach, piece.stop - reach)
            plan.put_if_free(stand(model, piece, side, x, rng.uniform(piece.near + reach, piece.far - reach)))


def draw_plant(rng: np.random.Generator) -> Model:
    """Return a plant of a garden."""
    kind = rng.random()
    if kind < 0.2:
        return tree(rng, reach=rng.uniform(1.6, 3.2), lowest=rng.uniform(0.8, 2.4))
    return conifer(rng) if kind < 0.35 else bush(rng)


def fill_back(plan: Plan, side: Side, style: Style) -> None:
    """Put plants and some houses behind the lots, so that few rays go out of the town."""
    rng = plan.rng
    for piece in side.back:
        for x in np.arange(piece.start + 10, piece.stop - 10, HOUSES_BEHIND):
            if rng.random() < style.built:
                model = house(rng.uniform(9, 16), rng.uniform(8, 10), rng.uniform(6, 10), rng)
                plan.put_if_free(stand(model, piece, side.sign, x, rng.uniform(piece.near + 8, piece.far - 12)))
        plant(plan, piece, side.sign, int(piece.length() * 0.35 * style.leafy))
