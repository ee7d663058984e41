"""Clouds in files of a common format: the wanted attributes of all points of a `.ply`, `.las`, `.laz` or `.npz`."""

from __future__ import annotations

import re
import struct
import zipfile
from pathlib import Path
from typing import Iterable

import laspy
import numpy as np
from plyfile import PlyData

from openworld3d.errors import UserError, nearest

# A file that claims more is refused before memory is asked for it.
MOST_POINTS = 100_000_000
COLUMNS = {"coord": ("x", "y", "z"), "color": ("red", "green", "blue")}
PLY_HEADER = 1 << 16
VLR_BYTES = 54
EVLR_BYTES = 60


def read_cloud_file(file: Path, wanted: list[str]) -> dict[str, np.ndarray]:
    """Return attributes of a cloud by name: (N, 3) for coord and color, (N,) for others, of the file's types.

    Raises UserError where the file cannot be read, lacks an attribute, or has one of another length.
    """
    found = READERS[file.suffix.lower()](file, wanted)
    points = len(found["coord"])
    for name, array in found.items():
        expected = (points, 3) if name in COLUMNS else (points,)
        if array.shape != expected or array.dtype.kind not in "iuf":
            raise UserError(
                f"{file}: its {name} is {array.dtype} of the shape {array.shape}, expected numbers of the shape "
                f"{expected}; write the file again"
            )
    return found


def read_ply(file: Path, wanted: list[str]) -> dict[str, np.ndarray]:
    """Return attributes of a `.ply`'s vertices, in the form text or binary, by the names of their properties."""
    check_counts(file)
    try:
        vertex = PlyData.read(str(file))["vertex"].data
    except Exception as error:  # plyfile has no one error for what a damaged file can hold
        raise unreadable(file, "a .ply with vertices", error) from error
    columns = {name: vertex[name] for name in vertex.dtype.names}
    return pick(columns, wanted, file)


def check_counts(file: Path) -> None:
    """Refuse a `.ply` whose header claims more rows than it has bytes, before memory is asked for them."""
    with open(file, "rb") as stream:
        header = stream.read(PLY_HEADER).split(b"end_header")[0]
    rows = sum(int(count) for count in re.findall(rb"element\s+\S+\s+(\d+)", header))
    check_claim(rows, file.stat().st_size, file)


def read_las(file: Path, wanted: list[str]) -> dict[str, np.ndarray]:
    """Return attributes of a `.las` or `.laz`, by the names of their dimensions; coord is scaled, (N, 3) float64."""
    check_header(file)
    try:
        cloud = laspy.read(str(file))
        names = list(cloud.point_format.dimension_names)
        columns = {name: np.asarray(cloud[name]) for name in names if name not in ("X", "Y", "Z")}
        columns.update(zip("xyz", np.asarray(cloud.xyz).T))
    except Exception as error:  # laspy, its decompressor and numpy each have their own
        raise unreadable(file, "LAS", error) from error
    return pick(columns, wanted, file)


def check_header(file: Path) -> None:
    """Refuse a LAS file whose header claims more records than it has bytes or a scene may have points.

    Public header block of ASPRS LAS 1.4 R15, table 3: what laspy would loop over or ask memory for.
    """
    with open(file, "rb") as stream:
        header = stream.read(375)
    if len(header) < 227 or header[:4] != b"LASF":
        raise UserError(f"{file}: does not begin with a LAS header; the file is truncated or another, fetch it again")
    size = file.stat().st_size
    (records,) = struct.unpack_from("<I", header, 100)
    record_length, points = struct.unpack_from("<HI", header, 105)
    if header[25] >= 4 and len(header) == 375:
        extended, points = struct.unpack_from("<IQ", header, 243)
        check_claim(extended * EVLR_BYTES, size, file)
    check_claim(records * VLR_BYTES, size, file)
    if file.suffix.lower() == ".las":
        check_claim(points * record_length, size, file)
    check_claim(points, MOST_POINTS, file)


def read_npz(file: Path, wanted: list[str]) -> dict[str, np.ndarray]:
    """Return arrays of an `.npz`, by their names; nothing pickled is opened."""
    try:
        with zipfile.ZipFile(file) as archive:
            sizes = {name[: -len(".npy")]: archive.getinfo(name).file_size for name in archive.namelist()}
        lacks(file, wanted, sizes)
        for name in wanted:
            check_claim(sizes[name], MOST_POINTS * 24, file)
        with np.load(file, allow_pickle=False) as arrays:
            return {name: arrays[name] for name in wanted}
    except UserError:
        raise
    except Exception as error:  # of zip, zlib and numpy
        raise unreadable(file, "an .npz of arrays", error) from error


def pick(columns: dict[str, np.ndarray], wanted: list[str], file: Path) -> dict[str, np.ndarray]:
    """Return the wanted attributes of a table of columns; coord and color are three of them."""
    parts = {name: COLUMNS.get(name, (name,)) for name in wanted}
    lacks(file, [column for names in parts.values() for column in names], columns)
    return {
        name: np.stack([columns[column] for column in names], 1) if name in COLUMNS else np.asarray(columns[name])
        for name, names in parts.items()
    }


def lacks(file: Path, wanted: list[str], there: Iterable[str]) -> None:
    """Refuse a file that lacks an attribute."""
    there = list(there)
    for name in wanted:
        if name not in there:
            raise UserError(
                f"{file}: has no attribute {name}{nearest(name, there)}; it has {', '.join(sorted(there))}; correct "
                "the dataset's keys or write the file again"
            )


def check_claim(claimed: int, most: int, file: Path) -> None:
    """Refuse a file whose header claims too much."""
    if claimed > most:
        raise UserError(
            f"{file}: its header claims {claimed}, expected at most {most}; the file is damaged, fetch it again, or "
            "cut the cloud into scenes"
        )


def unreadable(file: Path, format: str, error: Exception) -> UserError:
    """Return the refusal of a file that a library cannot read."""
    return UserError(f"{file}: cannot be read as {format} ({error or type(error).__name__}); fetch or write it again")


READERS = {".ply": read_ply, ".las": read_las, ".laz": read_las, ".npz": read_npz}
ENDINGS = tuple(READERS)
