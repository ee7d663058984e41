"""Read the tables of nuScenes: where they lie, and the fields of their rows."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Container, Mapping, TypeVar

from openworld3d.errors import UserError
from openworld3d.raw.files import check_inside, field, one_line, read_json, require

# The first has the drives of the second too.
VERSIONS = ("v1.0-trainval", "v1.0-mini")
NEEDED = ("scene", "sample", "sample_data", "lidarseg", "category")
LONGEST_EMPTY = 64  # bytes, of an empty list with spaces and line ends
Value = TypeVar("Value")


def folder_of_tables(root: Path) -> Path:
    """Return the folder of the first version whose tables are all there, or else of the one that lacks the fewest.

    The archive of the labels has two tables of each version, so that v1.0-trainval may lack the others beside a
    complete v1.0-mini.
    """
    there = [root / version for version in VERSIONS if (root / version).is_dir()]
    if not there:
        return require(root / VERSIONS[0], "every split")
    return min(there, key=lambda folder: len(missing_tables(folder)))


def missing_tables(folder: Path) -> list[str]:
    """Return the names of the tables that a folder lacks or has empty."""
    files = [folder / f"{table}.json" for table in NEEDED]
    return [file.name for file in files if not (file.exists() and is_filled(file))]


def is_filled(file: Path) -> bool:
    """Return whether a table has more than the brackets of an empty list; small enough ones are looked into."""
    return file.stat().st_size > LONGEST_EMPTY or file.read_bytes().split() not in ([], [b"[]"], [b"[", b"]"])


def read_categories(file: Path) -> list[dict[str, Any]]:
    """Read the name and raw id, `index`, of each category; raises UserError for the table of plain nuScenes."""
    rows = read_json(require(file, "every scene"))
    categories = [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
    if categories and not any("index" in row for row in categories):
        raise UserError(
            f"{file}: a row has no 'index', as in the category.json of plain nuScenes; take the one that comes with "
            "nuScenes-lidarseg, unpacked last"
        )
    return read_table(file, {"name": str, "index": int})


def read_table(file: Path, fields: Mapping[str, type], tokens: Container[str] | None = None) -> list[dict[str, Any]]:
    """Read fields of the rows of a table, of all rows or of those with one of the tokens."""

    # While parsing: sample_data has millions of rows, nearly all of cameras, radars and sweeps.
    def pick(row: dict[str, Any]) -> dict[str, Any]:
        if tokens is not None and field(row, "token", str, file, "a row") not in tokens:
            return {}
        wanted: dict[str, Any] = {name: field(row, name, kind, file, "a row") for name, kind in fields.items()}
        if "filename" in wanted:
            check_inside(wanted["filename"], file)
        return wanted

    rows = read_json(require(file, "every scene"), pick)
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise UserError(f"{file}: is not a list of rows; take the tables that come with nuScenes-lidarseg")
    return [row for row in rows if row]


def look_up(rows: Mapping[str, Value], key: str, file: Path, wanted_by: str) -> Value:
    """Return the entry of a table for a token or name; raises UserError where there is none."""
    if key not in rows:
        raise UserError(
            f"{file}: has no row for {one_line(key)}, though {wanted_by} needs it; fetch the tables of one release "
            "again"
        )
    return rows[key]
