"""Read arrays of a raw `.npz`: header claims are checked before anything is unpacked, and no pickle is loaded."""

from __future__ import annotations

import math
import zipfile
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.lib import format as npy

from openworld3d.errors import UserError
from openworld3d.raw.attributes import COLUMNS, NO_NAMES, Names, check_shapes, find, pick
from openworld3d.raw.files import parsing

FORMAT = "an .npz of arrays"
ENDING = ".npy"
# What NumPy writes. The other packings of a .zip make gigabytes of a kilobyte, deflate at most 1032 times as much.
PACKINGS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
MOST_UNPACKED = 1032
HEADER_READERS = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}


class Claim(NamedTuple):
    """The headers of an array in a `.zip`; `size` is in bytes, header included."""

    shape: tuple[int, ...]
    dtype: np.dtype
    header: int
    size: int
    packed: int
    packing: int


def read_npz(file: Path, wanted: list[str], names: Names = NO_NAMES) -> dict[str, np.ndarray]:
    """Read attributes of an `.npz` by name: (N, 3) for coord and color, also from three arrays, (N,) for others.

    Raises UserError where the file cannot be read, lacks an array or has one of another shape.
    """
    with parsing(file, FORMAT), zipfile.ZipFile(file) as archive:
        there = [name[: -len(ENDING)] for name in archive.namelist() if name.endswith(ENDING)]
    found = find(wanted, there, names, file)
    arrays = [array for columns in found.values() for array in columns]
    with parsing(file, FORMAT), zipfile.ZipFile(file) as archive:
        claims = {array: read_claim(archive, array + ENDING) for array in arrays}
    check_shapes(claims, {found[name][0] for name in COLUMNS if len(found.get(name, ())) == 1}, file)
    for name, claim in claims.items():
        check_size(claim, name, file)
    with parsing(file, FORMAT), zipfile.ZipFile(file) as archive:
        return pick(found, lambda array: read_array(archive, array + ENDING))


def read_claim(archive: zipfile.ZipFile, member: str) -> Claim:
    """Read the headers of an array."""
    entry = archive.getinfo(member)
    with archive.open(entry) as stream:
        shape, _, dtype = HEADER_READERS[npy.read_magic(stream)](stream)
        return Claim(shape, dtype, stream.tell(), entry.file_size, entry.compress_size, entry.compress_type)


def check_size(claim: Claim, name: str, file: Path) -> None:
    """Reject an array whose size differs from its header's, or exceeds what its compressed bytes can hold."""
    expected = claim.header + math.prod(claim.shape) * claim.dtype.itemsize
    packed = min(claim.packed, file.stat().st_size)
    if claim.size != expected or claim.size > packed * MOST_UNPACKED or claim.packing not in PACKINGS:
        raise UserError(
            f"{file}: its {name} takes {claim.size} bytes packed into {packed} by method {claim.packing}, expected "
            f"{expected} bytes, deflated or as they are; the file is damaged, fetch or write it again"
        )


def read_array(archive: zipfile.ZipFile, member: str) -> np.ndarray:
    """Read an array of numbers."""
    with archive.open(member) as stream:
        return npy.read_array(stream, allow_pickle=False)
