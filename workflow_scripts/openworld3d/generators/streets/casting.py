"""Ray casting: find the surface that each ray hits first."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from openworld3d.generators.streets.culling import Grid, pairs, windows
from openworld3d.generators.streets.intersection import Local, meet, normals
from openworld3d.generators.streets.scene import Solids

NOTHING = -1
PAIRS_AT_ONCE = 400_000


class Hits(NamedTuple):
    """The hit of each of R rays: distance (R,) in metres, part (R,), -1 for none, cosine (R,) of incidence."""

    distance: np.ndarray
    part: np.ndarray
    cosine: np.ndarray


def cast(solids: Solids, grid: Grid, most: float, rng: np.random.Generator) -> Hits:
    """Return the hits of the rays of a sensor at the origin within `most` metres.

    In a part that is not solid, a ray travels an exponentially distributed distance: it passes w metres with
    probability exp(-density w).
    """
    rays = grid.directions()
    inverse = np.linalg.inv(solids.matrix)
    origin = -np.einsum("pij,pj->pi", inverse, solids.centre)
    distance, part = np.full(len(rays), np.inf), np.full(len(rays), NOTHING)
    for form in np.unique(solids.form):
        of_form = np.flatnonzero(solids.form == form)
        seen = windows(solids.matrix[of_form], solids.centre[of_form], grid, most)
        for number, ray in pairs(seen, grid, PAIRS_AT_ONCE):
            shape = of_form[number]
            enter, leave = meet(int(form), local(rays[ray], shape, inverse, origin, solids.taper))
            met = enter + wait(solids.density[shape], rng)
            met[(met > leave) | (met > most)] = np.inf
            keep_nearest(distance, part, ray, met, shape)
    return Hits(distance, part, incidence(rays, solids, inverse, origin, distance, part, rng))


def incidence(
    rays: np.ndarray,
    solids: Solids,
    inverse: np.ndarray,
    origin: np.ndarray,
    distance: np.ndarray,
    part: np.ndarray,
    rng: np.random.Generator,
) -> np.ndarray:
    """Return the cosine (R,) between each ray and the surface's normal where it meets one, 0 where it meets none."""
    cosine = np.zeros(len(rays))
    hit = np.flatnonzero(part != NOTHING)
    for form in np.unique(solids.form[part[hit]]):
        ray = hit[solids.form[part[hit]] == form]
        frame = local(rays[ray], part[ray], inverse, origin, solids.taper)
        square = np.einsum("nji,nj->ni", inverse[part[ray]], normals(int(form), frame, distance[ray]))
        cosine[ray] = np.abs((square * rays[ray]).sum(axis=1)) / np.linalg.norm(square, axis=1)
    # Within foliage there is no surface: leaves have random orientations.
    inside = hit[np.isfinite(solids.density[part[hit]])]
    cosine[inside] = rng.uniform(0, 1, len(inside))
    return cosine


def local(
    directions: np.ndarray, shape: np.ndarray, inverse: np.ndarray, origin: np.ndarray, taper: np.ndarray
) -> Local:
    """Return rays (N, 3) in the frames of the shapes (N,) that they are paired with."""
    return Local(origin[shape], np.einsum("nij,nj->ni", inverse[shape], directions), taper[shape])


def wait(density: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return how deep (N,) rays enter a part before they hit, in metres; 0 for solid parts."""
    way = np.zeros(len(density))
    loose = np.isfinite(density)
    way[loose] = rng.exponential(1.0, int(loose.sum())) / density[loose]
    return way


def keep_nearest(distance: np.ndarray, part: np.ndarray, ray: np.ndarray, met: np.ndarray, shape: np.ndarray) -> None:
    """Update the nearest hit of each ray by distances and shapes (N,) paired with rays (N,)."""
    nearer = np.flatnonzero(met < distance[ray])
    # Sorted from far to near, so that the nearest of a ray is written last.
    nearer = nearer[np.argsort(-met[nearer], kind="stable")]
    distance[ray[nearer]], part[ray[nearer]] = met[nearer], shape[nearer]
