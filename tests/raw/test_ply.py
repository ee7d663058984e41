"""Vertices of a `.ply` by hand, as other programs write them, and each way in which the file can be wrong."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
from plyfile import PlyData, PlyElement

from openworld3d.errors import UserError
from openworld3d.raw.ply import read_ply

XYZ = b"property float x\nproperty float y\nproperty float z\n"
VERTEX = b"element vertex 2\n" + XYZ + b"property uchar label\n"
FACE = b"element face 1\nproperty list uchar int vertex_indices\n"
ROWS = b"1 2 3 7\n4 5.5 6 255\n"
PACKED = struct.pack("<fffB", 1, 2, 3, 7) + struct.pack("<fffB", 4, 5.5, 6, 255)


def header(declared: bytes, format: bytes = b"ascii") -> bytes:
    return b"ply\nformat " + format + b" 1.0\n" + declared + b"end_header\n"


def packed(declared: bytes) -> bytes:
    return header(declared, b"binary_little_endian")


@pytest.mark.parametrize(
    "content",
    [
        header(VERTEX) + ROWS,
        header(VERTEX) + ROWS.rstrip(),
        (header(VERTEX) + ROWS).replace(b"\n", b"\r\n"),
        (header(VERTEX) + ROWS).replace(b"\n", b"\r"),
        header(b"comment end_header\nobj_info element vertex 9\n\n" + VERTEX + FACE) + ROWS + b"3 0 1 0\n",
        header(b"element camera 1\nproperty double f\n" + VERTEX) + b"0.5\n" + ROWS,
        packed(VERTEX) + PACKED,
        packed(VERTEX + FACE) + PACKED + b"\x03" + bytes(12),
        packed(b"element camera 1\nproperty double f\n" + VERTEX) + bytes(8) + PACKED,
        packed(VERTEX).replace(b"\n", b"\r") + PACKED,
        packed(VERTEX.replace(b"float", b"float32").replace(b"uchar", b"uint8")) + PACKED,
        header(VERTEX, b"binary_big_endian") + struct.pack(">fffBfffB", 1, 2, 3, 7, 4, 5.5, 6, 255),
    ],
)
def test_vertices_by_hand(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.ply").write_bytes(content)
    found = read_ply(tmp_path / "a.ply", ["coord", "label"])
    assert found["coord"].tolist() == [[1, 2, 3], [4, 5.5, 6]]
    assert found["label"].tolist() == [7, 255]
    assert found["label"].dtype == np.uint8


@pytest.mark.parametrize("text", [True, False])
@pytest.mark.parametrize("order", ["<", ">"])
def test_vertices_are_those_that_plyfile_writes_and_reads(tmp_path: Path, text: bool, order: str) -> None:
    generator = np.random.default_rng(0)
    types = ["i1", "u1", "i2", "u2", "i4", "u4", "f4", "f8"]
    vertex = np.empty(50, [(name, name) for name in types])
    for name in types:
        whole = np.iinfo(name) if name[0] != "f" else None
        vertex[name] = (
            generator.integers(whole.min, whole.max, 50, endpoint=True) if whole else generator.normal(size=50)
        )
    face = np.empty(3, [("vertex_indices", "i4", (3,))])
    face["vertex_indices"] = generator.integers(0, 50, (3, 3))
    elements = [PlyElement.describe(vertex, "vertex"), PlyElement.describe(face, "face")]
    PlyData(elements, text=text, byte_order=order).write(str(tmp_path / "a.ply"))
    by_plyfile = PlyData.read(str(tmp_path / "a.ply"))["vertex"]
    for name, found in read_ply(tmp_path / "a.ply", types).items():
        assert found.tolist() == np.asarray(by_plyfile[name]).tolist()
        assert found.dtype.newbyteorder("=") == vertex[name].dtype


MISTAKES: dict[str, tuple[bytes, str]] = {
    "nothing": (b"", "a.ply: does not begin with a PLY header that ends within 65536 bytes;"),
    "another file": (b"PLY\n" + header(VERTEX)[4:] + ROWS, "a.ply: does not begin with a PLY header"),
    "header without end": (header(VERTEX)[:-11] + ROWS, "a.ply: does not begin with a PLY header"),
    "header of megabytes": (
        header(b"comment x\n" * 10**5 + VERTEX) + ROWS,
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
    "no vertices": (header(FACE) + b"3 0 1 2\n", "a.ply: its element face has lists, expected plain numbers up to"),
    "vertices nowhere": (header(VERTEX.replace(b"vertex", b"point")) + ROWS, "a.ply: has no element vertex;"),
    "vertices after lists": (
        header(FACE + VERTEX) + b"3 0 1 2\n" + ROWS,
        "a.ply: its element face has lists, expected",
    ),
    "vertices with lists": (
        packed(VERTEX + b"property list uint double more\n") + PACKED,
        "a.ply: its element vertex has lists, expected plain numbers up to the vertices;",
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
        "a.ply: has 26 bytes of vertices, expected 1299999987, 13 for each of 99999999; the file is truncated",
    ),
    "more vertices than a scene may have": (
        packed(VERTEX.replace(b" 2", b" 999999999999")) + PACKED,
        "a.ply: its header claims 999999999999 vertices, expected at most 100000000;",
    ),
    "binary vertices cut short": (
        packed(VERTEX) + PACKED[:-1],
        "a.ply: has 25 bytes of vertices, expected 26, 13 for",
    ),
    "another element of more rows than bytes": (
        packed(b"element camera 999999999999999999\nproperty double f\n" + VERTEX) + PACKED,
        "a.ply: has 0 bytes of vertices, expected 26",
    ),
    "lines cut short": (
        header(VERTEX) + ROWS[:8],
        "a.ply: has 1 lines of vertices, expected 2; the file is truncated",
    ),
    "more vertices than lines": (
        header(VERTEX.replace(b" 2", b" 99999999")) + ROWS,
        "a.ply: has 2 lines of vertices, expected 99999999; the file is truncated",
    ),
    "line cut short": (
        header(VERTEX) + ROWS[:-5],
        "a.ply: cannot be read as a .ply with vertices (element 'vertex': row 1",
    ),
    "line of too many numbers": (
        header(VERTEX) + b"1 2 3 4 5\n" + ROWS,
        "a.ply: cannot be read as a .ply with vertices (element 'vertex': row 0",
    ),
    "word that is no number": (
        header(VERTEX) + b"1 2 3 x\n" + ROWS,
        "a.ply: cannot be read as a .ply with vertices (element 'vertex': row 0",
    ),
    "share in a whole type": (
        header(VERTEX) + b"1 2 3 0.5\n" + ROWS,
        "a.ply: cannot be read as a .ply with vertices (element 'vertex': row 0",
    ),
    "nan in a whole type": (
        header(VERTEX) + b"1 2 3 nan\n" + ROWS,
        "a.ply: cannot be read as a .ply with vertices (element 'vertex': row 0",
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
