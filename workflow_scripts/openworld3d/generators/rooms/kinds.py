"""The furniture of each type of room, in the order in which it is placed."""

from __future__ import annotations

from typing import Callable, NamedTuple, Tuple

import numpy as np

from openworld3d.generators.rooms import bedroom_bathroom as rest
from openworld3d.generators.rooms import fittings, seating, small, storage, tables
from openworld3d.generators.rooms.model import Model, Placed
from openworld3d.generators.rooms.palette import draw_color
from openworld3d.generators.rooms.plan import Plan, required

Range = Tuple[float, float]


def living_room(plan: Plan) -> None:
    """Furnish with a sofa that faces a low table and an armchair, a television, shelves and pictures."""
    rng = plan.rng
    fit_door(plan)
    fit_window(plan, sill=(0.6, 0.9), curtains=True)
    sofa = required(plan.at_wall(seating.sofa(rng, int(rng.integers(2, 4))), front=1.0, corner=0.2))
    required(plan.facing(tables.coffee_table(rng), sofa, (0.30, 0.45), shift=0.2))
    required(plan.facing(seating.armchair(rng), sofa, (1.1, 1.9), twist=0.5, shift=0.9))
    fit_television(plan)
    required(plan.at_wall(storage.bookshelf(rng), front=0.4, corner=0.6))
    if rng.random() < 0.5:
        fit_dining_group(plan)
    if rng.random() < 0.6:
        plan.at_wall(storage.bookshelf(rng), front=0.4, corner=0.6)
    if rng.random() < 0.6:
        plan.at_wall(file_cabinet(rng), front=0.3, corner=0.6)
    required(plan.at_wall(small.floor_lamp(rng), gap=0.1, corner=0.8))
    if rng.random() < 0.5:
        plan.in_the_open(seating.ottoman(rng), margin=0.3)
    finish(plan, pictures=2)


def bedroom(plan: Plan) -> None:
    """Furnish with a bed between night stands, a wardrobe, a desk with a chair and a small sofa."""
    rng = plan.rng
    fit_door(plan)
    fit_window(plan, sill=(0.7, 0.95), curtains=True)
    bed = required(plan.at_wall(rest.bed(rng), front=0.5, corner=0.1))
    required(plan.beside(storage.night_stand(rng), bed))
    plan.beside(storage.night_stand(rng), bed)
    required(plan.at_wall(wardrobe(rng), front=0.5, corner=0.7))
    required(plan.at_wall(seating.sofa(rng, 2), front=0.4, corner=0.4))
    fit_workplace(plan, seating.chair if rng.random() < 0.6 else seating.office_chair)
    if rng.random() < 0.4:
        plan.at_wall(storage.bookshelf(rng), front=0.4, corner=0.6)
    finish(plan, pictures=1)


def study(plan: Plan) -> None:
    """Furnish with a workplace, bookshelves, a small sofa, a file cabinet and a small refrigerator."""
    rng = plan.rng
    fit_door(plan)
    fit_window(plan, sill=(0.7, 0.95), curtains=rng.random() < 0.5)
    fit_workplace(plan, seating.office_chair)
    required(plan.at_wall(seating.sofa(rng, 2), front=0.5, corner=0.4))
    required(plan.at_wall(storage.bookshelf(rng), front=0.4, corner=0.6))
    plan.at_wall(storage.bookshelf(rng), front=0.4, corner=0.6)
    required(plan.at_wall(storage.refrigerator(rng, small=True), front=0.4, corner=0.5))
    required(plan.at_wall(file_cabinet(rng), front=0.4, corner=0.5))
    if rng.random() < 0.5:
        plan.in_the_open(tables.coffee_table(rng), margin=0.3)
    if rng.random() < 0.5:
        plan.at_wall(seating.chair(rng), gap=0.05)
    finish(plan, pictures=1)


