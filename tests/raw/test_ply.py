"""Vertices of a `.ply` by hand, as other programs write them, and each way in which the file can be wrong."""

from __future__ import annotations

import itertools
import struct
from pathlib import Path
from random import Random
from typing import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from plyfile import PlyData, PlyElement
from tests.datasets.fuzzing import FUZZ

from openworld3d.raw.ply import read_ply

FEW = settings(FUZZ, max_examples=50)
XYZ = b"property float x\nproperty float y\nproperty float z\n"
VERTEX = b"element vertex 2\n" + XYZ + b"property uchar label\n"
FACE = b"element face 1\nproperty list uchar int vertex_indices\n"
ROWS = b"1 2 3 7\n4 5.5 6 255\n"
PACKED = struct.pack("<fffB", 1, 2, 3, 7) + struct.pack("<fffB", 4, 5.5, 6, 255)


def header(declared: bytes, format: bytes = b"ascii") -> bytes:
    return b"ply\nformat " + format + b" 1.0\n" + declared + b"end_header\n"


def packed(declared: bytes) -> bytes:
    return header(declared, b"binary_little_endian")


LISTS = b"element vertex 2\nproperty list uchar short view\n" + VERTEX.replace(b"element vertex 2\n", b"").replace(
    b"property uchar label\n", b"property list uint double more\nproperty uchar label\nproperty list char char last\n"
)
LIST_ROWS = b"2 9 9 1 2 3 0 7 1 1\n0 4 5.5 6 1 1e300 255 0\n"
PACKED_LISTS = struct.pack("<BhhfffIBbb", 2, 9, 9, 1, 2, 3, 0, 7, 1, 1) + struct.pack(
    "<BfffIdBb", 0, 4, 5.5, 6, 1, 1e300, 255, 0
)
CONTENTS: dict[str, bytes] = {
    "text": header(VERTEX) + ROWS,
    "no line end at the end": header(VERTEX) + ROWS.rstrip(),
    "lines of Windows": (header(VERTEX) + ROWS).replace(b"\n", b"\r\n"),
    "lines of old Macs": (header(VERTEX) + ROWS).replace(b"\n", b"\r"),
    "lines of both": header(VERTEX).replace(b"\n", b"\r\n") + ROWS,
    "lines of both, in the header": header(VERTEX).replace(b"x\n", b"x\r\n").replace(b"ascii 1.0\n", b"ascii 1.0\r")
    + ROWS,
    "spaces at line ends": (header(VERTEX) + ROWS).replace(b"\n", b" \t \n"),
    "spaces at line starts": (header(VERTEX) + ROWS).replace(b"\n", b"\n  "),
    "blank lines": (b"\n" + header(VERTEX) + b"\n" + ROWS.replace(b"7\n", b"7\n \n\n") + b"\n").replace(
        b"x\n", b"x\n\n"
    ),
    "byte order mark": b"\xef\xbb\xbf" + header(VERTEX) + ROWS,
    "byte order mark amid": header(VERTEX) + b"\xef\xbb\xbf" + ROWS,
    "long comments": header(b"comment " + b"x" * 10**5 + b"\n" + VERTEX) + ROWS,
    "comments": header(b"comment end_header\nobj_info element vertex 9\ncomment\n" + VERTEX + FACE)
    + ROWS
    + b"3 0 1 0\n",
    "comment of another code page": header(b"comment H\xf6he\n" + VERTEX) + ROWS,
    "camera first": header(b"element camera 1\nproperty double f\n" + VERTEX) + b"0.5\n" + ROWS,
    "element of no property first": header(b"element camera 1\n" + VERTEX) + ROWS,
    "faces first": header(FACE + VERTEX) + b"3 0 1 0\n" + ROWS,
    "whole numbers with a point": header(VERTEX) + ROWS.replace(b"7", b"7.0"),
    "lists": header(LISTS) + LIST_ROWS,
    "binary": packed(VERTEX) + PACKED,
    "binary, spaces at line ends": packed(VERTEX).replace(b"\n", b" \n") + PACKED,
    "binary, byte order mark": b"\xef\xbb\xbf" + packed(VERTEX) + PACKED,
    "binary, faces last": packed(VERTEX + FACE) + PACKED + b"\x03" + bytes(12),
    "binary, faces first": packed(FACE + VERTEX) + b"\x03" + bytes(12) + PACKED,
    "binary, camera first": packed(b"element camera 1\nproperty double f\n" + VERTEX) + bytes(8) + PACKED,
    "binary, lists": packed(LISTS) + PACKED_LISTS,
    "binary, lines of old Macs": packed(VERTEX).replace(b"\n", b"\r") + PACKED,
    "binary, lines of Windows": packed(VERTEX).replace(b"\n", b"\r\n") + PACKED,
    "binary, other names of types": packed(VERTEX.replace(b"float", b"float32").replace(b"uchar", b"uint8")) + PACKED,
    "binary, big end first": header(VERTEX, b"binary_big_endian")
    + struct.pack(">fffBfffB", 1, 2, 3, 7, 4, 5.5, 6, 255),
}


