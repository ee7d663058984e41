"""The attributes that are wanted of a cloud, out of the columns that its file has."""

from __future__ import annotations

from pathlib import Path
from typing import Iterable, Mapping, Protocol

import numpy as np

from openworld3d.errors import UserError, nearest
from openworld3d.raw.files import MOST_POINTS, check_claim, one_line

COLUMNS = {"coord": ("x", "y", "z"), "color": ("red", "green", "blue")}


class Attribute(Protocol):
    """An array, or what the header of one claims."""

    @property
    def shape(self) -> tuple[int, ...]: ...

    @property
    def dtype(self) -> np.dtype: ...


def columns_of(wanted: list[str]) -> list[str]:
    """Return the columns that attributes are made of; coord and color are three of them."""
    return [column for name in wanted for column in COLUMNS.get(name, (name,))]


def pick(columns: Mapping[str, np.ndarray], wanted: list[str]) -> dict[str, np.ndarray]:
    """Return the wanted attributes: (N, 3) for coord and color, (N,) for others."""
    return {
        name: np.stack([columns[column] for column in COLUMNS[name]], 1) if name in COLUMNS else columns[name]
        for name in wanted
    }


def check_names(names: list[str], there: Iterable[str], file: Path) -> None:
    """Refuse a file that lacks one of the names."""
    there = sorted(there)
    for name in names:
        if name not in there:
            near = nearest(name, map(one_line, there))
            raise UserError(
                f"{file}: has no attribute {name}{near}; it has {one_line(', '.join(there))}; "
                "fetch or write the file again, or correct the dataset's keys"
            )


def check_shapes(attributes: Mapping[str, Attribute], file: Path) -> None:
    """Refuse attributes that are not numbers, one row for each point of the first attribute."""
    first = next(iter(attributes.values())).shape
    points = first[0] if first else 0
    check_claim(points, MOST_POINTS, "points", file)
    for name, found in attributes.items():
        expected = (points, 3) if name in COLUMNS else (points,)
        if found.shape != expected or found.dtype.kind not in "iuf":
            raise UserError(
                f"{file}: its {name} is {found.dtype} of the shape {found.shape}, expected numbers of the shape "
                f"{expected}; write the file again"
            )
