"""Which class each column of a network's logits stands for; planning checks it too, and imports no scene."""

from __future__ import annotations

from typing import Sequence

from openworld3d.errors import UserError, nearest


def check_columns(place: str, columns: Sequence[str], classes: Sequence[str], unknown: Sequence[str]) -> None:
    """Check that the columns of a network's logits are the known classes, in any order.

    place: what the UserError begins with; classes: the dataset's. A network trained on an unknown class cannot
    measure how well that class is found.
    """
    for name in columns:
        if name not in classes:
            raise UserError(f"{place} says {name}, but class {name} does not exist{nearest(name, classes)}")
        if name in unknown:
            raise UserError(
                f"{place} says {name}, which the protocol holds unknown: the network was trained on it; "
                "choose another protocol, or a network trained without it"
            )
    missing = [name for name in classes if name not in unknown and name not in columns]
    if missing:
        raise UserError(
            f"{place} lacks {', '.join(missing)}, which are known classes of the protocol; name every class that the "
            "network was trained on, or make the others unknown"
        )
