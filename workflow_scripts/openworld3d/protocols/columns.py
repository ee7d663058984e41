"""Which class each column of a trained network's logits stands for."""

from __future__ import annotations

from typing import Sequence

from openworld3d.errors import UserError, nearest


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
