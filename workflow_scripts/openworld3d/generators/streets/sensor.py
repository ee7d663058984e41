"""Simulate a spinning LiDAR of 64 beams like the HDL-64E: which hits it detects, and with which noise."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from openworld3d.generators.streets.casting import cast
from openworld3d.generators.streets.culling import Grid
from openworld3d.generators.streets.kinds import OUTLIER
from openworld3d.generators.streets.materials import SOLID
from openworld3d.generators.streets.scene import STUFF, Scene, joined, solids_of
from openworld3d.generators.streets.shapes import box

HEIGHT = 1.73
RANGE = 120.0
COLUMNS = 2000
# An upper block with a beam every third of a degree, a lower one with a beam every half degree.
ELEVATIONS = np.radians(np.concatenate([np.linspace(2.0, -8.33, 32), np.linspace(-8.83, -24.8, 32)]))
GRID = Grid(ELEVATIONS, COLUMNS)
# Standard deviation in metres, combined with the roughness of the surface.
RANGE_NOISE = 0.02
# Range in metres at which a perfect reflector is detected; others by the root of reflectivity times cosine.
DETECTION_RANGE = 1000.0
# Standard deviation of the logarithm of the power; the share of returns lost on any surface.
FLICKER = 0.6
LOST = 0.015
# The share of returns by multipath: they lie too far, often below the ground.
GHOSTS = 0.0003
# The car's own roof and body in the sensor's frame: their returns are not part of a scan.
OWN_CAR = solids_of(
    [box((-2.4, -0.85, -1.4), (1.9, 0.85, -0.8)), box((-1.9, -0.8, -0.8), (1.3, 0.8, -0.4), (0.75, 0.88))],
    [SOLID] * 2,
)


class Scan(NamedTuple):
    """Returns of one turn: points (N, 4) float32 x, y, z in metres and remission in 0..1, labels (N,) uint32.

    ray (N,): the number of the ray that each is of, beam by beam."""

    points: np.ndarray
    labels: np.ndarray
    ray: np.ndarray


def scan(scene: Scene, rotation: np.ndarray, position: np.ndarray, time: float, rng: np.random.Generator) -> Scan:
    """Scan a scene at a time in seconds, by a sensor at `position` (3,) turned by `rotation` (3, 3)."""
    hits = cast(joined(OWN_CAR, scene.seen_from(rotation, position, time)), GRID, RANGE, rng)
    own = len(OWN_CAR.form)
    met = np.flatnonzero(hits.part >= own)
    part, distance, cosine = hits.part[met] - own, hits.distance[met], hits.cosine[met]
    detected = is_detected(scene.material("reflectivity")[part], cosine, distance, rng)
    met, part, distance, cosine = met[detected], part[detected], distance[detected], cosine[detected]
    remission = measured_remission(scene, part, cosine, rng)
    distance = distance + np.hypot(RANGE_NOISE, scene.material("roughness")[part]) * rng.normal(size=len(met))
    ghost = rng.random(len(met)) < GHOSTS
    distance[ghost] *= rng.uniform(1.1, 1.9, int(ghost.sum()))
    points = GRID.directions()[met] * distance[:, None]
    raw_id = np.where(ghost, OUTLIER, scene.raw_id[part])
    instance = np.where(ghost, STUFF, scene.instance[part])
    labels = (raw_id | instance << 16).astype(np.uint32)
    return Scan(np.column_stack([points, remission]).astype(np.float32), labels, met)


def is_detected(
    reflectivity: np.ndarray, cosine: np.ndarray, distance: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Return which hits (N,) are detected: power falls with the cosine of incidence and the squared distance."""
    power = reflectivity * cosine * (DETECTION_RANGE / distance) ** 2
    flicker = np.exp(FLICKER * rng.normal(size=len(distance)))
    return (power * flicker > 1) & (rng.random(len(distance)) >= LOST)


def measured_remission(scene: Scene, part: np.ndarray, cosine: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return remissions (N,) of hits, in steps of 0.01 as the sensor records them; lower at grazing incidence."""
    mean, spread = scene.material("remission")[part], scene.material("spread")[part]
    value = mean * (0.85 + 0.2 * cosine) + spread * rng.normal(size=len(part))
    return np.round(np.clip(value, 0, 0.99), 2)
