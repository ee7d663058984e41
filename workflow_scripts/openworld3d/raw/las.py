"""Points of a raw `.las` or `.laz` (ASPRS LAS 1.0 to 1.4): laspy reads them once the header's claims are checked."""

from __future__ import annotations

import math
import struct
from pathlib import Path
from typing import BinaryIO, NamedTuple

import laspy
import numpy as np

from openworld3d.errors import UserError
from openworld3d.raw.attributes import check_names, check_shapes, columns_of, pick
from openworld3d.raw.files import MOST_POINTS, check_claim, parsing

# Public header block of LAS 1.4 R15, table 3.
LEGACY_HEADER = 227
HEADER = 375
VLR_BYTES = 54
# As laspy tells it, from bits of the point format that LAS leaves to others.
FLAGS, COMPRESSED = 0xC0, 0x80
# Two million points in one place take 140 to a byte, so that no cloud takes more.
MOST_POINTS_PER_BYTE = 256
# Point by point in chunks, and from point format 6 on in a layer for each field.
POINTWISE, LAYERED = 2, 3
VARIABLE_CHUNKS = 2**32 - 1
# Layers of an item by its type: point, colours, colours and infrared, wave packet. An extra byte is a layer each.
LAYERS = {10: 9, 11: 1, 12: 2, 13: 1}
EXTRA_BYTES = 14


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


class Item(NamedTuple):
    """A part of each point, by its type."""

    type: int
    size: int
    version: int


class Compression(NamedTuple):
    """What the record of LASzip says."""

    compressor: int
    points_per_chunk: int
    items: list[Item]


def check_chunks(record: bytes, start: int, point_bytes: int, points: int, file: Path) -> None:
    """Refuse a file whose chunks, from byte `start` on, are not what its header and its record of LASzip say."""
    compression = read_record(record)
    if compression is None or sum(item.size for item in compression.items) != point_bytes:
        raise refusal(file, f"no record of LASzip for points of {point_bytes} bytes")
    if compression.compressor not in (POINTWISE, LAYERED) or compression.points_per_chunk == 0:
        raise refusal(file, "points that are not compressed in chunks")
    with open(file, "rb") as stream:
        place, chunks = find_table(stream, start, file.stat().st_size)
        if not 0 < chunks <= place - start:
            raise refusal(file, "no table of as many chunks as its bytes can hold")
        fixed = compression.points_per_chunk != VARIABLE_CHUNKS
        if fixed and chunks != math.ceil(points / compression.points_per_chunk):
            raise refusal(file, f"{chunks} chunks of {compression.points_per_chunk} points for {points} points")
        if compression.compressor == LAYERED and not fits(stream, start + 8, place, chunks, compression.items):
            raise refusal(file, f"layers that do not fill its {chunks} chunks")


def read_record(record: bytes) -> Compression | None:
    """Return what the record of LASzip says, None where it is cut short."""
    if len(record) < 34:
        return None
    compressor, points_per_chunk, count = struct.unpack_from("<H10xI16xH", record)
    if not 0 < count <= (len(record) - 34) // 6:
        return None
    return Compression(
        compressor,
        points_per_chunk,
        [Item(*struct.unpack_from("<HHH", record, 34 + 6 * place)) for place in range(count)],
    )


def find_table(stream: BinaryIO, start: int, size: int) -> tuple[int, int]:
    """Return where the table of chunks lies and how many it says there are; -1 for what is not there."""
    place = read_number("<q", stream, start, size)
    if place == -1:  # written to what cannot be sought in
        place = read_number("<q", stream, size - 8, size)
    return place, read_number("<I", stream, place + 4, size)


def read_number(code: str, stream: BinaryIO, place: int, size: int) -> int:
    """Return a number of the file, -1 where it has none there."""
    if not 0 <= place <= size - struct.calcsize(code):
        return -1
    stream.seek(place)
    (number,) = struct.unpack(code, stream.read(struct.calcsize(code)))
    return int(number)


def fits(stream: BinaryIO, place: int, end: int, chunks: int, items: list[Item]) -> bool:
    """Tell whether layered chunks fill the bytes up to `end`.

    A chunk is a point as it is, how many points there are, the size of each layer, and the layers.
    """
    layers = sum(item.size if item.type == EXTRA_BYTES else LAYERS.get(item.type, 0) for item in items)
    head = sum(item.size for item in items) + 4
    for _ in range(chunks):
        stream.seek(place + head)
        sizes = stream.read(4 * layers)
        if len(sizes) < 4 * layers:
            return False
        place += head + len(sizes) + sum(struct.unpack(f"<{layers}I", sizes))
    return place == end


def refusal(file: Path, found: str) -> UserError:
    """Return the refusal of a compressed file."""
    return UserError(f"{file}: has {found}; the file is damaged, fetch it again or write it with LASzip 2 or later")
