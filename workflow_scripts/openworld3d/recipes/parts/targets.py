"""The targets of points that a recipe made unknown, which are the number of known classes."""

from __future__ import annotations

from torch import Tensor

from openworld3d.protocols.protocol import IGNORED


def of_known(target: Tensor, known: int) -> Tensor:
    """Return the target of points of known classes, of which there are `known`, and 255 elsewhere: (N,) int64."""
    return target.masked_fill(target >= known, IGNORED)
