"""Each way in which a `.ply` can be wrong."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest
from tests.raw.test_ply import FACE, LISTS, PACKED, PACKED_LISTS, ROWS, VERTEX, XYZ, header, packed

from openworld3d.errors import UserError
from openworld3d.raw.ply import read_ply

TEXT = "a.ply: cannot be read as a text .ply, in its lines of vertex ("
MISTAKES: dict[str, tuple[bytes, str]] = {
    "nothing": (b"", "a.ply: does not begin with a PLY header, from ply to end_header within 16777216 bytes;"),
    "another file": (b"PLY\n" + header(VERTEX)[4:] + ROWS, "a.ply: does not begin with a PLY header"),
    "header without end": (header(VERTEX)[:-11] + ROWS, "a.ply: does not begin with a PLY header"),
    "header of many megabytes": (
        header(b"comment " + b"x" * 2**24 + b"\n" + VERTEX) + ROWS,
        "a.ply: does not begin with a PLY header",
    ),
    "no format": (header(VERTEX).replace(b"format ascii 1.0\n", b"") + ROWS, "a.ply: its header names 0 formats,"),
    "two formats": (header(b"format ascii 1.0\n" + VERTEX) + ROWS, "a.ply: its header names 2 formats, expected one"),
    "unknown format": (header(VERTEX, b"utf8") + ROWS, "a.ply: line 2 of its header is 'format utf8 1.0', expected"),
    "count below 0": (
        header(b"element vertex -2\n" + XYZ),
        "a.ply: line 3 of its header is 'element vertex -2', expec",
    ),
    "count with a plus": (
        header(b"element vertex +2\n" + XYZ),
        "a.ply: line 3 of its header is 'element vertex +2',",
    ),
    "count of 30 digits": (
        header(b"element vertex " + b"9" * 30 + b"\n"),
        "a.ply: line 3 of its header is 'element vertex 99",
    ),
    "property of no element": (header(XYZ), "a.ply: line 3 of its header is 'property float x', expected a format"),
    "property of no type": (
        header(VERTEX + b"property real w\n"),
        "a.ply: line 8 of its header is 'property real w'",
    ),
    "two properties of a name": (
        header(VERTEX + b"property int x\n"),
        "a.ply: line 8 of its header is 'property int x'",
    ),
    "list of no type": (
        header(VERTEX + b"property list w\n"),
        "a.ply: line 8 of its header is 'property list w', exp",
    ),
    "unprintable line": (header(VERTEX + b"\x00\xff\x1b\n"), "a.ply: line 8 of its header is '\ufffd"),
    "list of a fractional length": (
        header(VERTEX + b"property list float int w\n"),
        "a.ply: line 8 of its header is",
    ),
    "no vertices": (
        header(FACE) + b"3 0 1 2\n",
        "a.ply: has no element vertex, and 0 elements with coord, expected one; it has face;",
    ),
    "two elements of points": (
        header(VERTEX.replace(b"vertex", b"point") + VERTEX.replace(b"vertex", b"pose")) + ROWS + ROWS,
        "a.ply: has no element vertex, and 2 elements with coord, expected one; it has point, pose;",
    ),
    "label that is a list": (
        header(VERTEX.replace(b"uchar label", b"list uchar uchar label")) + b"1 2 3 1 7\n4 5 6 1 8\n",
        "a.ply: has no attribute label; it has x, y, z;",
    ),
    "two labels": (
        header(VERTEX.replace(b"label", b"Label") + b"property uchar scalar_label\n") + b"1 2 3 4 5\n1 2 3 4 5\n",
        "a.ply: has the attributes Label and scalar_label, expected one that is named label;",
    ),
    "list that is longer than its row": (
        header(LISTS) + b"3 9 9 1 2 3 0 7 0\n" * 2,
        "a.ply: row 0 of vertex is '3 9 9 1",
    ),
    "list of a length below 0": (
        header(LISTS) + b"-1 1 2 3 0 7 0\n" * 2,
        "a.ply: row 0 of vertex is '-1 1 2 3 0 7 0'",
    ),
    "list of a length without end": (
        header(LISTS) + b"9" * 5000 + b" 1 2 3 0 7 0\n" * 2,
        "a.ply: row 0 of vertex is '9",
    ),
    "binary lists cut short": (packed(LISTS) + PACKED_LISTS[:-1], "a.ply: is "),
    "binary list of gigabytes": (
        packed(LISTS) + PACKED_LISTS[:17] + struct.pack("<I", 2**32 - 1) + PACKED_LISTS[21:],
        "for its 2 rows of vertex; the file is truncated",
    ),
    "binary faces without end": (
        packed(FACE.replace(b"face 1", b"face 999999999999999") + VERTEX) + PACKED,
        "for its 999999999999999 rows of face; the file is truncated",
    ),
    "no height": (
        header(VERTEX.replace(b" z", b" height")) + ROWS,
        "a.ply: has no attribute z; it has height, label, x",
    ),
    "no label": (
        header(VERTEX.replace(b"label", b"lable")) + ROWS,
        "a.ply: has no attribute label, did you mean lable;",
    ),
    "more vertices than bytes": (
        packed(VERTEX.replace(b" 2", b" 99999999")) + PACKED,
        "expected at least 1300000130 for its 99999999 rows of vertex; the file is truncated",
    ),
    "more vertices than a scene may have": (
        packed(VERTEX.replace(b" 2", b" 999999999999")) + PACKED,
        "a.ply: its header claims 999999999999 rows of vertex, expected at most 100000000;",
    ),
    "binary vertices cut short": (
        packed(VERTEX) + PACKED[:-1],
        "for its 2 rows of vertex; the file is truncated",
    ),
    "another element of more rows than bytes": (
        packed(b"element camera 999999999999999999\nproperty double f\n" + VERTEX) + PACKED,
        "for its 999999999999999999 rows of camera; the file is truncated",
    ),
    "lines cut short": (
        header(VERTEX) + ROWS[:8],
        "a.ply: has 1 lines of vertex, expected 2; the file is truncated",
    ),
    "more vertices than lines": (
        header(VERTEX.replace(b" 2", b" 99999999")) + ROWS,
        "a.ply: has 2 lines of vertex, expected 99999999; the file is truncated",
    ),
    "fewer vertices than lines": (
        header(VERTEX.replace(b" 2", b" 1")) + ROWS,
        "a.ply: has 2 lines after its header, which counts 1 rows, 1 of vertex; correct the header, or write",
    ),
    "fewer vertices than lines before faces": (
        header(VERTEX.replace(b" 2", b" 1") + FACE) + ROWS + b"3 0 1 2\n",
        "a.ply: has 3 lines after its header, which counts 2 rows, 1 of vertex;",
    ),
    "fewer vertices than bytes": (
        packed(VERTEX.replace(b" 2", b" 1")) + PACKED,
        "a.ply: its header counts 1 rows of vertex, but it has bytes for 2;",
    ),
    "line cut short": (
        header(VERTEX) + ROWS[:-5],
        f"{TEXT}the number of columns changed from 4 to 3 at row 2",
    ),
    "line of too many numbers": (
        header(VERTEX) + b"1 2 3 4 5\n" + ROWS[:8],
        f"{TEXT}the number of columns changed from 5 to 4 at row 2",
    ),
    "lines of too many numbers": (
        header(VERTEX) + b"1 2 3 4 5\n" * 2,
        "a.ply: has 5 numbers in each line of vertex, expected 4;",
    ),
    "comma in place of a point": (
        header(VERTEX) + ROWS.replace(b".", b","),
        f"{TEXT}could not convert string '5,5' to float64 at row 1, column 2",
    ),
    "word that is no number": (
        header(VERTEX) + b"1 2 3 x\n" + ROWS[:8],
        f"{TEXT}could not convert string 'x' to float64 at row 0, column 4",
    ),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_mistake_is_a_sentence(tmp_path: Path, name: str) -> None:
    content, sentence = MISTAKES[name]
    (tmp_path / "a.ply").write_bytes(content)
    with pytest.raises(UserError) as told:
        read_ply(tmp_path / "a.ply", ["coord", "label"])
    assert sentence in str(told.value)
    assert str(told.value).isprintable()
