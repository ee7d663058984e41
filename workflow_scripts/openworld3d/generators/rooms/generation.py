"""Generate a scanned room from a seed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from openworld3d.generators.plan import DoesNotFitError, turn
from openworld3d.generators.rooms.kinds import KINDS, RoomKind
from openworld3d.generators.rooms.model import Placed, Samples
from openworld3d.generators.rooms.palette import draw_color
from openworld3d.generators.rooms.plan import Plan
from openworld3d.generators.rooms.room import draw_room
from openworld3d.generators.rooms.scan import scan, walk

VIEWS = 20
PATCH_SIDE = 0.5


@dataclass
class ScannedRoom:
    """The vertices of one scan and their objects.

    coord (N, 3) float32 in metres; color (N, 3) uint8; object_id (N,) int64, an index in `objects`;
    segment (N,) int64, small patches of one object each, from 0; objects: kind and annotator's label.
    """

    coord: np.ndarray
    color: np.ndarray
    object_id: np.ndarray
    segment: np.ndarray
    objects: list[tuple[str, str]]


def furnish(index: int, rng: np.random.Generator) -> tuple[Plan, np.ndarray, list[Placed]]:
    """Return the plan of the room of scene `index`, its free floor (N, 2), and its walls and floor."""
    kind = KINDS[index % len(KINDS)]
    while True:
        plan = Plan(draw_room(kind.width, kind.depth, kind.l_shape, rng), rng)
        try:
            kind.furnish(plan)
            return plan, plan.free_floor(), _shell(plan, kind)
        except DoesNotFitError:
            continue


def _shell(plan: Plan, kind: RoomKind) -> list[Placed]:
    color = draw_color("wall", plan.rng)
    walls = [plan.room.wall_surface(wall, openings, color) for wall, openings in zip(plan.walls, plan.openings)]
    return [plan.room.floor(kind.floor, plan.rng), *walls]


def generate_room(seed: int, split: int, index: int, spacing: float) -> ScannedRoom:
    """Return scene `index` of a split, sampled `spacing` metres apart; equal arguments give equal rooms."""
    rng = np.random.default_rng([seed, split, index])
    plan, free_floor, shell = furnish(index, rng)
    pieces = shell + plan.placed
    samples = [piece.sample(spacing, rng) for piece in pieces]
    object_id = np.repeat(np.arange(len(pieces)), [len(sample.points) for sample in samples])
    surface = Samples(*(np.concatenate(arrays) for arrays in zip(*samples)))
    views = walk(free_floor, *_targets(pieces[1:]), VIEWS, rng)
    seen, coord = scan(surface.points, surface.normals, views, spacing, rng)
    lit = illuminate(Samples(*(array[seen] for array in surface)), plan.room.height, rng)
    return ScannedRoom(
        coord.astype(np.float32),
        lit,
        object_id[seen],
        segments(surface.points[seen], surface.normals[seen], object_id[seen]),
        [(piece.model.kind, piece.model.label) for piece in pieces],
    )


def _targets(pieces: list[Placed]) -> tuple[np.ndarray, np.ndarray]:
    targets, facings = [], []
    for piece in pieces:
        wide, deep, high = piece.model.size
        x = wide / 2 if piece.model.kind == "wall" else 0.0
        targets.append([*piece.to_room((x, deep / 2)), piece.elevation + high / 2])
        facings.append(turn(piece.angle) @ (0.0, 1.0))
    return np.array(targets), np.array(facings)


def illuminate(samples: Samples, height: float, rng: np.random.Generator) -> np.ndarray:
    """Return measured colours (N, 3) uint8: lit by a lamp near the ceiling, tinted by scene, with noise."""
    middle = (samples.points.min(axis=0) + samples.points.max(axis=0)) / 2
    lamp = np.array([*(middle[:2] + rng.uniform(-0.8, 0.8, 2)), height - 0.3])
    gap = lamp - samples.points
    distance = np.linalg.norm(gap, axis=1, keepdims=True)
    incidence = np.abs((gap * samples.normals).sum(axis=1, keepdims=True)) / np.maximum(distance, 0.2)
    shade = 0.72 + 0.33 * incidence / (1 + 0.08 * distance**2)
    warmth = rng.uniform(-0.07, 0.07)
    tint = rng.uniform(0.88, 1.08) * np.array([1 + warmth, 1.0, 1 - warmth])
    noisy = samples.colors * shade * tint + rng.normal(0, 0.025, samples.colors.shape)
    return np.round(np.clip(noisy, 0, 1) * 255).astype(np.uint8)


def segments(points: np.ndarray, normals: np.ndarray, object_id: np.ndarray) -> np.ndarray:
    """Return the patch (N,) of each point, from 0: one object, one main direction, one 0.5 m cell."""
    main = np.abs(normals).argmax(axis=1)
    sign = np.take_along_axis(normals, main[:, None], axis=1)[:, 0] > 0
    cell = np.floor(points / PATCH_SIDE).astype(np.int64)
    key = np.concatenate([np.stack([object_id, 2 * main + sign], axis=1), cell], axis=1)
    return np.unique(key, axis=0, return_inverse=True)[1].ravel()
