"""Read the vertices of a raw `.ply`, text or binary (Turk, The PLY Polygon File Format, 1994).

plyfile gets the vertices alone: it reads faces row by row in Python, and allocates what the header claims. So the
header is parsed here first, and its claims are checked against the file's size.
"""

from __future__ import annotations

import re
from pathlib import Path
from tempfile import TemporaryFile
from typing import NamedTuple

import numpy as np
from plyfile import PlyData

from openworld3d.errors import UserError
from openworld3d.raw.attributes import check_names, columns_of, pick
from openworld3d.raw.files import MOST_POINTS, check_claim, one_line, parsing

LONGEST_HEADER = 1 << 16
# Each type has two names.
CODES = ("i1", "u1", "i2", "u2", "i4", "u4", "f4", "f8")
TYPES = {
    **dict(zip(("char", "uchar", "short", "ushort", "int", "uint", "float", "double"), CODES)),
    **dict(zip(("int8", "uint8", "int16", "uint16", "int32", "uint32", "float32", "float64"), CODES)),
}
CODE_NAMES = {code: name for name, code in TYPES.items()}
FORMATS = ("ascii", "binary_little_endian", "binary_big_endian")
LIST = "list"
END = b"end_header"


class Element(NamedTuple):
    """A table of a `.ply`; types: the type of each column by name, `list` for a column of lists."""

    name: str
    rows: int
    types: dict[str, str]


class Header(NamedTuple):
    """The header of a `.ply`; `size` is its own, in bytes."""

    format: str
    elements: list[Element]
    newline: bytes
    size: int


def read_ply(file: Path, wanted: list[str]) -> dict[str, np.ndarray]:
    """Read attributes of the vertices by the names of their properties: (N, 3) or (N,), of the file's types.

    Raises UserError where the file cannot be read or lacks an attribute.
    """
    header = read_header(file)
    before, vertex = elements_to_vertex(header, file)
    check_names(columns_of(wanted), vertex.types, file)
    check_claim(vertex.rows, MOST_POINTS, "vertices", file)
    alone = vertices_alone(file, header, before, vertex)
    with parsing(file, "a .ply with vertices"), np.errstate(all="ignore"), TemporaryFile() as stream:
        stream.write(alone)  # a file, which plyfile maps; from memory it reads row by row, 20 times as slow
        stream.seek(0)
        rows = np.array(PlyData.read(stream)["vertex"].data)
    return pick({name: rows[name] for name in vertex.types}, wanted)


def read_header(file: Path) -> Header:
    """Read the header of a `.ply`."""
    with open(file, "rb") as stream:
        head = stream.read(LONGEST_HEADER)
    start = re.match(rb"ply(\r\n|\n|\r)", head)
    newline = start[1] if start else b"\n"
    end = head.find(newline + END + newline)
    if not start or end < 0:
        raise UserError(
            f"{file}: does not begin with a PLY header that ends within {LONGEST_HEADER} bytes; the file is "
            "truncated or of another format, fetch it again"
        )
    formats: list[str] = []
    elements: list[Element] = []
    for number, line in enumerate(head[:end].decode("ascii", "replace").split(newline.decode())[1:]):
        if not take_line(line.split(), formats, elements):
            raise UserError(
                f"{file}: line {number + 2} of its header is {one_line(line)!r}, expected a format, an element, or a "
                "property of another name; the file is damaged, fetch it again"
            )
    if len(formats) != 1:
        raise UserError(f"{file}: its header names {len(formats)} formats, expected one; fetch the file again")
    return Header(formats[0], elements, newline, end + len(END) + 2 * len(newline))


def take_line(words: list[str], formats: list[str], elements: list[Element]) -> bool:
    """Add the declaration of a header line to the formats or elements; return whether it is valid."""
    if not words or words[0] in ("comment", "obj_info"):
        return True
    if words[0] == "format" and words[1:2] and words[1] in FORMATS and words[2:] == ["1.0"]:
        formats.append(words[1])
        return True
    if words[0] == "element" and len(words) == 3 and re.fullmatch("[0-9]{1,18}", words[2]):
        elements.append(Element(words[1], int(words[2]), {}))
        return True
    if words[0] != "property" or not elements or words[-1] in elements[-1].types:
        return False
    is_list = words[1:2] == [LIST]
    types = words[2:-1] if is_list else words[1:-1]
    if len(types) != (2 if is_list else 1) or not set(types) <= set(TYPES):
        return False
    elements[-1].types[words[-1]] = LIST if is_list else TYPES[types[0]]
    return True


def elements_to_vertex(header: Header, file: Path) -> tuple[list[Element], Element]:
    """Return the elements before the vertices, and the vertices.

    Raises UserError for a list up to there: the offset of what follows would be unknown."""
    for place, element in enumerate(header.elements):
        if LIST in element.types.values():
            raise UserError(
                f"{file}: its element {element.name} has lists, expected plain numbers up to the vertices; write the "
                "file again with its vertices first"
            )
        if element.name == "vertex":
            return header.elements[:place], element
    raise UserError(f"{file}: has no element vertex; fetch or write the file again")


def vertices_alone(file: Path, header: Header, before: list[Element], vertex: Element) -> bytes:
    """Return a `.ply` of the vertices alone, which plyfile reads in one piece."""
    names = [f"property {CODE_NAMES[code]} {name}" for name, code in vertex.types.items()]
    lines = ["ply", f"format {header.format} 1.0", f"element vertex {vertex.rows}", *names, "end_header", ""]
    rows_of = text_rows if header.format == "ascii" else binary_rows
    return "\n".join(lines).encode() + rows_of(file, header, before, vertex)


def row_bytes(element: Element) -> int:
    """Return the size of a binary row in bytes."""
    return sum(int(code[1]) for code in element.types.values())


def binary_rows(file: Path, header: Header, before: list[Element], vertex: Element) -> bytes:
    """Read the bytes of the vertices of a binary `.ply`."""
    start = header.size + sum(element.rows * row_bytes(element) for element in before)
    left, expected = file.stat().st_size - start, vertex.rows * row_bytes(vertex)
    if left < expected:
        raise UserError(
            f"{file}: has {max(left, 0)} bytes of vertices, expected {expected}, {row_bytes(vertex)} for each of "
            f"{vertex.rows}; the file is truncated, fetch it again"
        )
    with open(file, "rb") as stream:
        stream.seek(start)
        return stream.read(expected)


def text_rows(file: Path, header: Header, before: list[Element], vertex: Element) -> bytes:
    """Read the lines of the vertices of a text `.ply`."""
    lines = file.read_bytes()[header.size :].rstrip().split(header.newline)
    start = sum(element.rows for element in before)
    lines = lines[start : start + vertex.rows]
    if len(lines) < vertex.rows:
        raise UserError(
            f"{file}: has {len(lines)} lines of vertices, expected {vertex.rows}; the file is truncated, fetch it "
            "again"
        )
    return b"".join(line + b"\n" for line in lines)