@pytest.mark.parametrize("name", CONTENTS)
def test_vertices_by_hand(tmp_path: Path, name: str) -> None:
    (tmp_path / "a.ply").write_bytes(CONTENTS[name])
    found = read_ply(tmp_path / "a.ply", ["coord", "label"])
    assert found["coord"].tolist() == [[1, 2, 3], [4, 5.5, 6]]
    assert found["label"].tolist() == [7, 255]
    assert found["label"].dtype == (np.uint8 if name.startswith("binary") else np.float64)


def test_line_feed_after_the_carriage_returns_of_an_old_mac_is_data(tmp_path: Path) -> None:
    declared = b"element vertex 1\nproperty uchar label\n" + XYZ
    (tmp_path / "a.ply").write_bytes(packed(declared).replace(b"\n", b"\r") + struct.pack("<Bfff", 10, 1, 2, 3))
    assert read_ply(tmp_path / "a.ply", ["label"])["label"].tolist() == [10]


def test_text_keeps_the_digits_that_its_type_has_not(tmp_path: Path) -> None:
    (tmp_path / "a.ply").write_bytes(
        header(VERTEX) + b"431234.001 5412345.678 100.5 1\n431234.002 5412345.679 100.5 1\n"
    )
    found = read_ply(tmp_path / "a.ply", ["coord"])["coord"]
    assert found.tolist() == [[431234.001, 5412345.678, 100.5], [431234.002, 5412345.679, 100.5]]


NAMED: dict[str, tuple[bytes, dict[str, str | list[str]], str | None]] = {
    "element of DALES": (VERTEX.replace(b"vertex", b"testing"), {}, None),
    "element that a key names": (b"element eye 0\n" + XYZ + VERTEX.replace(b"vertex", b"point"), {}, "point"),
    "capitals": (VERTEX.replace(b" x", b" X").replace(b" y", b" Y").replace(b" z", b" Z"), {}, None),
    "label of CloudCompare": (VERTEX.replace(b"label", b"scalar_Label"), {}, None),
    "coordinates that a key names": (
        VERTEX.replace(b" x", b" east").replace(b" y", b" north").replace(b" z", " \u00fcber".encode()),
        {"coord": ["east", "north", "\u00fcber"]},
        None,
    ),
}


@pytest.mark.parametrize("name", NAMED)
def test_other_names_are_read(tmp_path: Path, name: str) -> None:
    declared, names, element = NAMED[name]
    (tmp_path / "a.ply").write_bytes(header(declared) + ROWS)
    found = read_ply(tmp_path / "a.ply", ["coord", "label"], names, element)
    assert found["coord"].tolist() == [[1, 2, 3], [4, 5.5, 6]]
    assert found["label"].tolist() == [7, 255]


@pytest.mark.parametrize(
    "colour", ["red green blue", "diffuse_red diffuse_green diffuse_blue", "r g b", "Red Green Blue"]
)
def test_colours_are_read_by_what_programs_name_them(tmp_path: Path, colour: str) -> None:
    declared = b"".join(b"property uchar %s\n" % name.encode() for name in colour.split())
    (tmp_path / "a.ply").write_bytes(header(VERTEX + declared) + b"1 2 3 7 10 20 30\n4 5 6 8 40 50 60\n")
    assert read_ply(tmp_path / "a.ply", ["color"])["color"].tolist() == [[10, 20, 30], [40, 50, 60]]


TYPE_NAMES = ["i1", "u1", "i2", "u2", "i4", "u4", "f4", "f8"]


