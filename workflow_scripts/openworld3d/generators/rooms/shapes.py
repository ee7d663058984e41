"""Parametric surfaces of which furniture is composed; metres, z up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Callable, Sequence, Tuple

import numpy as np

Surface = Callable[[np.ndarray, np.ndarray], np.ndarray]
Corner = Tuple[float, float]


@dataclass(frozen=True)
class Patch:
    """A surface `at(s, t)` for s, t in 0..1 with its two extents; d/ds x d/dt points to the seen side."""

    at: Surface
    extents: tuple[float, float]

    def sample(self, spacing: float, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Return points (N, 3) on a jittered grid, about one per spacing^2, and their unit normals (N, 3)."""
        rows, columns = (max(1, round(extent / spacing)) for extent in self.extents)
        jitter = rng.uniform(0.1, 0.9, (2, rows, columns))
        s = ((np.arange(rows)[:, None] + jitter[0]) / rows).ravel()
        t = ((np.arange(columns)[None, :] + jitter[1]) / columns).ravel()
        # A strip narrower than the spacing still has one row; thinning keeps its density equal to the rest.
        density = self.extents[0] * self.extents[1] / (spacing**2 * rows * columns)
        kept = rng.random(rows * columns) < density
        s, t = s[kept], t[kept]
        points = self.at(s, t)
        step = 1e-4
        normals = np.cross(self.at(s + step, t) - points, self.at(s, t + step) - points)
        length = np.linalg.norm(normals, axis=1, keepdims=True)
        return points, normals / np.maximum(length, 1e-15)


def rectangle(origin: Sequence[float], u: Sequence[float], v: Sequence[float]) -> Patch:
    """Return the parallelogram that spans `u` and `v` at `origin`, seen from the side of u x v."""
    o, a, b = (np.asarray(vector, dtype=float) for vector in (origin, u, v))
    return Patch(
        lambda s, t: o + s[:, None] * a + t[:, None] * b,
        (float(np.linalg.norm(a)), float(np.linalg.norm(b))),
    )


def box(low: Sequence[float], high: Sequence[float]) -> list[Patch]:
    """Return the six faces of an upright box, seen from outside."""
    x, y, z = low
    w, d, h = (b - a for a, b in zip(low, high))
    return [
        rectangle((x, y, z + h), (w, 0, 0), (0, d, 0)),
        rectangle((x, y, z), (0, d, 0), (w, 0, 0)),
        rectangle((x, y, z), (w, 0, 0), (0, 0, h)),
        rectangle((x, y + d, z), (0, 0, h), (w, 0, 0)),
        rectangle((x, y, z), (0, 0, h), (0, d, 0)),
        rectangle((x + w, y, z), (0, d, 0), (0, 0, h)),
    ]


def basin(low: Sequence[float], high: Sequence[float]) -> list[Patch]:
    """Return the floor and the four sides of a hollow box, seen from inside."""
    _, *faces = box(low, high)
    return [_flipped(face) for face in faces]


def rim(low: Corner, high: Corner, inner_low: Corner, inner_high: Corner) -> list[tuple[Corner, Corner]]:
    """Return the low and the high corner (x, y) of the four rectangles around a hole in a rectangle."""
    (x0, y0), (x1, y1), (a, c), (b, d) = low, high, inner_low, inner_high
    return [((x0, y0), (x1, c)), ((x0, d), (x1, y1)), ((x0, c), (a, d)), ((b, c), (x1, d))]


def cushion(low: Sequence[float], high: Sequence[float], roundness: float = 6.0) -> list[Patch]:
    """Return a box with rounded edges: a stretched unit ball of the `roundness`-norm; 2 is an ellipsoid."""
    centre = (np.asarray(low, dtype=float) + np.asarray(high)) / 2
    half = (np.asarray(high, dtype=float) - np.asarray(low)) / 2

    def rounded(face: Patch) -> Patch:
        def at(s: np.ndarray, t: np.ndarray) -> np.ndarray:
            on_cube = face.at(s, t)
            norm = (np.abs(on_cube) ** roundness).sum(axis=1, keepdims=True) ** (1 / roundness)
            return centre + half * on_cube / norm

        edges = face.at(np.array([1.0, 0.0]), np.array([0.0, 1.0])) - face.at(np.zeros(1), np.zeros(1))
        along_s, along_t = np.linalg.norm(half * edges, axis=1)
        return Patch(at, (float(along_s), float(along_t)))

    return [rounded(face) for face in box((-1, -1, -1), (1, 1, 1))]


def frustum(base: Sequence[float], lower: float, upper: float, height: float) -> list[Patch]:
    """Return the side and the lid of an upright frustum with radii `lower` and `upper`."""
    x, y, z = base

    def side(s: np.ndarray, t: np.ndarray) -> np.ndarray:
        radius = lower + (upper - lower) * t
        return _ring(x, y, 2 * np.pi * s, radius, radius, z + height * t)

    return [
        Patch(side, (np.pi * (lower + upper), height)),
        disc((x, y, z + height), 0.0, (upper, upper)),
    ]


def disc(centre: Sequence[float], inner: float, radii: tuple[float, float]) -> Patch:
    """Return a level ellipse seen from above; its hole has the share `inner` (0..1) of its two radii."""
    x, y, z = centre

    def at(s: np.ndarray, t: np.ndarray) -> np.ndarray:
        share = np.sqrt(inner**2 + (1 - inner**2) * np.clip(s, 0, None))
        return _ring(x, y, 2 * np.pi * t, share * radii[0], share * radii[1], np.full_like(s, z))

    middle = np.pi * (radii[0] + radii[1]) * (1 + inner) / 2
    return Patch(at, ((radii[0] + radii[1]) / 2 * (1 - inner), middle))


def bowl(centre: Sequence[float], radii: Sequence[float], seen_inside: bool) -> Patch:
    """Return the lower half of an ellipsoid, seen from inside or from outside."""
    x, y, z = centre
    a, b, c = radii

    def at(s: np.ndarray, t: np.ndarray) -> np.ndarray:
        across = np.sqrt(np.clip(1 - t**2, 0, None))
        return _ring(x, y, 2 * np.pi * s, a * across, b * across, z - c * t)

    inside = Patch(at, (np.pi * (a + b), max(a, b, c) * 1.2))
    return inside if seen_inside else _flipped(inside)


def wave(start: Sequence[float], width: float, height: float, depth: float, folds: float) -> Patch:
    """Return a hanging cloth along x with sine folds of amplitude `depth`, seen from the side of +y."""
    x, y, z = start

    def at(s: np.ndarray, t: np.ndarray) -> np.ndarray:
        loose = depth * (1 - 0.5 * s)
        return np.stack([x + width * t, y + depth + loose * np.sin(2 * np.pi * folds * t), z + height * s], axis=1)

    stretch = np.hypot(1, 4 * depth * folds / width)
    return Patch(at, (height, width * float(stretch)))


def _flipped(patch: Patch) -> Patch:
    return Patch(lambda s, t: patch.at(t, s), (patch.extents[1], patch.extents[0]))


def _ring(x: float, y: float, angle: np.ndarray, a: np.ndarray, b: np.ndarray, z: np.ndarray) -> np.ndarray:
    return np.stack([x + a * np.cos(angle), y + b * np.sin(angle), z], axis=1)
