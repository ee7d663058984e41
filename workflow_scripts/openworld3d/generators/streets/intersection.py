"""Intersect rays with shapes, each in the frame in which its form is canonical."""

from __future__ import annotations

from typing import NamedTuple, Tuple

import numpy as np

from openworld3d.generators.streets.shapes import BALL, BOX, DRUM, SHEET

Interval = Tuple[np.ndarray, np.ndarray]
TINY = 1e-200
EDGE = 1e-6


class Local(NamedTuple):
    """Rays in the frames of the shapes that they may meet: origins, directions (N, 3), tapers (N, 2)."""

    origin: np.ndarray
    direction: np.ndarray
    taper: np.ndarray

    def at(self, distance: np.ndarray) -> np.ndarray:
        """Return the points (N, 3) at these distances (N,)."""
        return self.origin + distance[:, None] * self.direction


def meet(form: int, rays: Local) -> Interval:
    """Return the distances (N,) at which each ray enters and leaves its shape, in metres; inf where it misses."""
    enter, leave = {SHEET: meet_sheet, BOX: meet_box, BALL: meet_ball, DRUM: meet_drum}[form](rays)
    hit = (enter <= leave) & (enter > 0) & (leave < np.inf)
    return np.where(hit, enter, np.inf), np.where(hit, leave, np.inf)


def meet_sheet(rays: Local) -> Interval:
    """Meet the plane z = 0 where |x| and |y| are at most 1."""
    distance = -rays.origin[:, 2] / nonzero(rays.direction[:, 2])
    x, y = (rays.origin[:, axis] + distance * rays.direction[:, axis] for axis in (0, 1))
    hit = (np.abs(x) <= 1) & (np.abs(y) <= 1)
    return np.where(hit, distance, np.inf), np.where(hit, distance, -np.inf)


def meet_box(rays: Local) -> Interval:
    """Clip rays by six planes: |x| and |y| at most a + b z, with a = (1 + taper) / 2, b = (taper - 1) / 2."""
    enter, leave = np.full(len(rays.origin), -np.inf), np.full(len(rays.origin), np.inf)
    height, climb = rays.origin[:, 2], rays.direction[:, 2]
    for axis in (0, 1, 2):
        middle, lean = (1.0, 0.0) if axis == 2 else widths(rays.taper[:, axis])
        for sign in (-1, 1):
            outside = sign * rays.origin[:, axis] - middle - lean * height
            growth = nonzero(sign * rays.direction[:, axis] - lean * climb)
            distance = -outside / growth
            enter = np.where(growth < 0, np.maximum(enter, distance), enter)
            leave = np.where(growth > 0, np.minimum(leave, distance), leave)
    return enter, leave


def meet_ball(rays: Local) -> Interval:
    """Solve |origin + distance * direction| = 1."""
    square = (rays.direction**2).sum(axis=1)
    half = (rays.origin * rays.direction).sum(axis=1)
    under_root = half**2 - square * ((rays.origin**2).sum(axis=1) - 1)
    root = np.where(under_root < 0, -np.inf, np.sqrt(np.maximum(under_root, 0)))
    return (-half - root) / square, (-half + root) / square


def meet_drum(rays: Local) -> Interval:
    """Meet the side sqrt(x^2 + y^2) = a + b z and the two lids z = -1 and z = 1; the shape is convex."""
    middle, lean = widths(rays.taper[:, 0])
    (x, y, z), (dx, dy, dz) = rays.origin.T, rays.direction.T
    radius = middle + lean * z
    square = nonzero(dx**2 + dy**2 - (lean * dz) ** 2)
    half = x * dx + y * dy - lean * radius * dz
    under_root = half**2 - square * (x**2 + y**2 - radius**2)
    root = np.sqrt(np.maximum(under_root, 0))
    found = []
    for distance in ((-half - root) / square, (-half + root) / square):
        found.append((distance, (under_root >= 0) & (np.abs(z + distance * dz) <= 1)))
    for lid, size in ((-1, 1.0), (1, rays.taper[:, 0])):
        distance = (lid - z) / nonzero(dz)
        found.append((distance, np.hypot(x + distance * dx, y + distance * dy) <= size))
    enter = np.min([np.where(hit, distance, np.inf) for distance, hit in found], axis=0)
    leave = np.max([np.where(hit, distance, -np.inf) for distance, hit in found], axis=0)
    return enter, leave


def normals(form: int, rays: Local, distance: np.ndarray) -> np.ndarray:
    """Return normals (N, 3) of the form's surface where rays hit it, in its frame, of any length."""
    point = rays.at(distance)
    if form == SHEET:
        return np.broadcast_to([0.0, 0.0, 1.0], point.shape)
    if form == BALL:
        return point
    lid = np.abs(point[:, 2]) > 1 - EDGE
    if form == DRUM:
        middle, lean = widths(rays.taper[:, 0])
        side = np.stack([point[:, 0], point[:, 1], -lean * (middle + lean * point[:, 2])], axis=1)
    else:
        middle, lean = widths(rays.taper)
        gap = middle + lean * point[:, 2:] - np.abs(point[:, :2])
        nearest = np.eye(2)[gap.argmin(axis=1)]
        side = np.concatenate([nearest * np.sign(point[:, :2]), -(lean * nearest).sum(axis=1, keepdims=True)], axis=1)
    return np.where(lid[:, None], [0.0, 0.0, 1.0], side)


def widths(taper: np.ndarray) -> Interval:
    """Return a and b of the half width a + b z that is 1 at z = -1 and `taper` at z = 1."""
    return (1 + taper) / 2, (taper - 1) / 2


def nonzero(value: np.ndarray) -> np.ndarray:
    """Return `value`, at least 1e-200 from 0, so that a ray along a plane is far from it and nothing overflows."""
    return np.where(np.abs(value) < TINY, TINY, value)
