"""What the plans of rooms and streets share: turns about the vertical axis, and what starts a plan again."""

from __future__ import annotations

import numpy as np


class DoesNotFitError(Exception):
    """A required object found no place; the whole plan is drawn again."""


def turn_about_z(angle: float) -> np.ndarray:
    """Return the (3, 3) matrix that turns by `angle` radians about z."""
    c, s = np.cos(angle), np.sin(angle)
    return np.array([[c, -s, 0.0], [s, c, 0.0], [0.0, 0.0, 1.0]])


def turn(angle: float) -> np.ndarray:
    """Return the (2, 2) matrix that turns by `angle` radians."""
    return turn_about_z(angle)[:2, :2]
