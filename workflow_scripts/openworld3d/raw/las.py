"""Points of a raw `.las` or `.laz` (ASPRS LAS 1.0 to 1.4): laspy reads them once the header's claims are checked."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import NamedTuple

import laspy
import numpy as np

from openworld3d.errors import UserError
from openworld3d.raw.attributes import check_names, check_shapes, columns_of, pick
from openworld3d.raw.files import MOST_POINTS, check_claim, parsing
from openworld3d.raw.laz import check_chunks

# Public header block of LAS 1.4 R15, table 3.
LEGACY_HEADER = 227
HEADER = 375
VLR_BYTES = 54
# As laspy tells it, from bits of the point format that LAS leaves to others.
FLAGS, COMPRESSED = 0xC0, 0x80
# Two million points in one place take 140 to a byte, so that no cloud takes more.
MOST_POINTS_PER_BYTE = 256


class Claim(NamedTuple):
    """What a header says that a reader would loop over or ask memory for."""

    header: int
    start: int
    compressed: bool
    point_bytes: int
    points: int


def read_las(file: Path, wanted: list[str]) -> dict[str, np.ndarray]:
    """Return attributes of a `.las` or `.laz` by the names of their dimensions; coord is scaled, (N, 3) float64.

    Raises UserError where the file cannot be read or lacks an attribute.
    """
    claim = read_claim(file)
    check(claim, file)
    if claim.compressed and claim.points:
        with parsing(file, "LAS"), open_las(file) as reader:
            records = [vlr.record_data for vlr in reader.header.vlrs.get("LasZipVlr")]
        check_chunks(records[0] if records else b"", claim.start, claim.point_bytes, claim.points, file)
    with parsing(file, "LAS"), open_las(file) as reader:
        points = read_points(reader)
        names = list(points.point_format.dimension_names)
    check_names(columns_of(wanted), ["x", "y", "z", *names], file)
    with parsing(file, "LAS"):
        columns = {name: np.asarray(points[name]) for name in columns_of(wanted)}
    found = pick(columns, wanted)
    check_shapes(found, file)
    return found


def open_las(file: Path) -> laspy.LasReader:
    """Open a file without its extended records, which may claim to be of any length, and hold no attribute.

    Scenes are prepared side by side, so that a scene is decompressed by one thread.
    """
    return laspy.open(str(file), laz_backend=laspy.LazBackend.Lazrs, read_evlrs=False)


def read_points(reader: laspy.LasReader) -> laspy.ScaleAwarePointRecord:
    """Return all points; raises ValueError where laz-rs panics over what it decodes."""
    try:
        return reader.read_points(-1)
    except BaseException as error:
        # Of laz-rs's binding, which has its panics pass every `except Exception`, and no module to import them from.
        if type(error).__name__ != "PanicException":
            raise
        raise ValueError(f"the decompressor gave up: {error}") from error


def read_claim(file: Path) -> Claim:
    """Return what a header claims, or refuse what is none."""
    with open(file, "rb") as stream:
        header = stream.read(HEADER)
    extended = header[25:26] >= b"\x04"
    if header[:4] != b"LASF" or len(header) < (HEADER if extended else LEGACY_HEADER):
        raise UserError(f"{file}: does not begin with a LAS header; the file is truncated or another, fetch it again")
    size, start, records, format, point_bytes, points = struct.unpack_from("<HIIBHI", header, 94)
    if extended:
        (points,) = struct.unpack_from("<Q", header, 247)
    return Claim(size + records * VLR_BYTES, start, format & FLAGS == COMPRESSED, point_bytes, points)


def check(claim: Claim, file: Path) -> None:
    """Refuse a file that claims more than it has bytes for or a scene may have points."""
    size = file.stat().st_size
    check_claim(claim.start, size, "bytes before the points", file)
    check_claim(claim.header, claim.start, "bytes of header and records", file)
    check_claim(claim.points, MOST_POINTS, "points", file)
    left = size - claim.start
    if claim.compressed:
        check_claim(claim.points, left * MOST_POINTS_PER_BYTE, "points", file)
    else:
        check_claim(claim.points * claim.point_bytes, left, "bytes of points", file)
