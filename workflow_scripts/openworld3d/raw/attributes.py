"""Find the attributes of a cloud among the columns of its file, which programs name in different ways."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Callable, Container, Dict, Iterable, List, Mapping, Protocol, Union

import numpy as np

from openworld3d.errors import UserError, nearest
from openworld3d.raw.files import MOST_POINTS, check_claim, one_line

COLUMNS = {
    "coord": (["x", "y", "z"],),
    "color": (["red", "green", "blue"], ["r", "g", "b"]),
}
# CloudCompare puts the one before whatever it does not know, old MeshLab the other before colours.
PREFIX = re.compile("^(scalar|diffuse)_")
# By attribute, what its columns are named: three, or an array of three or one.
Names = Mapping[str, Union[str, List[str]]]
NO_NAMES: Names = {}
Found = Dict[str, List[str]]


class Attribute(Protocol):
    """An array, or the header of one."""

    @property
    def shape(self) -> tuple[int, ...]: ...

    @property
    def dtype(self) -> np.dtype: ...


def find(wanted: list[str], there: Iterable[str], names: Names, file: Path) -> Found:
    """Return the column or the three columns of each attribute, by `names`, or else by what programs name them.

    Raises UserError where a column is not there, or where several could be meant.
    """
    there = sorted(there)
    return {name: find_one(name, choices_of(name, names), there, file) for name in wanted}


def choices_of(name: str, names: Names) -> list[list[str]]:
    """Return what the columns of an attribute may be named, best first."""
    if name in names:
        given = names[name]
        return [[given] if isinstance(given, str) else given]
    return [[name], *COLUMNS.get(name, ())]


def find_one(name: str, choices: list[list[str]], there: list[str], file: Path) -> list[str]:
    """Return the columns of one attribute: those named as a choice, or else as one but for prefix and capitals."""
    for choice in choices:
        if set(choice) <= set(there):
            return choice
    matches = [[alike(column, there, file) for column in choice] for choice in choices]
    for match in matches:
        if all(match):
            return match
    # Of x, y and height it is z that is missing.
    closest = max(range(len(choices)), key=lambda place: len(list(filter(None, matches[place]))))
    missing = next(column for column, match in zip(choices[closest], matches[closest]) if not match)
    key = name if name in COLUMNS or name == "intensity" else "label"
    raise UserError(
        f"{file}: has no attribute {missing}{nearest(missing, map(one_line, there))}; it has "
        f"{one_line(', '.join(there))}; write the file again, or name the attribute by the key {key} of a dataset of "
        "layout folder"
    )


def alike(column: str, there: list[str], file: Path) -> str:
    """Return the column that differs from a name in prefix or capitals at most, "" where there is none."""
    if column in there:
        return column
    names = [name for name in there if plain(name) == plain(column)]
    if len(names) > 1:
        raise UserError(
            f"{file}: has the attributes {one_line(' and '.join(names))}, expected one that is named {column}; name "
            "one of them by a key of the dataset, or write the file again"
        )
    return names[0] if names else ""


def plain(name: str) -> str:
    """Return the name of a column without what programs change in it."""
    return PREFIX.sub("", name.lower())


def pick(found: Found, column: Callable[[str], np.ndarray]) -> dict[str, np.ndarray]:
    """Return attributes by name from their columns: (N, 3) of three columns, (N,) of one."""
    return {
        name: np.stack(list(map(column, columns)), 1) if len(columns) > 1 else column(columns[0])
        for name, columns in found.items()
    }


def check_shapes(attributes: Mapping[str, Attribute], threes: Container[str], file: Path) -> None:
    """Reject attributes that are not numeric or not of one shape: a row per point of the first, of 3 for `threes`."""
    first = next(iter(attributes.values())).shape
    points = first[0] if first else 0
    check_claim(points, MOST_POINTS, "points", file)
    for name, found in attributes.items():
        if name in threes and len(found.shape) == 2 and found.shape[0] == 3 != found.shape[1]:
            raise UserError(
                f"{file}: its {name} is of shape {found.shape}, expected (N, 3), a row for each point; write its "
                "transpose, as by array.T"
            )
        expected = (points, 3) if name in threes else (points,)
        if found.shape != expected or found.dtype.kind not in "iuf":
            raise UserError(
                f"{file}: its {name} is {found.dtype} of shape {found.shape}, expected numbers of shape {expected}; "
                "write the file again"
            )
