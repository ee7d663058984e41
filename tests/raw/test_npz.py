"""Arrays of an `.npz`, and each way in which what it claims can be wrong."""

from __future__ import annotations

import io
import tracemalloc
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.lib import format as npy

from openworld3d.errors import UserError
from openworld3d.raw.npz import read_npz

COORD = np.arange(12.0).reshape(4, 3)
LABEL = np.array([1, 2, 3, 4], np.uint8)


def npy_of(array: np.ndarray, version: Any = (1, 0)) -> bytes:
    stream = io.BytesIO()
    npy.write_array(stream, array, version)
    return stream.getvalue()


def npy_that_says(header: bytes, data: bytes = b"") -> bytes:
    return b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header + data


def write(file: Path, packing: int = zipfile.ZIP_DEFLATED, **members: bytes) -> None:
    with zipfile.ZipFile(file, "w", packing) as archive:
        for name, content in members.items():
            archive.writestr(f"{name}.npy", content)


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_arrays_are_those_that_were_saved(tmp_path: Path, save: Any) -> None:
    save(tmp_path / "a.npz", coord=np.asfortranarray(COORD), label=LABEL, notes=np.array([{}], object))
    found = read_npz(tmp_path / "a.npz", ["coord", "label"])
    assert found["coord"].tolist() == COORD.tolist()
    assert found["label"].tolist() == LABEL.tolist()
    assert (found["coord"].dtype, found["label"].dtype) == (np.float64, np.uint8)


@pytest.mark.parametrize("version", [(1, 0), (2, 0)])
def test_versions_of_the_header_are_read(tmp_path: Path, version: tuple[int, int]) -> None:
    write(tmp_path / "a.npz", coord=npy_of(COORD, version))
    assert read_npz(tmp_path / "a.npz", ["coord"])["coord"].tolist() == COORD.tolist()


GOOD = npy_of(LABEL)
MISTAKES: dict[str, tuple[bytes, str]] = {
    "another length": (
        npy_of(LABEL[:3]),
        "a.npz: its label is uint8 of shape (3,), expected numbers of shape (4",
    ),
    "two columns": (
        npy_of(COORD),
        "a.npz: its label is float64 of shape (4, 3), expected numbers of shape (4,);",
    ),
    "text": (npy_of(LABEL.astype(str)), "a.npz: its label is <U3 of shape (4,), expected numbers"),
    "complex numbers": (
        npy_of(LABEL.astype(complex)),
        "a.npz: its label is complex128 of shape (4,), expected num",
    ),
    "a pickle": (npy_of(LABEL.astype(object)), "a.npz: its label is object of shape (4,), expected numbers"),
    "no array": (b"not an array", "a.npz: cannot be read as an .npz of arrays ("),
    "nothing": (b"", "a.npz: cannot be read as an .npz of arrays ("),
    "data cut short": (GOOD[:-1], "a.npz: its label takes 131 bytes packed into "),
    "more data than points": (GOOD + b"\0" * 9, "a.npz: its label takes 141 bytes packed into "),
    "header that is no dictionary": (npy_that_says(b"[1, 2]\n"), "a.npz: cannot be read as an .npz of arrays ("),
    "header nested without end": (npy_that_says(b"(" * 5000), "a.npz: cannot be read as an .npz of arrays ("),
    "shape below 0": (
        npy_that_says(b"{'descr': '|u1', 'fortran_order': False, 'shape': (-4,), }\n", bytes(4)),
        "a.npz: its label is uint8 of shape (-4,), expected numbers of shape (4,);",
    ),
    "type of itself": (
        npy_that_says(b"{'descr': [('a', [('b', '|u1')])], 'fortran_order': False, 'shape': (4,), }\n", bytes(4)),
        "of shape (4,), expected numbers of shape (4,);",
    ),
    "points without data": (
        npy_that_says(b"{'descr': '<u8', 'fortran_order': False, 'shape': (4,), }\n"),
        "bytes packed into ",
    ),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_mistake_is_a_sentence(tmp_path: Path, name: str) -> None:
    content, sentence = MISTAKES[name]
    write(tmp_path / "a.npz", coord=npy_of(COORD), label=content)
    with pytest.raises(UserError) as told:
        read_npz(tmp_path / "a.npz", ["coord", "label"])
    assert sentence in str(told.value)
    assert str(told.value).startswith(f"{tmp_path / 'a.npz'}: ")


@pytest.mark.parametrize("content", [b"", b"PK", GOOD, b"PK\x05\x06" + bytes(18)])
def test_what_is_no_archive_of_the_arrays_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.npz").write_bytes(content)
    with pytest.raises(UserError, match=r"a\.npz: (cannot be read as an \.npz|has no attribute label)"):
        read_npz(tmp_path / "a.npz", ["label"])


def test_archive_cut_short_is_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", label=LABEL)
    content = (tmp_path / "a.npz").read_bytes()
    for size in range(len(content)):
        (tmp_path / "a.npz").write_bytes(content[:size])
        with pytest.raises(UserError, match=r"a\.npz: cannot be read as an \.npz of arrays"):
            read_npz(tmp_path / "a.npz", ["label"])


@pytest.mark.parametrize("packing", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_packing_that_makes_gigabytes_of_a_kilobyte_is_refused(tmp_path: Path, packing: int) -> None:
    write(tmp_path / "a.npz", packing, label=npy_of(np.zeros(10**6, np.uint8)))
    assert (tmp_path / "a.npz").stat().st_size < 10**6 / 1032
    with pytest.raises(
        UserError, match=rf"its label takes 1000128 bytes packed into \d+ by method {packing}, expected"
    ):
        read_npz(tmp_path / "a.npz", ["label"])


def test_bomb_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    write(tmp_path / "a.npz", coord=npy_of(COORD), label=npy_of(np.zeros(5 * 10**7, np.uint8)))
    tracemalloc.start()
    with pytest.raises(UserError, match=r"its label is uint8 of shape \(50000000,\), expected numbers of shape"):
        read_npz(tmp_path / "a.npz", ["coord", "label"])
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 10**6


def test_more_points_than_a_scene_may_have_are_refused(tmp_path: Path) -> None:
    shape = b"{'descr': '|u1', 'fortran_order': False, 'shape': (1000000000,), }\n"
    write(tmp_path / "a.npz", label=npy_that_says(shape, bytes(4)))
    with pytest.raises(UserError, match=r"its header claims 1000000000 points, expected at most 100000000;"):
        read_npz(tmp_path / "a.npz", ["label"])
