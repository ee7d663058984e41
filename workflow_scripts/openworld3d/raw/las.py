"""Read points of a raw `.las` or `.laz` (ASPRS LAS 1.0 to 1.4) with laspy, once its header's claims are checked."""

from __future__ import annotations

import re
import struct
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import BinaryIO, NamedTuple

import laspy
import numpy as np

from openworld3d.errors import UserError
from openworld3d.raw.attributes import COLUMNS, NO_NAMES, Names, check_shapes, find, pick
from openworld3d.raw.files import MOST_POINTS, check_claim, parsing

# Public header block of LAS 1.4 R15, table 3.
LEGACY_HEADER = 227
HEADER = 375
VLR_BYTES = 54
LAST_FORMAT = 10
NOT_ASCII = re.compile(rb"[\x80-\xff]")
# The owner and number of the records that points need: of LASzip, and of the attributes that a format has not.
EXTRA_BYTES_RECORD = 4
NEEDED = ((b"laszip encoded", 22204), (b"LASF_Spec", EXTRA_BYTES_RECORD))
# Compression as laspy detects it, from bits of the point format that LAS leaves to others.
FLAGS, COMPRESSED = 0xC0, 0x80
# Two million points in one place compress to 140 per byte; real clouds stay far below.
MOST_POINTS_PER_BYTE = 256
# The record of LASzip: compressor, options, then the type, size and version of each item of a point.
LASZIP_HEAD, LASZIP_ITEM = 34, 6
NOT_CHUNKED = 1  # LASzip 1: one stream of points, without a table of chunks
# Layers of each item type from point format 6 on: point, colours, colours and infrared, wave packet. Each extra byte
# is one more.
LAYERS = {10: 9, 11: 1, 12: 2, 13: 1}
EXTRA_BYTES = 14


class Claim(NamedTuple):
    """What a header claims that a reader would loop over or allocate."""

    header: int
    start: int
    compressed: bool
    point_bytes: int
    points: int
    after: int  # the byte at which what may stand after the points begins, 0 where there is nothing


class Item(NamedTuple):
    """A part of each compressed point."""

    type: int
    size: int
    version: int


def read_las(file: Path, wanted: list[str], names: Names = NO_NAMES) -> dict[str, np.ndarray]:
    """Read attributes of a `.las` or `.laz` by the names of their dimensions; coord is scaled, (N, 3) float64.

    And `withheld`, (N,) bool: the points that are as good as deleted, by the flag of LAS. Raises UserError where the
    file cannot be read or lacks an attribute.
    """
    claim = read_claim(file)
    check(claim, file)
    if claim.compressed and claim.points:
        with parsing(file, "LAS"), open_las(file) as reader:
            records = reader.header.vlrs.get("LasZipVlr")
        if not records:
            raise UserError(
                f"{file}: is compressed, but has no record of LASzip; the file is damaged, fetch it again"
            )
        check_chunks(records[0].record_data, claim, file)
    with parsing(file, "LAS"), open_las(file) as reader:
        points, scales = read_points(reader), reader.header.scales
    if not np.all(np.isfinite(scales) & (scales != 0)):
        raise UserError(f"{file}: has the scales {scales.tolist()}, expected finite ones but 0; correct its header")
    found = find(wanted, ["x", "y", "z", *points.point_format.dimension_names], names, file)
    with parsing(file, "LAS"):
        cloud = pick(found, lambda name: np.asarray(points[name]))
        withheld = np.asarray(points["withheld"]) != 0
    check_shapes(cloud, COLUMNS, file)
    return {**cloud, "withheld": withheld}


def open_las(file: Path) -> laspy.LasReader:
    """Open a file without its extended records, which may claim any length and hold no attribute.

    One thread decompresses: scenes are prepared side by side.
    """
    read = partial(laspy.open, laz_backend=laspy.LazBackend.Lazrs, read_evlrs=False)
    try:
        return read(str(file))
    except ValueError:
        return read(in_ascii(file))


def in_ascii(file: Path) -> BytesIO:
    """Return a file with `?` for letters of its records that are not ASCII, and only the records that points need.

    laspy decodes all of them as UTF-8, where LAS demands ASCII and programs write the code page of their machine.
    """
    content = bytearray(file.read_bytes())
    place, _, records = struct.unpack_from("<HII", content, 94)
    for _ in range(records):
        owner, number, length = struct.unpack_from("<2x16sHH", content, place)
        start, place = place, place + VLR_BYTES + length
        if (owner.rstrip(b"\0"), number) not in NEEDED:
            content[start + 2 : start + 18] = bytes(16)  # nobody's record: laspy leaves it alone
        texts = [start + 22]
        if number == EXTRA_BYTES_RECORD:
            texts += [at + text for at in range(start + VLR_BYTES, place, 192) for text in (4, 160)]
        for text in texts:
            content[text : text + 32] = NOT_ASCII.sub(b"?", content[text : text + 32])
    return BytesIO(content)


def read_points(reader: laspy.LasReader) -> laspy.ScaleAwarePointRecord:
    """Read all points; raises ValueError where laz-rs panics."""
    try:
        return reader.read_points(-1)
    except BaseException as error:
        # pyo3 derives its panics from BaseException, and no module exports their class.
        if type(error).__name__ != "PanicException":
            raise
        raise ValueError(f"the decompressor gave up: {error}") from error


