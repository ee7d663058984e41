"""The trajectory of the car: the sensor's pose at each scan."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from openworld3d.generators.plan import turn_about_z
from openworld3d.generators.streets.sensor import HEIGHT

PERIOD = 0.6
WAVE = 60.0


class Pose(NamedTuple):
    """The sensor's pose in the street: a point p of a scan lies at `rotation` (3, 3) @ p + `position` (3,)."""

    rotation: np.ndarray
    position: np.ndarray


def times(scans: int) -> np.ndarray:
    """Return the times (S,) of scans in seconds."""
    return PERIOD * np.arange(scans)


def drive(scans: int, speed: float, middle: float, rng: np.random.Generator) -> list[Pose]:
    """Return a pose for each scan of a car at `speed` metres a second that weaves a little about y = `middle`."""
    aside, phase = rng.uniform(0.05, 0.2), rng.uniform(0, 2 * np.pi)
    found = []
    for time in times(scans):
        x = speed * time
        angle = 2 * np.pi * x / WAVE + phase
        heading = np.arctan(2 * np.pi * aside / WAVE * np.cos(angle))
        roll, pitch = np.radians(rng.normal(0, 0.25, 2))
        position = np.array([x, middle + aside * np.sin(angle), HEIGHT + rng.normal(0, 0.01)])
        found.append(Pose(turn_about_z(heading) @ tilt(roll, pitch), position))
    return found


def tilt(roll: float, pitch: float) -> np.ndarray:
    """Return the (3, 3) matrix that turns by `roll` radians about x, then by `pitch` about y."""
    c, s = np.cos(pitch), np.sin(pitch)
    about_y = np.array([[c, 0.0, s], [0.0, 1.0, 0.0], [-s, 0.0, c]])
    c, s = np.cos(roll), np.sin(roll)
    return about_y @ np.array([[1.0, 0.0, 0.0], [0.0, c, -s], [0.0, s, c]])
