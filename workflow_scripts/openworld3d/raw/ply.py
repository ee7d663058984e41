"""Read the points of a raw `.ply`, text or binary (Turk, The PLY Polygon File Format, 1994).

Headers are read as leniently as other programs read them: with spaces at line ends, blank lines, a byte order mark,
mixed line ends. plyfile accepts none of these, reads lists and text row by row, and allocates what a header claims.
"""

from __future__ import annotations

import re
from array import array
from pathlib import Path
from typing import Literal, NamedTuple, Tuple, Union

import numpy as np

from openworld3d.errors import UserError, nearest
from openworld3d.raw.attributes import COLUMNS, NO_NAMES, Names, check_shapes, find, pick
from openworld3d.raw.files import MOST_POINTS, check_claim, one_line, parsing

LONGEST_HEADER = 1 << 24
MARK = b"\xef\xbb\xbf"  # the byte order mark of UTF-8
FIRST = re.compile(rb"(?:" + MARK + rb")?\s*ply[ \t]*(\r\n|\n|\r)")
LAST = rb"[\r\n][ \t]*end_header[ \t]*"
# Each type has two names.
CODES = ("i1", "u1", "i2", "u2", "i4", "u4", "f4", "f8")
TYPES = {
    **dict(zip(("char", "uchar", "short", "ushort", "int", "uint", "float", "double"), CODES)),
    **dict(zip(("int8", "uint8", "int16", "uint16", "int32", "uint32", "float32", "float64"), CODES)),
}
BYTE_ORDERS = {"ascii": "", "binary_little_endian": "<", "binary_big_endian": ">"}
NO_LIST = ("u0", "u0")  # after the last list
VERTEX = "vertex"
# The type of a column: a code, or those of a list's length and of its numbers.
Type = Union[str, Tuple[str, str]]


class Element(NamedTuple):
    """A table of a `.ply`; types: the type of each column by name."""

    name: str
    rows: int
    types: dict[str, Type]

    @property
    def columns(self) -> dict[str, str]:
        """Return the columns that are no lists, with their types."""
        return {name: type for name, type in self.types.items() if isinstance(type, str)}

    @property
    def has_lists(self) -> bool:
        return len(self.columns) < len(self.types)


class Header(NamedTuple):
    """The header of a `.ply`; `size` is its own, in bytes."""

    format: str
    elements: list[Element]
    size: int


def read_ply(
    file: Path, wanted: list[str], names: Names = NO_NAMES, element: str | None = None
) -> dict[str, np.ndarray]:
    """Read attributes of the points by the names of their properties: (N, 3) or (N,).

    Binary ones are of the file's types; text is float64, which has all digits, whatever type the header declares. The
    points are the rows of `element`, by default of vertex, or of the one element with the first attribute. Raises
    UserError where the file cannot be read or lacks an attribute.
    """
    header = read_header(file)
    place = place_of_points(header.elements, wanted, names, element, file)
    before, points = header.elements[:place], header.elements[place]
    found = find(wanted, points.columns, names, file)
    check_claim(points.rows, MOST_POINTS, f"rows of {one_line(points.name)}", file)
    read = read_text if header.format == "ascii" else read_binary
    columns = read(file, header, before, points)
    cloud = pick(found, lambda name: np.array(columns[name]))
    check_shapes(cloud, COLUMNS, file)
    return cloud


def read_header(file: Path) -> Header:
    """Read the header of a `.ply`."""
    with open(file, "rb") as stream:
        head = stream.read(LONGEST_HEADER)
    first = FIRST.match(head)
    # Where lines end with a carriage return alone, a line feed after the last one is the first byte of the points.
    last = first and re.compile(LAST + (rb"\r" if first[1] == b"\r" else rb"(?:\r?\n|\r)")).search(
        head, first.end(1) - 1
    )
    if not first or not last:
        raise UserError(
            f"{file}: does not begin with a PLY header, from ply to end_header within {LONGEST_HEADER} bytes; the "
            "file is truncated or of another format, fetch it again"
        )
    formats: list[str] = []
    elements: list[Element] = []
    before = len(head[: first.end()].splitlines())
    for number, line in enumerate(head[first.end() : last.start()].splitlines(), before + 1):
        text = line.decode("utf-8", "replace")
        if not take_line(text.split(), formats, elements):
            raise UserError(
                f"{file}: line {number} of its header is {one_line(text)!r}, expected a format, an element, or a "
                f"property of another name, of a type of {', '.join(TYPES)}; fetch or write the file again"
            )
    if len(formats) != 1:
        raise UserError(f"{file}: its header names {len(formats)} formats, expected one; fetch the file again")
    return Header(formats[0], elements, last.end())


