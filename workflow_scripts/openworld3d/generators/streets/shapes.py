"""Solids and sheets for ray casting: each a canonical form in -1..1 under an affine map."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike

SHEET, BOX, BALL, DRUM = range(4)
CORNERS = np.array([(x, y, z) for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)], float)
UPRIGHT = (1.0, 1.0)
# Half the thickness of a sheet's bounding box in metres.
THIN = 0.001


@dataclass(frozen=True)
class Shape:
    """The points `centre + matrix @ p` of a form's points p.

    form: SHEET (x, y in -1..1, z = 0), BOX (|x| and |y| up to 1 at z = -1, up to `taper` at z = 1), BALL (the unit
    ball) or DRUM (a disc of radius 1 at z = -1, of radius `taper[0]` at z = 1); matrix (3, 3) and centre (3,) in
    metres; taper: two numbers in 0..1.
    """

    form: int
    matrix: np.ndarray
    centre: np.ndarray
    taper: tuple[float, float] = UPRIGHT

    def moved(self, rotation: np.ndarray, offset: np.ndarray) -> Shape:
        """Return the shape turned about the origin by `rotation` (3, 3), then moved by `offset` (3,)."""
        return replace(self, matrix=rotation @ self.matrix, centre=rotation @ self.centre + offset)

    def bounds(self) -> np.ndarray:
        """Return the corner of the lowest and that of the highest x, y, z, (2, 3) in metres."""
        reach = np.abs(self.matrix).sum(axis=1)
        if self.form == BALL:
            reach = np.sqrt((self.matrix**2).sum(axis=1))
        return np.stack([self.centre - reach, self.centre + reach])


def sheet(corner: ArrayLike, side: ArrayLike, other_side: ArrayLike) -> Shape:
    """Return a parallelogram, seen from both sides, of a corner and the two sides that leave it."""
    u, v = np.asarray(side, float) / 2, np.asarray(other_side, float) / 2
    normal = np.cross(u, v)
    normal *= THIN / np.linalg.norm(normal)
    return Shape(SHEET, np.stack([u, v, normal], axis=1), np.asarray(corner, float) + u + v)


def box(low: ArrayLike, high: ArrayLike, taper: tuple[float, float] = UPRIGHT) -> Shape:
    """Return a box along the axes, whose top is `taper` (along x, y) as long as its bottom."""
    near, far = np.asarray(low, float), np.asarray(high, float)
    return Shape(BOX, np.diag((far - near) / 2), (near + far) / 2, taper)


def slope(low: ArrayLike, high: ArrayLike, rise: float) -> Shape:
    """Return a box along the axes that is sheared up by `rise` metres from its lowest to its highest y."""
    level = box(low, high)
    return replace(level, matrix=level.matrix + rise / 2 * np.outer((0, 0, 1), (0, 1, 0)))


def ball(centre: ArrayLike, radii: ArrayLike) -> Shape:
    """Return an ellipsoid along the axes."""
    return Shape(BALL, np.diag(np.asarray(radii, float)), np.asarray(centre, float))


def tube(start: ArrayLike, end: ArrayLike, radius: float, taper: float = 1.0) -> Shape:
    """Return a round bar from one point to another, whose end has `taper` times the radius of its start."""
    first, last = np.asarray(start, float), np.asarray(end, float)
    axis = (last - first) / 2
    along = axis / np.linalg.norm(axis)
    aside = np.cross(along, (0.0, 0.0, 1.0) if abs(along[2]) < 0.9 else (1.0, 0.0, 0.0))
    aside /= np.linalg.norm(aside)
    matrix = np.stack([radius * aside, radius * np.cross(along, aside), axis], axis=1)
    return Shape(DRUM, matrix, (first + last) / 2, (taper, taper))
