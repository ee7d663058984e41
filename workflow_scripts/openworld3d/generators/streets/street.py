"""The ground of a street: lanes, parking bays and verges, sidewalks with kerbs, lots, side streets."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from openworld3d.generators.streets.materials import draw_material
from openworld3d.generators.streets.model import Model, Placed
from openworld3d.generators.streets.shapes import box, sheet, slope

# The sensor's range, so that no scan sees where the street ends.
BEHIND, BEYOND = -120.0, 120.0
# Widths in metres, from the lanes outwards; between bays and lots is the sidewalk.
CYCLE_STRIP, BAY, LOT, BACK = 1.1, 2.75, 24.0, 45.0
KERB = 0.12
# The width of a sidewalk's strip of street furniture; the rest is for pedestrians.
STREET_FURNITURE = 0.95
DEPTH = -0.5
SIDE_STREET = 7.0
MATERIAL_OF_GROUND = {
    "road": "asphalt",
    "parking": "slabs",
    "sidewalk": "paving",
    "terrain": "grass",
    "other-ground": "gravel",
}


class Piece(NamedTuple):
    """A rectangle of ground beside the road, in metres.

    start, stop: its x; near, far: from the middle of the road; high: at its near edge; rise: more at its far one.
    """

    kind: str
    start: float
    stop: float
    near: float
    far: float
    high: float
    rise: float = 0.0

    def length(self) -> float:
        """Return the extent along x."""
        return self.stop - self.start

    def ground_at(self, distance: float) -> float:
        """Return the height of the ground at a distance from the middle of the road."""
        return self.high + self.rise * (distance - self.near) / (self.far - self.near)


@dataclass(frozen=True)
class Style:
    """The style of a street; shares in 0..1, lengths in metres.

    lane: width of one of two lanes; sidewalk: width; bays, green: shares of the kerb that are for parking, and
    planted where not; parked: share of the bays that is taken; lot: width of a lot; setback: from the sidewalk to the
    houses; built: share of lots with a house; leafy: how many plants there are.
    """

    lane: float
    sidewalk: float
    bays: float
    green: float
    parked: float
    lot: float
    setback: float
    built: float
    leafy: float


@dataclass
class Side:
    """One side of a street, +1 the left one; its pieces of ground, in order along it."""

    sign: int
    kerb: list[Piece] = field(default_factory=list)
    sidewalk: list[Piece] = field(default_factory=list)
    lots: list[Piece] = field(default_factory=list)
    back: list[Piece] = field(default_factory=list)
    rest: list[Piece] = field(default_factory=list)


def draw_style(rng: np.random.Generator) -> Style:
    """Return a street between a town's, with houses at the sidewalk, and a village's among gardens and fields."""
    rural = rng.random()
    return Style(
        lane=rng.uniform(2.9, 3.3),
        sidewalk=rng.uniform(3.2, 4.2),
        bays=rng.uniform(0.3, 0.6),
        green=0.3 + 0.6 * rural,
        parked=rng.uniform(0.35, 0.8),
        lot=rng.uniform(13, 18) + 5 * rural,
        setback=rng.uniform(0.4, 2.0) + 6 * rural,
        built=1 - 0.5 * rng.random(),
        leafy=rng.uniform(0.5, 1.0) + 0.6 * rural,
    )


def draw_side(sign: int, style: Style, path: float, rng: np.random.Generator) -> Side:
    """Return the ground of one side of a street along which the car drives from x = 0 to x = `path`."""
    side = Side(sign)
    edge = style.lane + CYCLE_STRIP
    walk, lots = edge + BAY, edge + BAY + style.sidewalk
    start = BEHIND
    while start < path + BEYOND:
        stop = start + rng.uniform(60, 110)
        cuts = cut(start, stop, 9.0, 22.0, rng)
        for number, (x0, x1) in enumerate(cuts):
            # No parking at the corners of side streets.
            kind = draw_kerb(style, rng) if 0 < number < len(cuts) - 1 else "terrain"
            side.kerb.append(Piece(kind, x0, x1, edge, walk, 0.02 if kind == "parking" else KERB))
        side.sidewalk.append(Piece("sidewalk", start, stop + SIDE_STREET, walk, lots, KERB))
        for x0, x1 in cut(start, stop, style.lot - 2, style.lot + 4, rng):
            side.lots.append(Piece("terrain", x0, x1, lots, lots + LOT, KERB))
        side.rest.append(Piece("road", stop, stop + SIDE_STREET, edge, walk, 0.0))
        side.rest.append(Piece("road", stop, stop + SIDE_STREET, lots, lots + LOT + BACK, KERB - 0.04))
        rise = rng.uniform(0.0, 3.5)
        side.back.append(Piece("terrain", start, stop, lots + LOT, lots + LOT + BACK, KERB, rise))
        start = stop + SIDE_STREET
    return side


def draw_kerb(style: Style, rng: np.random.Generator) -> str:
    """Return what lies between the road and the sidewalk."""
    if rng.random() < style.bays:
        return "parking"
    if rng.random() < 0.5:
        return "sidewalk"
    return "terrain" if rng.random() < style.green else "other-ground"


def cut(start: float, stop: float, least: float, most: float, rng: np.random.Generator) -> list[tuple[float, float]]:
    """Cut a stretch into pieces about `least` to `most` long."""
    count = max(1, round((stop - start) / rng.uniform(least, most)))
    ends = start + (stop - start) * np.cumsum(rng.uniform(0.8, 1.2, count))
    ends = start + (ends - start) * (stop - start) / (ends[-1] - start)
    return list(zip([start, *ends[:-1].tolist()], ends.tolist()))


def ground(pieces: list[Piece], sign: int, rng: np.random.Generator) -> list[Placed]:
    """Return pieces of one side as solids, whose sides are kerbs where the neighbour is lower."""
    found = []
    for piece in pieces:
        low, high = sorted((sign * piece.near, sign * piece.far))
        corners = (piece.start, low, DEPTH), (piece.stop, high, piece.high)
        model = Model(piece.kind)
        shape = slope(*corners, sign * piece.rise).moved(np.eye(3), np.array([0, 0, piece.rise / 2]))
        model.add([shape], draw_material(MATERIAL_OF_GROUND[piece.kind], rng))
        found.append(Placed(model, (0.0, 0.0, 0.0)))
    return found


def road(style: Style, path: float, rng: np.random.Generator) -> list[Placed]:
    """Return the road with its lane markings, which lie 5 mm above it."""
    edge = style.lane + CYCLE_STRIP
    model = Model("road")
    model.add([box((BEHIND, -edge, DEPTH), (path + BEYOND, edge, 0.0))], draw_material("asphalt", rng))
    lines = [sheet((x, -0.06, 0.005), (3.0, 0, 0), (0, 0.12, 0)) for x in np.arange(BEHIND, path + BEYOND, 9.0)]
    for sign in (-1, 1):
        lines.append(sheet((BEHIND, sign * style.lane, 0.005), (path + BEYOND - BEHIND, 0, 0), (0, sign * 0.12, 0)))
    model.add(lines, draw_material("marking", rng), "lane-marking")
    return [Placed(model, (0.0, 0.0, 0.0))]
