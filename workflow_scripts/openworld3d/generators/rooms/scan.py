"""Simulate a hand-held scan: views from the free floor, occlusion by depth buffers, range noise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Sequence

import numpy as np

from openworld3d.generators.rooms.plan import EYE_HEIGHT

HALF_FIELD = (1.0, 0.6)
NEAR, FAR = 0.3, 5.0
GRAZING = 0.12
SAMPLES_PER_PIXEL_SIDE = 2.2
FINEST_PIXEL = 0.012
LEVELS = 5


@dataclass(frozen=True)
class View:
    """A camera at `eye` (3,) that looks along the unit vector `forward` (3,)."""

    eye: np.ndarray
    forward: np.ndarray


def walk(
    free_floor: np.ndarray, targets: np.ndarray, facings: np.ndarray, count: int, rng: np.random.Generator
) -> list[View]:
    """Return `count` views on a walk over the free floor (N, 2), each at the target that was looked at least.

    targets (T, 3) in metres; facings (T, 2): the direction that a target's front points to.
    """
    looks = np.zeros(len(targets))
    views = []
    for spot in _tour(_spread(free_floor, max(1, count // 2), rng)):
        for _ in range(2):
            eye = np.array([*spot, EYE_HEIGHT + rng.uniform(-0.15, 0.15)])
            gap = targets - eye
            distance = np.linalg.norm(gap[:, :2], axis=1)
            frontal = -(gap[:, :2] * facings).sum(axis=1) / np.maximum(distance, 1e-6)
            target = int((5 * looks + np.abs(distance - 1.4) - 1.5 * frontal).argmin())
            looks[target] += 1
            aim = gap[target] + rng.normal(0, 0.1, 3)
            # A person tilts a scanner only so far up and down.
            aim[2] = np.clip(aim[2], -1.0 * np.hypot(*aim[:2]), 0.0)
            views.append(View(eye, aim / np.linalg.norm(aim)))
    return views


def _spread(points: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
    chosen = [points[rng.integers(len(points))]]
    distance = np.linalg.norm(points - chosen[0], axis=1)
    for _ in range(count - 1):
        chosen.append(points[distance.argmax()])
        distance = np.minimum(distance, np.linalg.norm(points - chosen[-1], axis=1))
    return np.array(chosen)


def _tour(spots: np.ndarray) -> np.ndarray:
    order, left = [0], list(range(1, len(spots)))
    while left:
        nearest = min(left, key=lambda index: float(np.linalg.norm(spots[index] - spots[order[-1]])))
        left.remove(nearest)
        order.append(nearest)
    return spots[order]


def look(
    points: np.ndarray, normals: np.ndarray, view: View, spacing: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return indices (M,) of the points that a view sees, their ranges (M,) in metres, scan order (M,).

    points, normals (N, 3): samples of all surfaces, `spacing` metres apart; they hide each other.
    """
    right = np.cross(view.forward, (0.0, 0.0, 1.0))
    right /= np.linalg.norm(right)
    gap = points - view.eye
    depth = gap @ view.forward
    index = np.flatnonzero(depth > 0.5 * NEAR)
    gap, depth = gap[index], depth[index]
    image = np.stack([gap @ right, gap @ np.cross(right, view.forward)], axis=1) / depth[:, None]
    in_field = (np.abs(image) < HALF_FIELD).all(axis=1)
    index, gap, image = index[in_field], gap[in_field], image[in_field]
    distance = np.linalg.norm(gap, axis=1)
    cosine = -(gap * normals[index]).sum(axis=1) / distance
    facing = normals[index] * np.where(cosine < 0, -1.0, 1.0)[:, None]
    upright = np.abs(facing[:, 2]) < 0.7
    seen = np.flatnonzero((cosine > GRAZING) & (distance > NEAR) & (distance < FAR))
    far_to_near = np.argsort(-distance, kind="stable")
    for level in range(LEVELS):
        pixel = FINEST_PIXEL * 2**level
        # Samples too near for this pixel would leave holes that what lies behind shows through.
        near = SAMPLES_PER_PIXEL_SIDE * spacing / pixel
        far = 2 * near if level > 0 else np.inf
        first, last = np.searchsorted(-distance[far_to_near], (-far, -near))
        in_level = far_to_near[first:last]
        cell = _pixels(image, pixel)
        # A pixel on an edge holds two surfaces, often the floor and what stands on it; either can hide.
        for surface in (in_level[upright[in_level]], in_level[~upright[in_level]]):
            nearest = np.full(int(cell.max(initial=0)) + 1, -1)
            # Sorted from far to near, so that the nearest is written last.
            nearest[cell[surface]] = surface
            front = nearest[cell[seen]]
            below, above = seen[front >= 0], front[front >= 0]
            tolerance = 0.008 + 0.06 * pixel * distance[below]
            hidden = _hides(gap[above] - gap[below], facing[above], facing[below], tolerance)
            hidden &= distance[above] < distance[below]
            seen = np.setdiff1d(seen, below[hidden], assume_unique=True)
    rows = np.floor((HALF_FIELD[1] - image[seen, 1]) / FINEST_PIXEL)
    return index[seen], distance[seen], rows * 1000 + image[seen, 0]


def _pixels(image: np.ndarray, pixel: float) -> np.ndarray:
    columns = int(np.ceil(2 * HALF_FIELD[0] / pixel)) + 1
    cell = np.floor((image + HALF_FIELD) / pixel).astype(np.int64)
    return cell[:, 1] * columns + cell[:, 0]


def _hides(
    between: np.ndarray, facing_above: np.ndarray, facing_below: np.ndarray, tolerance: np.ndarray
) -> np.ndarray:
    """Return whether samples hide those that lie `-between` (N, 3) behind them, rather than border on them.

    A neighbour on the same surface, also a bent one or one around a corner, lies in the other's tangent plane
    or behind it, or has the other before its own; so surfaces seen at a flat angle do not hide themselves.
    """
    before = (between * facing_below).sum(axis=1) > tolerance
    return before & ((between * facing_above).sum(axis=1) > tolerance)


def scan(
    points: np.ndarray, normals: np.ndarray, views: Sequence[View], spacing: float, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Return indices (M,) of the points seen by some view, in scan order, and the noisy points (M, 3).

    The noise lies along the line of sight of the nearest view and grows with the square of the distance.
    """
    first = np.full(len(points), len(views))
    order, nearest = np.zeros(len(points)), np.full(len(points), np.inf)
    eyes = np.zeros_like(points)
    for number, view in enumerate(views):
        index, distance, place = look(points, normals, view, spacing)
        new = first[index] > number
        order[index] = np.where(new, place, order[index])
        first[index] = np.minimum(first[index], number)
        nearer = distance < nearest[index]
        nearest[index[nearer]] = distance[nearer]
        eyes[index[nearer]] = view.eye
    seen = np.flatnonzero(first < len(views))
    seen = seen[np.lexsort((order[seen], first[seen]))]
    sight = (points[seen] - eyes[seen]) / nearest[seen, None]
    noise = rng.normal(0, 1, (len(seen), 1)) * (0.0015 + 0.0012 * nearest[seen, None] ** 2)
    return seen, points[seen] + sight * noise