def kitchen(plan: Plan) -> None:
    """Furnish with a worktop with a sink on cabinets, a refrigerator beside it, and a dining table."""
    rng = plan.rng
    fit_door(plan)
    fit_kitchen_block(plan)
    fit_window(plan, sill=(0.98, 1.05), curtains=rng.random() < 0.4)
    if fit_dining_group(plan) < 2:
        required(None)
    plan.at_wall(file_cabinet(rng), front=0.4)
    if rng.random() < 0.6:
        plan.at_wall(seating.sofa(rng, 2), front=0.4)
    finish(plan, pictures=1)


def bathroom(plan: Plan) -> None:
    """Furnish with a tub behind a shower curtain, a toilet, a wash basin under a mirror and a cabinet."""
    rng = plan.rng
    fit_door(plan)
    tub = required(plan.at_wall(rest.bathtub(rng.uniform(1.5, 1.75), rng), front=0.5, corner=1.0))
    wide, deep, _ = tub.model.size
    cloth = rest.shower_curtain(rng.uniform(0.7, 1.0), rng.uniform(1.75, 1.85), rng)
    side = rng.choice([-1.0, 1.0]) * (wide - cloth.size[0]) / 2
    required(plan.put_if_fits(Placed(cloth, tub.to_room((side, deep + 0.03)), tub.angle, 0.22)))
    required(plan.at_wall(rest.toilet(rng), front=0.55, corner=0.2))
    sink = required(plan.at_wall(tables.wash_basin(rng), front=0.55, corner=0.2))
    glass = fittings.mirror(rng.uniform(0.45, 0.6), rng.uniform(0.6, 0.8), rng)
    plan.put_if_fits(Placed(glass, sink.to_room((0.0, -0.01)), sink.angle, 1.2))
    plan.at_wall(file_cabinet(rng), front=0.3, corner=0.5)
    if rng.random() < 0.5:
        fit_window(plan, sill=(1.2, 1.4), curtains=rng.random() < 0.3)
    finish(plan, pictures=int(rng.integers(2)))


def fit_door(plan: Plan) -> None:
    """Place the entrance door and cut its opening."""
    door = required(plan.at_wall(fittings.door(plan.rng), front=0.9, gap=0.0, corner=0.0))
    plan.cut_opening(door)
    plan.entrance = door.to_room((0.0, 0.45))


def fit_window(plan: Plan, sill: Range, curtains: bool) -> None:
    """Place a window with its sill in a range (metres above the floor), with a pair of curtains if asked."""
    rng = plan.rng
    low, high = rng.uniform(*sill), rng.uniform(2.05, 2.2)
    model = fittings.window(rng.uniform(0.9, 1.7), high - low, rng)
    window = required(plan.at_wall(model, elevation=low, gap=0.0, corner=0.0))
    plan.cut_opening(window)
    if curtains:
        wide, low = rng.uniform(0.35, 0.55), float(rng.choice([0.06, low - 0.2]))
        seed = int(rng.integers(2**31))
        for side in (-1, 1):
            cloth = fittings.curtain(wide, high + 0.12 - low, np.random.default_rng(seed))
            x = side * (model.size[0] / 2 + wide / 2 - 0.2)
            required(plan.put_if_fits(Placed(cloth, window.to_room((x, 0.10)), window.angle, low)))


def fit_television(plan: Plan) -> None:
    """Place a low cabinet with a television on it."""
    rng = plan.rng
    wide = rng.uniform(1.1, 1.7)
    color = draw_color("cabinet", rng)
    chest = storage.cabinet("tv stand", wide, rng.uniform(0.38, 0.46), rng.uniform(0.42, 0.6), color, rng)
    stand = required(plan.at_wall(chest, front=0.4, corner=0.2))
    screen = small.television(rng.uniform(0.75, min(1.1, wide)), rng)
    plan.on_top(screen, stand, at=(0.0, 0.12))


def fit_workplace(plan: Plan, draw_chair: Callable[[np.random.Generator], Model]) -> None:
    """Place a desk at a wall with a chair turned to it and a screen on it."""
    desk = required(plan.at_wall(tables.desk(plan.rng), front=0.9, corner=0.3))
    required(plan.facing(draw_chair(plan.rng), desk, (0.02, 0.15), twist=0.35, shift=0.15))
    plan.on_top(small.monitor(plan.rng), desk, at=(plan.rng.uniform(-0.25, 0.1), 0.08))


