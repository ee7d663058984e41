"""The chunks of a `.laz`, checked against its bytes before laz-rs decodes them.

A claim of more makes laz-rs end the process, or ask for gigabytes. Layout: Isenburg, LASzip, PE&RS 2013, and laz-rs.
"""

from __future__ import annotations

import math
import struct
from pathlib import Path
from typing import BinaryIO, NamedTuple

from openworld3d.errors import UserError

# Point by point in chunks, and from point format 6 on in a layer for each field.
POINTWISE, LAYERED = 2, 3
VARIABLE_CHUNKS = 2**32 - 1
# Layers of an item by its type: point, colours, colours and infrared, wave packet. An extra byte is a layer each.
LAYERS = {10: 9, 11: 1, 12: 2, 13: 1}
EXTRA_BYTES = 14


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
