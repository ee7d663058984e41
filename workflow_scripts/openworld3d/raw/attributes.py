"""Select the attributes of a cloud from the columns of its file."""

from __future__ import annotations

from pathlib import Path
from typing import Iterable, Mapping, Protocol

import numpy as np

from openworld3d.errors import UserError, nearest
from openworld3d.raw.files import MOST_POINTS, check_claim, one_line

COLUMNS = {"coord": ("x", "y", "z"), "color": ("red", "green", "blue")}


class Attribute(Protocol):
    """An array, or the header of one."""

    @property
    def shape(self) -> tuple[int, ...]: ...

    @property
    def dtype(self) -> np.dtype: ...


def columns_of(wanted: list[str]) -> list[str]:
    """Return the columns of some attributes: three each for coord and color."""
    return [column for name in wanted for column in COLUMNS.get(name, (name,))]


def pick(columns: Mapping[str, np.ndarray], wanted: list[str]) -> dict[str, np.ndarray]:
    """Return attributes by name: (N, 3) for coord and color, (N,) for others."""
    return {
        name: np.stack([columns[column] for column in COLUMNS[name]], 1) if name in COLUMNS else columns[name]
        for name in wanted
    }


def check_names(names: list[str], there: Iterable[str], file: Path) -> None:
    """Reject a file that lacks one of the names."""
    there = sorted(there)
    for name in names:
        if name not in there:
            near = nearest(name, map(one_line, there))
            raise UserError(
                f"{file}: has no attribute {name}{near}; it has {one_line(', '.join(there))}; "
                "fetch or write the file again, or correct the dataset's keys"
            )


def check_shapes(attributes: Mapping[str, Attribute], file: Path) -> None:
    """Reject attributes that are not numeric or have not one row per point of the first."""
    first = next(iter(attributes.values())).shape
    points = first[0] if first else 0
    check_claim(points, MOST_POINTS, "points", file)
    for name, found in attributes.items():
        expected = (points, 3) if name in COLUMNS else (points,)
        if found.shape != expected or found.dtype.kind not in "iuf":
            raise UserError(
                f"{file}: its {name} is {found.dtype} of shape {found.shape}, expected numbers of shape {expected}; "
                "write the file again"
            )
