"""Furniture that holds things: cabinets, bookshelves, refrigerators, night stands."""

from __future__ import annotations

import numpy as np

from openworld3d.generators.rooms.model import Model
from openworld3d.generators.rooms.palette import draw_color
from openworld3d.generators.rooms.shapes import box, rectangle


def cabinet(
    label: str,
    width: float,
    depth: float,
    height: float,
    color: np.ndarray,
    rng: np.random.Generator,
    rows: int = 1,
    open_top: bool = False,
) -> Model:
    """Return a cabinet with `rows` of doors or drawers, about 0.5 m wide each, with a grip each."""
    model = Model("cabinet", label, (width, depth, height))
    back = depth - 0.02
    top, _, rear, _, *sides = box((-width / 2, 0, 0), (width / 2, back, height))
    model.add([rear, *sides] if open_top else [top, rear, *sides], color * 0.9)
    model.add([rectangle((-width / 2, back, 0), (0, 0, 0.06), (width, 0, 0))], color * 0.7)
    columns = max(1, round(width / 0.5))
    cell = width / columns, (height - 0.06) / rows
    knob = draw_color("metal", rng)
    for x in -width / 2 + cell[0] * np.arange(columns):
        for z in 0.06 + cell[1] * np.arange(rows):
            front = (x + 0.012, back, z + 0.012), (x + cell[0] - 0.012, back + 0.015, z + cell[1] - 0.012)
            model.add(box(*front), color)
            grip = x + cell[0] / 2
            model.add(box((grip - 0.05, back, z + cell[1] - 0.07), (grip + 0.05, depth, z + cell[1] - 0.05)), knob)
    return model


def bookshelf(rng: np.random.Generator) -> Model:
    """Return a shelf of boards with rows of books of many colours and some gaps."""
    w, d, h = rng.uniform(0.75, 1.15), rng.uniform(0.28, 0.34), rng.uniform(1.65, 2.1)
    model = Model("bookshelf", "bookshelf", (w, d, h))
    color = draw_color("bookshelf", rng)
    board = 0.025
    model.add(box((-w / 2, 0, 0), (w / 2, 0.015, h)), color * 0.8)
    for x in (-w / 2, w / 2 - board):
        model.add(box((x, 0, 0), (x + board, d, h)), color)
    levels = np.linspace(0.06, h - board, int(rng.integers(5, 7)))
    for z in levels:
        model.add(box((-w / 2, 0, z), (w / 2, d, z + board)), color)
    for z, above in zip(levels[:-1] + board, levels[1:]):
        _row_of_books(model, -w / 2 + board, w / 2 - board, z, above - z, rng)
    return model


def _row_of_books(model: Model, start: float, stop: float, z: float, room: float, rng: np.random.Generator) -> None:
    x = start
    while x < stop - 0.08:
        width = rng.uniform(0.03, 0.07)
        if rng.random() < 0.12:
            x += 2 * width
            continue
        depth, height = rng.uniform(0.16, 0.24), room * rng.uniform(0.6, 0.92)
        book = box((x, 0.02, z), (x + width, 0.02 + depth, z + height))
        model.add([book[0], book[3]], draw_color("book", rng))
        x += width + 0.003


def refrigerator(rng: np.random.Generator, small: bool) -> Model:
    """Return a refrigerator with two doors and long handles, or a knee-high one with one door."""
    w, d = (rng.uniform(0.48, 0.55), rng.uniform(0.48, 0.56)) if small else rng.uniform(0.62, 0.75, 2)
    h = rng.uniform(0.80, 0.95) if small else rng.uniform(1.65, 1.9)
    model = Model("refrigerator", "mini fridge" if small else "refrigerator", (w, d, h))
    color, handle = draw_color("refrigerator", rng), draw_color("metal", rng) * 0.7
    front = d - 0.09
    model.add(box((-w / 2, 0, 0.02), (w / 2, front, h)), color * 0.92)
    split = 0.05 if small else h * rng.uniform(0.3, 0.38)
    for low, high in ((0.05, split - 0.008), (split + 0.008, h)):
        if high - low > 0.1:
            model.add(box((-w / 2, front, low), (w / 2, d - 0.04, high)), color)
            length = min(0.5, 0.6 * (high - low))
            middle = (low + high) / 2
            grip = (w / 2 - 0.08, d - 0.04, middle - length / 2), (w / 2 - 0.05, d, middle + length / 2)
            model.add(box(*grip), handle)
    return model


def night_stand(rng: np.random.Generator) -> Model:
    """Return a small chest beside a bed, one of the classes' `otherfurniture`."""
    w, d, h = rng.uniform(0.40, 0.50), rng.uniform(0.36, 0.44), rng.uniform(0.45, 0.6)
    stand = cabinet("nightstand", w, d, h, draw_color("table", rng), rng, rows=2)
    return Model("otherfurniture", stand.label, stand.size, stand.parts)
