"""A protocol: which classes a run must not learn, told by name."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from openworld3d.errors import UserError, nearest
from openworld3d.scene import VOID

IGNORED = 255


class Protocol(NamedTuple):
    """The dataset's classes, and those among them that are unknown."""

    classes: list[str]
    unknown: list[str]

    @property
    def known(self) -> list[str]:
        """Return the known classes in the dataset's order: the columns of the logits."""
        return [name for name in self.classes if name not in self.unknown]

    @property
    def class_of_column(self) -> np.ndarray:
        """Return the index in the dataset's classes of each column of the logits: (K,) uint8."""
        return np.array([self.classes.index(name) for name in self.known], np.uint8)

    def targets(self, label: np.ndarray) -> np.ndarray:
        """Return the column of each point's class, 255 where unknown or void: (N,) uint8 -> (N,) int64."""
        column = np.full(VOID + 1, IGNORED, np.int64)
        column[self.class_of_column] = np.arange(len(self.known))
        return column[label]

    def is_unknown(self, label: np.ndarray) -> np.ndarray:
        """Tell which points are of an unknown class: (N,) uint8 -> (N,) bool."""
        return np.isin(label, [self.classes.index(name) for name in self.unknown])


def make_protocol(classes: list[str], unknown: list[str]) -> Protocol:
    """Build a protocol; an unknown class that the dataset does not have is refused."""
    for name in unknown:
        if name not in classes:
            raise UserError(f"protocol: class {name} does not exist in the dataset{nearest(name, classes)}")
    return Protocol(classes, unknown)