@pytest.mark.filterwarnings("ignore:loadtxt")  # plyfile, of empty lists
@FEW
@given(data=st.data(), text=st.booleans(), order=st.sampled_from("<>"), points=st.integers(0, 5))
def test_vertices_are_those_that_plyfile_reads(
    tmp_path: Path, data: st.DataObject, text: bool, order: str, points: int
) -> None:
    elements, wanted = [], data.draw(st.lists(st.sampled_from(TYPE_NAMES), min_size=1, max_size=6))
    for name in data.draw(st.permutations(["camera", "vertex", "face"])):
        types = (
            wanted if name == "vertex" else data.draw(st.lists(st.sampled_from(TYPE_NAMES), min_size=1, max_size=3))
        )
        lists = data.draw(st.lists(st.booleans(), min_size=len(types), max_size=len(types)))
        rows = points if name == "vertex" else data.draw(st.integers(0, 3))
        elements.append(element_of(name, rows, types, lists, data.draw(st.integers(0, 99))))
    PlyData(elements, text=text, byte_order=order).write(str(tmp_path / "a.ply"))
    # Read, not written: plyfile 1.1.5 writes numbers beside lists in the byte order of the machine.
    vertex = PlyData.read(str(tmp_path / "a.ply"))["vertex"].data
    plain = [name for name in vertex.dtype.names if vertex.dtype[name].kind != "O"]
    for name, found in (read_ply(tmp_path / "a.ply", plain) if plain else {}).items():
        assert found.tolist() == vertex[name].tolist()
        assert found.dtype.newbyteorder("=") == (np.float64 if text else vertex[name].dtype.newbyteorder("="))


def element_of(name: str, rows: int, types: list[str], lists: list[bool], seed: int) -> PlyElement:
    """Return an element of random numbers, some columns of which are lists of up to 4 of them."""
    generator = np.random.default_rng(seed)
    table = np.empty(rows, [(f"p{place}", object if lists[place] else type) for place, type in enumerate(types)])
    for row, place in itertools.product(range(rows), range(len(types))):
        numbers = generator.integers(0, 100, generator.integers(0, 5)).astype(types[place])
        table[f"p{place}"][row] = numbers if lists[place] else generator.integers(0, 100)
    of_lists = {f"p{place}": type for place, type in enumerate(types) if lists[place]}
    return PlyElement.describe(table, name, len_types=dict.fromkeys(of_lists, "u1"), val_types=of_lists)


Edit = Callable[[bytes, Random], bytes]
# Of a line, which ends with a line feed.
IN_A_LINE: list[Edit] = [
    lambda line, random: line[:-1] + random.choice([b" ", b"\t", b"  "]) + line[-1:],
    lambda line, random: line[:-1] + b"\r\n",
    lambda line, random: line.replace(b" ", random.choice([b"  ", b"\t", b" \t "])),
]
AFTER_A_LINE: list[Edit] = [
    lambda line, random: line + random.choice([b"\n", b" \n", b"\r\n"]),
    lambda line, random: line + random.choice([b"comment", b"obj_info"]) + b" end_header \xfc\n",
]


@FEW
@given(random=st.randoms(use_true_random=True), lists=st.booleans(), text=st.booleans(), mark=st.booleans())
def test_how_a_program_ends_its_lines_changes_nothing(
    tmp_path: Path, random: Random, lists: bool, text: bool, mark: bool
) -> None:
    declared, rows, points = (LISTS, LIST_ROWS, PACKED_LISTS) if lists else (VERTEX, ROWS, PACKED)
    *head, last = (header(declared) if text else packed(declared)).splitlines(True)
    edited = [random.choice(IN_A_LINE + AFTER_A_LINE)(line, random) for line in head]
    edited.append(random.choice(IN_A_LINE)(last, random))
    for line in rows.splitlines(True) if text else ():
        edited.append(random.choice(IN_A_LINE + AFTER_A_LINE[:1])(line, random))
    mark_of_order = b"\xef\xbb\xbf" if mark else b""
    (tmp_path / "a.ply").write_bytes(mark_of_order + b"".join(edited) + (b"" if text else points))
    found = read_ply(tmp_path / "a.ply", ["coord", "label"])
    assert found["coord"].tolist() == [[1, 2, 3], [4, 5.5, 6]]
    assert found["label"].tolist() == [7, 255]
