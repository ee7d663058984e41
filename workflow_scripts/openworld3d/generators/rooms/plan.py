"""The plan of a room: furniture is placed by rejection sampling."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Callable

import numpy as np
from scipy import ndimage

from openworld3d.generators.plan import DoesNotFitError, turn
from openworld3d.generators.rooms.footprint import Footprint, footprint, space_in_front
from openworld3d.generators.rooms.model import Model, Placed
from openworld3d.generators.rooms.room import Opening, Room, Wall

TRIES = 60
GAP = 0.02
CELL = 0.1
BODY_RADIUS = 0.22
EYE_HEIGHT = 1.5


@dataclass
class Plan:
    """A room, its furniture, the spaces kept free, the openings of each wall, and the entrance."""

    room: Room
    rng: np.random.Generator
    placed: list[Placed] = field(default_factory=list)
    kept_free: list[Footprint] = field(default_factory=list)
    entrance: tuple[float, float] = (0.0, 0.0)

    def __post_init__(self) -> None:
        self.walls: list[Wall] = self.room.walls()
        self.openings: list[list[Opening]] = [[] for _ in self.walls]

    def fits(self, candidate: Placed, keep_free: bool = True) -> bool:
        """Return whether a model lies in the room, apart from all others and from the spaces kept free."""
        box = footprint(candidate, GAP)
        room, corners = self.room, footprint(candidate).corners()
        inside = (corners >= -1e-6).all() and (corners <= (room.width + 1e-6, room.depth + 1e-6)).all()
        if not inside or box.high > room.height + 1e-6:
            return False
        others = [footprint(other) for other in self.placed] + self._notch()
        if keep_free:
            others += self.kept_free
        return not any(box.overlaps(other) for other in others)

    def _notch(self) -> list[Footprint]:
        (a, b), room = self.room.notch, self.room
        if a == 0.0:
            return []
        centre = (room.width - a / 2, room.depth - b / 2)
        return [Footprint(centre, (a / 2 - GAP, b / 2 - GAP), 0.0, 0.0, room.height)]

    def put(self, candidate: Placed, front: float = 0.0) -> Placed:
        """Place a model and keep `front` metres in front of it free."""
        self.placed.append(candidate)
        if front > 0:
            self.kept_free.append(space_in_front(candidate, front))
        return candidate

    def put_if_fits(self, candidate: Placed) -> Placed | None:
        """Place a model, also where space was kept free, if it overlaps no other; None where it does."""
        return self.put(candidate) if self.fits(candidate, keep_free=False) else None

    def try_poses(self, draw: Callable[[], Placed], front: float = 0.0, keep_free: bool = True) -> Placed | None:
        """Draw poses until one fits, with a free space in front of it; None where none does."""
        for _ in range(TRIES):
            candidate = draw()
            if not self.fits(candidate, keep_free):
                continue
            ahead = space_in_front(candidate, front)
            standing = (footprint(other) for other in self.placed)
            if front > 0 and (self._leaves_room(ahead) or any(ahead.overlaps(other) for other in standing)):
                continue
            return self.put(candidate, front)
        return None

    def _leaves_room(self, box: Footprint) -> bool:
        corners = box.corners()
        outside = (corners < -1e-6).any() or (corners > (self.room.width, self.room.depth)).any()
        return bool(outside) or any(box.overlaps(other) for other in self._notch())

    def at_wall(
        self,
        model: Model,
        elevation: float = 0.0,
        front: float = 0.0,
        gap: float = 0.02,
        corner: float = 0.4,
    ) -> Placed | None:
        """Place a model with its back at a wall, in a corner with probability `corner`."""
        wide = model.size[0]
        fitting = [wall for wall in self.walls if wall.length > wide + 0.05]
        if not fitting:
            return None

        def draw() -> Placed:
            wall = fitting[self.rng.integers(len(fitting))]
            low, high = wide / 2 + 0.02, wall.length - wide / 2 - 0.02
            offset = self.rng.uniform(low, high)
            if self.rng.random() < corner:
                offset = low if self.rng.random() < 0.5 else high
            return Placed(model, wall.at(offset, gap), wall.angle, elevation)

        return self.try_poses(draw, front)

    def beside(self, model: Model, anchor: Placed, front: float = 0.0) -> Placed | None:
        """Place a model on the left or the right of an anchor, their backs in line."""

        def draw() -> Placed:
            shift = (anchor.model.size[0] + model.size[0]) / 2 + self.rng.uniform(0.03, 0.12)
            side = self.rng.choice([-1.0, 1.0])
            return Placed(model, anchor.to_room((side * shift, 0.0)), anchor.angle)

        return self.try_poses(draw, front)

    def facing(
        self, model: Model, anchor: Placed, space: tuple[float, float], twist: float = 0.0, shift: float = 0.0
    ) -> Placed | None:
        """Place a model in front of an anchor and turned to it, `space` metres away."""

        def draw() -> Placed:
            ahead = anchor.model.size[1] + self.rng.uniform(*space) + model.size[1]
            aside = self.rng.uniform(-shift, shift)
            angle = anchor.angle + np.pi + self.rng.uniform(-twist, twist)
            return Placed(model, anchor.to_room((aside, ahead)), angle)

        return self.try_poses(draw, keep_free=False)

    def around(self, draw_model: Callable[[], Model], table: Placed, count: int) -> int:
        """Place chairs along the table's two long sides, turned to it; return how many fitted."""
        wide, deep, _ = table.model.size
        seats = [(x, side) for side in (-1, 1) for x in (-wide / 4, wide / 4)]
        fitted = 0
        for index in self.rng.permutation(len(seats))[:count]:
            x, side = seats[index]
            model = draw_model()

            def draw(x: float = x, side: int = side, model: Model = model) -> Placed:
                away = model.size[1] + self.rng.uniform(0.03, 0.15)
                y = deep + away if side > 0 else -away
                angle = table.angle + (np.pi if side > 0 else 0.0) + self.rng.uniform(-0.2, 0.2)
                return Placed(model, table.to_room((x + self.rng.uniform(-0.05, 0.05), y)), angle)

            fitted += self.try_poses(draw, keep_free=False) is not None
        return fitted

    def on_top(self, model: Model, host: Placed, at: tuple[float, float] | None = None) -> Placed | None:
        """Place a model on a host, at a point of the host's frame or anywhere on it."""
        top = host.elevation + host.model.size[2]
        if at is not None:
            return self.put_if_fits(Placed(model, host.to_room(at), host.angle, top))
        spare = np.maximum(np.subtract(host.model.size[:2], model.size[:2]), 0.0)

        def draw() -> Placed:
            x, y = self.rng.uniform((-spare[0] / 2, 0.0), (spare[0] / 2, spare[1]))
            return Placed(model, host.to_room((x, y)), host.angle, top)

        return self.try_poses(draw, keep_free=False)

    def in_the_open(self, model: Model, margin: float = 0.0, elevation: float = 0.0) -> Placed | None:
        """Place a model away from the walls, `margin` metres at least, along one of the room's two axes."""

        def draw() -> Placed:
            reach = np.hypot(*model.size[:2]) / 2 + margin
            limits = (self.room.width - reach, self.room.depth - reach)
            position = self.rng.uniform((reach, reach), np.maximum(limits, reach))
            angle = self.rng.integers(4) * np.pi / 2
            _, depth, _ = model.size
            back = np.array([np.sin(angle), -np.cos(angle)]) * depth / 2
            return Placed(model, (position[0] + back[0], position[1] + back[1]), angle, elevation)

        return self.try_poses(draw)

    def cut_opening(self, placed: Placed) -> None:
        """Cut the hole of a door or a window into the wall it stands at."""
        wide, _, high = placed.model.size
        for wall, openings in zip(self.walls, self.openings):
            ahead, aside = np.subtract(placed.position, wall.start) @ turn(wall.angle)
            if abs(aside) < 1e-6 and 0 < ahead < wall.length and abs(placed.angle - wall.angle) < 1e-6:
                hole = (ahead - wide / 2, ahead + wide / 2, placed.elevation, placed.elevation + high)
                openings.append(Opening(*hole))

    def free_floor(self) -> np.ndarray:
        """Return the points (N, 2) that a person reaches from the door, 0.1 m apart.

        Raises DoesNotFitError where furniture blocks the way."""
        x, y = (np.arange(CELL / 2, side, CELL) for side in (self.room.width, self.room.depth))
        grid = np.stack(np.meshgrid(x, y, indexing="ij"), axis=-1)
        points = grid.reshape(-1, 2)
        margins = np.minimum(points, (self.room.width, self.room.depth) - points).min(axis=1)
        free = margins > BODY_RADIUS
        boxes = [footprint(other) for other in self.placed] + self._notch()
        for box in boxes:
            if box.low < EYE_HEIGHT + 0.2:
                free &= box.distance(points) > BODY_RADIUS
        regions, _ = ndimage.label(free.reshape(grid.shape[:2]))
        region = regions.ravel()
        distance = np.where(free, np.linalg.norm(points - self.entrance, axis=1), np.inf)
        reached = free & (region == region[distance.argmin()])
        if reached.sum() < 0.8 * free.sum() or distance.min() > 0.6:
            raise DoesNotFitError("no passage from the door")
        return points[reached]


def required(placed: Placed | None) -> Placed:
    """Return what was placed; raises DoesNotFitError for None."""
    if placed is None:
        raise DoesNotFitError("a required piece found no place")
    return placed