def take_line(words: list[str], formats: list[str], elements: list[Element]) -> bool:
    """Add the declaration of a header line to the formats or elements; return whether it is valid."""
    if not words or words[0] in ("comment", "obj_info"):
        return True
    if words[0] == "format" and words[1:2] and words[1] in BYTE_ORDERS and words[2:] == ["1.0"]:
        formats.append(words[1])
        return True
    if words[0] == "element" and len(words) == 3 and re.fullmatch("[0-9]{1,18}", words[2]):
        elements.append(Element(words[1], int(words[2]), {}))
        return True
    if words[0] != "property" or not elements or words[-1] in elements[-1].types:
        return False
    is_list = words[1:2] == ["list"]
    codes = [TYPES.get(word, "") for word in words[2 if is_list else 1 : -1]]
    if len(codes) != (2 if is_list else 1) or not all(codes) or (is_list and codes[0][0] == "f"):
        return False
    elements[-1].types[words[-1]] = (codes[0], codes[1]) if is_list else codes[0]
    return True


def place_of_points(elements: list[Element], wanted: list[str], names: Names, given: str | None, file: Path) -> int:
    """Return the index of the element whose rows are the points."""
    there = [element.name for element in elements]
    name = given or VERTEX
    if name in there:
        return there.index(name)
    quoted = one_line(", ".join(there))
    if given:
        raise UserError(
            f"{file}: has no element {given}{nearest(given, there)}; it has {quoted}; correct the dataset's key "
            "element"
        )
    fitting = [place for place, element in enumerate(elements) if has(element, wanted[0], names, file)]
    if len(fitting) != 1:
        raise UserError(
            f"{file}: has no element vertex, and {len(fitting)} elements with {wanted[0]}, expected one; it has "
            f"{quoted}; write the file again, or name both by the keys element and {wanted[0]} of a dataset of "
            "layout folder"
        )
    return fitting[0]


def has(element: Element, wanted: str, names: Names, file: Path) -> bool:
    """Return whether an element has an attribute."""
    try:
        find([wanted], element.columns, names, file)
    except UserError:
        return False
    return True


def read_text(file: Path, header: Header, before: list[Element], points: Element) -> dict[str, np.ndarray]:
    """Read the columns of the points of a text `.ply`: (N,) float64 by name."""
    body = file.read_bytes()[header.size :]
    body = body[len(MARK) :] if body.startswith(MARK) else body  # of a file that a script put below a header
    lines = [line for line in body.splitlines() if line.strip()]
    rows = sum(element.rows for element in header.elements if element.types)
    if len(lines) > rows:
        raise UserError(
            f"{file}: has {len(lines)} lines after its header, which counts {rows} rows, {points.rows} of "
            f"{one_line(points.name)}; correct the header, or write the file again"
        )
    start = sum(element.rows for element in before if element.types)
    lines = lines[start : start + points.rows]
    if len(lines) < points.rows:
        raise UserError(
            f"{file}: has {len(lines)} lines of {one_line(points.name)}, expected {points.rows}; the file is "
            "truncated, fetch it again"
        )
    if points.has_lists:
        lines = [line_without_lists(line, points, row, file) for row, line in enumerate(lines)]
    numbers = np.empty((0, len(points.columns)))
    if lines:
        with parsing(file, f"a text .ply, in its lines of {one_line(points.name)}"):
            numbers = np.loadtxt(lines, np.float64, comments=None, ndmin=2, encoding="latin-1")
    if numbers.shape[1] != len(points.columns):
        raise UserError(
            f"{file}: has {numbers.shape[1]} numbers in each line of {one_line(points.name)}, expected "
            f"{len(points.columns)}; fetch or write the file again"
        )
    return dict(zip(points.columns, numbers.T))