def fit_dining_group(plan: Plan) -> int:
    """Place a dining table with two to four chairs around it; return how many chairs fitted."""
    table = plan.in_the_open(tables.dining_table(plan.rng), margin=0.35)
    if table is None:
        return 0
    plan.on_top(small.pots(plan.rng), table)
    return plan.around(lambda: seating.chair(plan.rng), table, int(plan.rng.integers(2, 5)))


def fit_kitchen_block(plan: Plan) -> None:
    """Place base cabinets with a worktop and a sunk sink, wall cabinets above and a refrigerator beside."""
    rng = plan.rng
    wide, deep = rng.uniform(1.7, 2.5), rng.uniform(0.58, 0.64)
    color = draw_color("cabinet", rng)
    base = storage.cabinet("kitchen cabinets", wide, deep, 0.87, color, rng, open_top=True)
    block = required(plan.at_wall(base, front=0.7, corner=0.2))
    sink = tables.built_in_sink(rng.uniform(0.55, 0.75), 0.46, rng)
    x, half = rng.uniform(-0.4, 0.4) * (wide - 0.9), sink.size[0] / 2
    hole = (x - half, 0.08, x + half, 0.54)
    counter = required(plan.on_top(tables.worktop(wide, deep, hole, rng), block, at=(0.0, 0.0)))
    required(plan.on_top(sink, counter, at=(x, 0.08)))
    required(plan.beside(storage.refrigerator(rng, small=False), block, front=0.5))
    upper = storage.cabinet("kitchen cabinet", wide * rng.uniform(0.4, 1.0), 0.34, 0.65, color, rng)
    aside = rng.choice([-1.0, 1.0]) * (wide - upper.size[0]) / 2
    plan.put_if_fits(Placed(upper, block.to_room((aside, 0.0)), block.angle, 1.45))


def wardrobe(rng: np.random.Generator) -> Model:
    """Return a tall cabinet for clothes."""
    size = rng.uniform(1.0, 1.5), rng.uniform(0.52, 0.62), rng.uniform(1.85, 2.15)
    return storage.cabinet("wardrobe cabinet", *size, draw_color("cabinet", rng), rng)


def file_cabinet(rng: np.random.Generator) -> Model:
    """Return a narrow cabinet with three drawers."""
    size = rng.uniform(0.42, 0.55), rng.uniform(0.38, 0.5), rng.uniform(0.7, 1.15)
    return storage.cabinet("file cabinet", *size, draw_color("cabinet", rng), rng, rows=3)


def finish(plan: Plan, pictures: int) -> None:
    """Add what every room has: a bin, pictures above the furniture, a radiator, a lamp, a stray box."""
    rng = plan.rng
    required(plan.at_wall(small.trash_can(rng), gap=0.05, corner=0.3))
    for _ in range(pictures):
        required(plan.at_wall(fittings.picture(rng), elevation=rng.uniform(1.3, 1.55), gap=0.005, corner=0.0))
    if rng.random() < 0.5:
        plan.at_wall(fittings.radiator(rng), corner=0.2)
    if rng.random() < 0.5:
        plan.at_wall(small.cardboard_box(rng), gap=0.05, corner=0.6)
    plan.in_the_open(small.ceiling_lamp(rng), margin=0.8, elevation=plan.room.height - 0.6)


class RoomKind(NamedTuple):
    """A type of room: its furniture, the ranges of its sides (metres), the chance of an L, its floor."""

    furnish: Callable[[Plan], None]
    width: Range
    depth: Range
    l_shape: float
    floor: str


KINDS: list[RoomKind] = [
    RoomKind(living_room, (4.0, 5.2), (3.5, 4.5), 0.3, "floor"),
    RoomKind(bedroom, (4.1, 5.2), (3.6, 4.5), 0.2, "floor"),
    RoomKind(study, (3.5, 4.7), (3.2, 4.2), 0.2, "floor"),
    RoomKind(kitchen, (3.9, 5.0), (3.5, 4.5), 0.2, "tiles"),
    RoomKind(bathroom, (2.8, 3.5), (2.5, 3.1), 0.0, "tiles"),
]