def read_claim(file: Path) -> Claim:
    """Read what a header claims; raises UserError where the file does not begin with one."""
    with open(file, "rb") as stream:
        header = stream.read(HEADER)
    minor = header[25] if len(header) > 25 else 0
    extended = minor >= 4
    if header[:4] != b"LASF" or len(header) < (HEADER if extended else LEGACY_HEADER):
        raise UserError(
            f"{file}: does not begin with a LAS header; the file is truncated or of another format, fetch it again"
        )
    size, start, records, format, point_bytes, points = struct.unpack_from("<HIIBHI", header, 94)
    if header[24] != 1 or minor > 4 or format & ~FLAGS > LAST_FORMAT:
        raise UserError(
            f"{file}: is LAS {header[24]}.{minor} with points of format {format & ~FLAGS}, expected LAS 1.0 to 1.4 "
            f"and a format of 0 to {LAST_FORMAT}; write it again as such, or fetch it again where it is damaged"
        )
    if extended:
        (points,) = struct.unpack_from("<Q", header, 247)
    # Wave packets since LAS 1.3, and extended records.
    after = [*struct.unpack_from("<Q", header, 227)] if minor >= 3 and len(header) >= 235 else []
    after += struct.unpack_from("<Q", header, 235) if extended and any(header[243:247]) else ()
    begin = min(filter(None, after), default=0)
    return Claim(size + records * VLR_BYTES, start, format & FLAGS == COMPRESSED, point_bytes, points, begin)


def check(claim: Claim, file: Path) -> None:
    """Reject a header that claims more than the file has bytes for or a scene may have points."""
    size = file.stat().st_size
    check_claim(claim.start, size, "bytes before the points", file)
    check_claim(claim.header, claim.start, "bytes of header and records", file)
    check_claim(claim.points, MOST_POINTS, "points", file)
    left = size - claim.start
    if claim.compressed:
        check_claim(claim.points, left * MOST_POINTS_PER_BYTE, "points", file)
    else:
        check_claim(claim.points * claim.point_bytes, left, "bytes of points", file)
        end = claim.after if claim.start < claim.after < size else size
        check_count(claim, (end - claim.start) // max(1, claim.point_bytes), file)


def check_count(claim: Claim, points: int, file: Path) -> None:
    """Reject a header that counts fewer points than the file has, of which a reader would drop the last ones."""
    if points > claim.points:
        raise UserError(
            f"{file}: its header counts {claim.points} points, but it has bytes for {points}; correct the header, or "
            "write the file again"
        )


def check_chunks(record: bytes, claim: Claim, file: Path) -> None:
    """Reject chunks of points that claim more bytes than the file has, or that have more points than it claims.

    laz-rs allocates whatever they claim, gigabytes for a file of a kilobyte; all other damage is an error of laspy.
    Layout: Isenburg, LASzip, PE&RS 2013, and laz-rs.
    """
    items, start = items_of(record), claim.start
    layers = sum(item.size if item.type == EXTRA_BYTES else LAYERS.get(item.type, 0) for item in items)
    chunked = record[:2] != struct.pack("<H", NOT_CHUNKED)
    with open(file, "rb") as stream:
        table, chunks = find_table(stream, start, file.stat().st_size) if chunked else (start, 0)
        whole = 0 < chunks <= table - start if chunked else not layers
        if whole and layers:
            end, points = end_of_layers(stream, start + 8, chunks, sum(item.size for item in items), layers)
            whole = end == table
            check_count(claim, points if whole else 0, file)
    if not whole:
        raise UserError(
            f"{file}: its compressed chunks do not lie between byte {start} and a table of them; the file is "
            "damaged or truncated, fetch it again"
        )


def end_of_layers(stream: BinaryIO, place: int, chunks: int, point_bytes: int, layers: int) -> tuple[int, int]:
    """Return the byte at which layered chunks end, -1 where the file ends before, and how many points they have.

    A chunk is its first point, the number of its points, the size of each of its layers, and the layers.
    """
    points = 0
    for _ in range(chunks):
        stream.seek(place + point_bytes)
        head = stream.read(4 + 4 * layers)
        if len(head) < 4 + 4 * layers:
            return -1, points
        count, *sizes = struct.unpack(f"<{1 + layers}I", head)
        place, points = stream.tell() + sum(sizes), points + count
    return place, points


def find_table(stream: BinaryIO, start: int, size: int) -> tuple[int, int]:
    """Return where the table of chunks lies and how many it claims, (-1, -1) where there is none."""
    place = read_number("<q", stream, start, size)
    if place == -1:  # the writer could not seek back, and put it at the end of the file
        place = read_number("<q", stream, size - 8, size)
    return place, read_number("<I", stream, place + 4, size)


def read_number(code: str, stream: BinaryIO, place: int, size: int) -> int:
    """Read a number at a place in the file, -1 where the file has none there."""
    if not 0 <= place <= size - struct.calcsize(code):
        return -1
    stream.seek(place)
    (number,) = struct.unpack(code, stream.read(struct.calcsize(code)))
    return int(number)


def items_of(record: bytes) -> list[Item]:
    """Return the items of a point as the record of LASzip lists them, as many as it has bytes for."""
    places = range(LASZIP_HEAD, len(record) - LASZIP_ITEM + 1, LASZIP_ITEM)
    return [Item(*struct.unpack_from("<HHH", record, place)) for place in places]