def line_without_lists(line: bytes, points: Element, row: int, file: Path) -> bytes:
    """Return a line without its lists, each a length and so many numbers."""
    words, kept = line.split(), []
    place = 0
    for type in points.types.values():
        word = words[place : place + 1]
        if isinstance(type, str):
            kept += word
        elif word and word[0].isdigit() and len(word[0]) <= len(words):
            place += int(word[0])
        else:
            break
        place += 1
    if place != len(words) or len(kept) != len(points.columns):
        raise UserError(
            f"{file}: row {row} of {one_line(points.name)} is {one_line(line.decode('latin-1'))!r}, expected "
            f"{one_line(', '.join(points.types))}, each list with its length first; fetch or write the file again"
        )
    return b" ".join(kept)


def read_binary(file: Path, header: Header, before: list[Element], points: Element) -> dict[str, np.ndarray]:
    """Read the columns of the points of a binary `.ply`: (N,) by name."""
    content, order = np.memmap(file, np.uint8, "r"), BYTE_ORDERS[header.format]
    start = end = header.size
    for element in (*before, points):
        start, (end, places) = end, walk(content, element, order, end)
        if end > len(content):
            raise UserError(
                f"{file}: is {len(content)} bytes long, expected at least {end} for its {element.rows} rows of "
                f"{one_line(element.name)}; the file is truncated, fetch it again"
            )
    more = 0 if points.has_lists else (len(content) - end) // max(1, width_of(points.columns))
    if points is header.elements[-1] and more:
        raise UserError(
            f"{file}: its header counts {points.rows} rows of {one_line(points.name)}, but it has bytes for "
            f"{points.rows + more}; correct the header, or write the file again"
        )
    rows = bytes_at(content, points, places) if points.has_lists else content[start:end]
    table = np.frombuffer(rows, [(name, order + code) for name, code in points.columns.items()], points.rows)
    return {name: table[name] for name in points.columns}


def walk(content: np.ndarray, element: Element, order: str, start: int) -> tuple[int, np.ndarray]:
    """Return the byte at which an element ends, beyond the file where that is truncated, and where its runs begin.

    A run is what stands between lists: (rows, runs), of no rows for an element without lists, which is one piece.
    """
    if not element.has_lists:
        return start + element.rows * width_of(element.columns), np.empty((0, 1), np.int64)
    lists = [type for type in element.types.values() if not isinstance(type, str)]
    steps = [
        (width_of(run), int(length[1]), int(number[1]))
        for run, (length, number) in zip(runs_of(element), [*lists, NO_LIST])
    ]
    places, place, view = array("q"), start, content.data
    byte_order: Literal["little", "big"] = "little" if order == "<" else "big"
    for _ in range(element.rows):
        for width, length_bytes, number_bytes in steps:
            places.append(place)
            place += width
            length = int.from_bytes(view[place : place + length_bytes], byte_order)
            place += length_bytes + length * number_bytes
        if place > len(content):
            break
    return place, np.array(places, np.int64).reshape(-1, len(steps))


def runs_of(element: Element) -> list[dict[str, str]]:
    """Return the columns before, between and after the lists of an element."""
    runs: list[dict[str, str]] = [{}]
    for name, type in element.types.items():
        if isinstance(type, str):
            runs[-1][name] = type
        else:
            runs.append({})
    return runs


def width_of(columns: dict[str, str]) -> int:
    """Return the size of the columns of one row, in bytes."""
    return sum(int(code[1]) for code in columns.values())


def bytes_at(content: np.ndarray, points: Element, places: np.ndarray) -> np.ndarray:
    """Return the bytes of all rows without their lists."""
    runs = [
        content[places[:, [place]] + np.arange(width_of(columns))] for place, columns in enumerate(runs_of(points))
    ]
    return np.concatenate(runs, 1).reshape(-1)
