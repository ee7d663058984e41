"""A protocol: which classes a run must not learn, told by name."""

from __future__ import annotations

from typing import NamedTuple, Sequence

import numpy as np

from openworld3d.errors import UserError, nearest
from openworld3d.scenes.scene import VOID

IGNORED = 255


class Protocol(NamedTuple):
    """The dataset's classes, those among them that are unknown, and those that were until they were taught."""

    classes: list[str]
    unknown: list[str]
    taught: list[str]

    @property
    def known(self) -> list[str]:
        """Return the columns of the logits: known classes in the dataset's order, then what was taught since."""
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
        """Tell which points are of an unknown class: (N,) uint8 -> (N,) bool."""
        return np.isin(label, [self.classes.index(name) for name in self.unknown])


def make_protocol(classes: list[str], unknown: list[str], taught: Sequence[str] = ()) -> Protocol:
    """Build a protocol, in which classes may be taught that were unknown; what the dataset lacks is refused."""
    for name in unknown:
        if name not in classes:
            raise UserError(f"protocol: class {name} does not exist in the dataset{nearest(name, classes)}")
    return Protocol(classes, [name for name in unknown if name not in taught], list(taught))


def check_columns(place: str, columns: Sequence[str], classes: Sequence[str], unknown: Sequence[str]) -> None:
    """Check that a network's columns are the known classes, in any order; raises UserError, which names `place`.

    `classes` are the dataset's; a network that was taught an unknown class cannot be asked whether it notices it.
    """
    for name in columns:
        if name not in classes:
            raise UserError(f"{place} says {name}, but class {name} does not exist{nearest(name, classes)}")
        if name in unknown:
            raise UserError(
                f"{place} says {name}, which the protocol holds unknown: the network was taught it; "
                "choose another protocol, or a network trained without it"
            )
    missing = [name for name in classes if name not in unknown and name not in columns]
    if missing:
        raise UserError(
            f"{place} lacks {', '.join(missing)}, which the protocol knows; name every class that the network was "
            "taught, or make unknown what it was not"
        )
