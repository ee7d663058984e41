"""A protocol: which classes, by name, a network must not be trained on."""

from __future__ import annotations

from typing import NamedTuple, Sequence

import numpy as np

from openworld3d.errors import UserError, nearest
from openworld3d.scenes.scene import VOID

IGNORED = 255


class Protocol(NamedTuple):
    """The classes of a dataset, by name.

    unknown: those still unknown; taught: those that were unknown until an incremental step trained on them."""

    classes: list[str]
    unknown: list[str]
    taught: list[str]

    @property
    def known(self) -> list[str]:
        """Return the class of each logits column: known ones in the dataset's order, then those in `taught`."""
        return [name for name in self.classes if name not in (*self.unknown, *self.taught)] + self.taught

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
        """Return which points are of an unknown class: (N,) uint8 -> (N,) bool."""
        return np.isin(label, [self.classes.index(name) for name in self.unknown])


def make_protocol(classes: list[str], unknown: list[str], taught: Sequence[str] = ()) -> Protocol:
    """Build a protocol; raises UserError for an unknown class that the dataset lacks."""
    for name in unknown:
        if name not in classes:
            raise UserError(f"protocol: class {name} does not exist in the dataset{nearest(name, classes)}")
    return Protocol(classes, [name for name in unknown if name not in taught], list(taught))
