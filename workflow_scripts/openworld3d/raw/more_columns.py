"""Write a cloud again, in its own format and order, with more columns: all else stays as it is."""

from __future__ import annotations

import shutil
import zipfile
from functools import partial
from pathlib import Path
from typing import Callable, Dict, Iterable

import laspy
import numpy as np
from laspy.header import Version

from openworld3d.errors import UserError
from openworld3d.files import whole_file
from openworld3d.raw.files import parsing
from openworld3d.raw.las import open_las
from openworld3d.raw.npz import ENDING
from openworld3d.raw.ply import BYTE_ORDERS, Element, Header, place_of_points, read_header, walk
from openworld3d.raw.unlabelled import SCAN, Sensing, rows_of_scan

# By name, a number for each row of the file: (R,) uint8 or float32.
Columns = Dict[str, np.ndarray]
TYPES_OF_PLY = {"u1": "uchar", "f4": "float"}
OLDEST_WRITTEN = (1, 1)  # version of LAS; its 1.0 has the same points


def write_again(source: Path, target: Path, columns: Columns, sensing: Sensing) -> None:
    """Write a cloud with more columns to another file; raises UserError where it has a column of that name."""
    writers: dict[str, Callable[[Path, Path, Columns, Sensing], None]] = {
        ".ply": write_ply,
        ".las": write_las,
        ".laz": write_las,
        ".npz": write_npz,
        SCAN: write_scan,
    }
    with whole_file(target) as temporary:
        writers[source.suffix.lower()](source, temporary, columns, sensing)


def check_new(columns: Columns, there: Iterable[str], source: Path) -> None:
    """Raise UserError where a file has a column already that is to be added."""
    for name in sorted(set(columns) & set(there)):
        raise UserError(
            f"{source}: has the attribute {name} already, which would be added; give the cloud from before it was "
            "added, or rename it"
        )


def write_scan(source: Path, target: Path, columns: Columns, sensing: Sensing) -> None:
    """Write a `.bin` with more numbers in each row, all float32."""
    np.column_stack([rows_of_scan(source), *columns.values()]).astype("<f4").tofile(target)


def write_npz(source: Path, target: Path, columns: Columns, sensing: Sensing) -> None:
    """Write an `.npz` with more arrays, packed as the others are."""
    shutil.copyfile(source, target)
    with zipfile.ZipFile(target, "a") as archive:
        members = archive.infolist()
        check_new(columns, [member.filename[: -len(ENDING)] for member in members], source)
        for name, column in columns.items():
            with archive.open(packed_as(members[0], name + ENDING), "w", force_zip64=True) as stream:
                np.lib.format.write_array(stream, column, allow_pickle=False)


def packed_as(member: zipfile.ZipInfo, name: str) -> zipfile.ZipInfo:
    """Return the entry of a new member, packed as another one is."""
    entry = zipfile.ZipInfo(name)
    entry.compress_type = member.compress_type
    return entry


def write_las(source: Path, target: Path, columns: Columns, sensing: Sensing) -> None:
    """Write a `.las` or `.laz` with more attributes, as extra bytes of LAS 1.4; records and raw numbers are kept."""
    with parsing(source, "LAS"), open_las(source) as reader:
        cloud = reader.read()
    check_new(columns, cloud.point_format.dimension_names, source)
    cloud.add_extra_dims([laspy.ExtraBytesParams(name, column.dtype) for name, column in columns.items()])
    for name, column in columns.items():
        cloud[name] = column
    if (cloud.header.version.major, cloud.header.version.minor) < OLDEST_WRITTEN:
        cloud.header.version = Version(*OLDEST_WRITTEN)
    compressed = source.suffix.lower() == ".laz"
    # Texts of records go back as the bytes that they were, which need not be ASCII.
    write = partial(laspy.open, mode="w", laz_backend=laspy.LazBackend.Lazrs, encoding_errors="surrogateescape")
    with write(str(target), header=cloud.header, do_compress=compressed) as writer:
        writer.write_points(cloud.points)
        if cloud.evlrs:
            writer.write_evlrs(cloud.evlrs)


def write_ply(source: Path, target: Path, columns: Columns, sensing: Sensing) -> None:
    """Write a `.ply`, text or binary, with more properties of its points."""
    header = read_header(source)
    place = place_of_points(header.elements, ["coord"], sensing.names, sensing.element, source)
    points = header.elements[place]
    check_new(columns, points.types, source)
    content = source.read_bytes()
    head, body = content[: header.size], content[header.size :]
    write = text_with if header.format == "ascii" else bytes_with
    with open(target, "wb") as file:
        file.write(head_with(head, place, columns))
        write(file.write, body, header, place, columns)


def head_with(head: bytes, place: int, columns: Columns) -> bytes:
    """Return a header with more properties of its element at a place."""
    lines, element, at = head.splitlines(keepends=True), -1, 0
    for number, line in enumerate(lines):
        word = (line.split() or [b""])[0]
        element += word == b"element"
        if element == place and word in (b"element", b"property"):
            at = number
    end = lines[at][len(lines[at].rstrip(b"\r\n")) :]
    added = [
        f"property {TYPES_OF_PLY[column.dtype.str[1:]]} {name}".encode() + end for name, column in columns.items()
    ]
    return b"".join([*lines[: at + 1], *added, *lines[at + 1 :]])


def text_with(write: Callable[[bytes], object], body: bytes, header: Header, place: int, columns: Columns) -> None:
    """Write the lines of a text `.ply`, with more numbers at the end of each line of the points."""
    before = sum(element.rows for element in header.elements[:place] if element.types)
    added = zip(*(map(text_of, column.tolist()) for column in columns.values()))
    number = -1
    for line in body.splitlines(keepends=True):
        number += bool(line.strip())
        if line.strip() and before <= number < before + header.elements[place].rows:
            bare = line.rstrip()
            line = b" ".join([bare, " ".join(next(added)).encode()]) + (line[len(bare) :].lstrip(b" \t") or b"\n")
        write(line)


def text_of(number: float) -> str:
    """Return a number with all digits of float32."""
    return f"{number:.9g}"


def bytes_with(write: Callable[[bytes], object], body: bytes, header: Header, place: int, columns: Columns) -> None:
    """Write the rows of a binary `.ply`, with more numbers at the end of each row of the points."""
    order, content = BYTE_ORDERS[header.format], np.frombuffer(body, np.uint8)
    start = 0
    for element in header.elements[:place]:
        start, _ = walk(content, element, order, start)
    points = header.elements[place]
    end, places = walk(content, points, order, start)
    write(body[:start])
    if points.has_lists:
        edges = [*places[:, 0].tolist(), end]
        added = rows_of(columns, points, order)
        for row, extra in enumerate(added):
            write(body[edges[row] : edges[row + 1]] + extra.tobytes())
    else:
        rows = content[start:end].reshape(points.rows, -1)
        write(np.concatenate([rows, rows_of(columns, points, order)], axis=1).tobytes())
    write(body[end:])


def rows_of(columns: Columns, points: Element, order: str) -> np.ndarray:
    """Return the bytes of more columns row by row: (R, B) uint8."""
    table = np.empty(points.rows, [(name, order + column.dtype.str[1:]) for name, column in columns.items()])
    for name, column in columns.items():
        table[name] = column
    return table.view(np.uint8).reshape(points.rows, -1)
