"""Which class each column of a network's logits stands for; planning checks it too, and imports no scene."""

from __future__ import annotations

from typing import Any, Mapping, Sequence

from openworld3d.errors import UserError, nearest

UNLABELLED = "void"  # the name of the column that released networks have for points without a label


def untaught_names(backbone: Mapping[str, Any], unlabelled: Sequence[str]) -> list[str]:
    """Return what the columns stand for that no label trains, as the backbone's `untaught_columns` says.

    unlabelled: the unknown classes without a label in the training.
    """
    kind = backbone.get("untaught_columns", "none")
    return {"none": [], "unknown": [*unlabelled], "void_and_unknown": [UNLABELLED, *unlabelled]}[kind]


def check_columns(
    place: str,
    columns: Sequence[str],
    classes: Sequence[str],
    unknown: Sequence[str],
    untaught: Sequence[str] = (),
) -> None:
    """Check that the columns of a network's logits are the known classes and what no label trained, in any order.

    place: what the UserError begins with; classes: the dataset's. A network trained on an unknown class cannot
    measure how well that class is found.
    """
    lacking = [name for name in untaught if name not in columns]
    if lacking:
        raise UserError(
            f"{place} lacks {', '.join(lacking)}, of which the network has a column, says the backbone's "
            "untaught_columns; name it, or correct untaught_columns"
        )
    for name in columns:
        if name in untaught:
            continue
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


def check_untaught(
    place: str, untaught: Sequence[str], columns: Sequence[str], classes: Sequence[str], unknown: Sequence[str]
) -> None:
    """Check that columns of logits that no label trained are of unknown classes or void, and among `columns`.

    place: what the UserError begins with; classes: the dataset's.
    """
    for name in untaught:
        if name not in (*classes, UNLABELLED):
            raise UserError(f"{place} says {name}, but class {name} does not exist{nearest(name, classes)}")
        if name not in (*unknown, UNLABELLED):
            raise UserError(
                f"{place} says {name}, which is known: labels must have trained its logit; make it unknown, or leave "
                "it out"
            )
        if name not in columns:
            raise UserError(
                f"{place} says {name}, which pretrained_classes does not have; name every logit there, in order, the "
                "untaught ones too, or leave pretrained_classes out"
            )
