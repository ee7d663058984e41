"""The plan of a street, in which nothing overlaps."""

from __future__ import annotations

from collections import defaultdict
from typing import Callable

import numpy as np

from openworld3d.generators.plan import DoesNotFitError
from openworld3d.generators.streets.model import Placed, enclosing

CLEARANCE = 0.05
CELL = 10.0
TRIES = 40


class Plan:
    """A street being furnished, with corridors (C, 2, 3) reserved for traffic."""

    def __init__(self, corridors: np.ndarray, rng: np.random.Generator) -> None:
        self.corridors = corridors
        self.rng = rng
        self.placed: list[Placed] = []
        self.boxes: dict[int, list[np.ndarray]] = defaultdict(list)

    def put_if_free(self, thing: Placed) -> bool:
        """Place a thing unless it enters a corridor or comes near another thing; return whether it was placed."""
        boxes = thing.boxes()
        if touch(boxes, self.corridors):
            return False
        if any(touch(boxes, other) for cell in cells_of(boxes) for other in self.boxes[cell]):
            return False
        self.add(thing)
        return True

    def add(self, thing: Placed) -> None:
        """Place a thing where it is, whatever is there."""
        boxes = thing.boxes()
        for cell in cells_of(boxes):
            self.boxes[cell].append(boxes)
        self.placed.append(thing)

    def put(self, draw: Callable[[], Placed]) -> bool:
        """Draw places until one is free; return whether one was."""
        return any(self.put_if_free(draw()) for _ in range(TRIES))

    def require(self, draw: Callable[[], Placed]) -> None:
        """Draw places until one is free; raises DoesNotFitError where none is."""
        if not self.put(draw):
            raise DoesNotFitError


def touch(boxes: np.ndarray, others: np.ndarray) -> bool:
    """Return whether a box of (P, 2, 3) comes within 5 cm of one of (Q, 2, 3)."""
    below = (boxes[:, None, 0] < others[None, :, 1] + CLEARANCE).all(axis=2)
    above = (boxes[:, None, 1] > others[None, :, 0] - CLEARANCE).all(axis=2)
    return bool((below & above).any())


def cells_of(boxes: np.ndarray) -> range:
    """Return the numbers of the stretches of 10 m along x that boxes (P, 2, 3) lie in."""
    (low, high) = enclosing(boxes)[:, 0]
    return range(int((low - CLEARANCE) // CELL), int((high + CLEARANCE) // CELL) + 1)
