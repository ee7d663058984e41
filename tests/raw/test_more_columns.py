"""Each way in which a file stores its points takes more columns, and keeps all else."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Callable

import laspy
import numpy as np
import pytest
from plyfile import PlyData, PlyElement

from openworld3d.errors import UserError
from openworld3d.raw.more_columns import Columns, write_again
from openworld3d.raw.ply import read_ply
from openworld3d.raw.unlabelled import Sensing

PLAIN = [("x", "f4"), ("y", "f8"), ("z", "i2")]
POINTS = np.array([(0, 1, 2, [1, 2]), (3, 4, 5, [6]), (6, 7, 8, [9])], [*PLAIN, ("near", object)])
CAMERA, FACES = np.array([(1.5,)], [("focus", "f4")]), np.array([([0, 1, 2],)], [("vertex_indices", object)])
ADDED: Columns = {"prediction": np.array([3, 255, 0], np.uint8), "score": np.array([0.1, np.nan, -1e-30], np.float32)}


def write(file: Path, text: bool, byte_order: str, lists: bool) -> None:
    """Write a cloud between two other elements."""
    rows = POINTS if lists else np.array(POINTS[["x", "y", "z"]].tolist(), PLAIN)
    points = PlyElement.describe(rows, "vertex", {"near": "i4"})
    elements = [PlyElement.describe(CAMERA, "camera"), points, PlyElement.describe(FACES, "face")]
    PlyData(elements, text=text, byte_order=byte_order, comments=["by hand"]).write(str(file))


@pytest.mark.parametrize("lists", [False, True])
@pytest.mark.parametrize(("text", "byte_order"), [(True, "="), (False, "<"), (False, ">")])
def test_ply_keeps_all_else(tmp_path: Path, text: bool, byte_order: str, lists: bool) -> None:
    source, target = tmp_path / "one.ply", tmp_path / "two.ply"
    write(source, text, byte_order, lists)
    write_again(source, target, ADDED, Sensing(None, False))
    before, after = PlyData.read(str(source)), PlyData.read(str(target))
    assert (after.text, after.byte_order, after.comments) == (before.text, before.byte_order, ["by hand"])
    for element in before.elements:
        for one in element.properties:
            kept = [np.asarray(value).tolist() for value in after[element.name][one.name]]
            assert kept == [np.asarray(value).tolist() for value in element[one.name]]
    for name, column in ADDED.items():
        np.testing.assert_array_equal(after["vertex"][name], column)


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_lines_end_as_they_did(tmp_path: Path, end: bytes) -> None:
    lines = [b"ply", b"format ascii 1.0", b"element vertex 3", *(b"property float " + name for name in (b"x", b"y"))]
    lines += [b"property float z", b"end_header", b"0 1 2", b"", b"3 4 5 ", b"6 7 8", b""]
    (tmp_path / "one.ply").write_bytes(end.join(lines))
    write_again(tmp_path / "one.ply", tmp_path / "two.ply", ADDED, Sensing(None, False))
    content = (tmp_path / "two.ply").read_bytes()
    assert content.count(end) == len(lines) + 1  # of two properties, one fewer between lines
    found = read_ply(tmp_path / "two.ply", ["coord", "score"])
    assert found["coord"].tolist() == [[0, 1, 2], [3, 4, 5], [6, 7, 8]]
    np.testing.assert_array_equal(found["score"].astype(np.float32), ADDED["score"])


def nothing(content: bytearray) -> None:
    """Leave a file as it is."""


def oldest(content: bytearray) -> None:
    """Let a file be of LAS 1.0."""
    content[25] = 0


def not_ascii(content: bytearray) -> None:
    """Let a record be described in Latin-1."""
    place = content.index(b"north")
    content[place + 1] = 0xE9


LAS: dict[str, tuple[int, str, Callable[[bytearray], None]]] = {
    "1.0": (1, "1.2", oldest),
    "1.2, colours": (3, "1.2", nothing),
    "1.3, waves": (4, "1.3", nothing),
    "1.4": (6, "1.4", nothing),
    "1.4, a text that is not ASCII": (7, "1.4", not_ascii),
}


@pytest.mark.parametrize("ending", [".las", ".laz", ".LAZ"])
@pytest.mark.parametrize("name", LAS)
def test_las_keeps_all_else(tmp_path: Path, name: str, ending: str) -> None:
    format, version, damage = LAS[name]
    cloud = laspy.create(point_format=format, file_version=version)
    cloud.header.scales, cloud.header.offsets = np.full(3, 0.01), np.array([7e5, 6e6, 0])
    cloud.X, cloud.Y, cloud.Z, cloud.intensity = (np.array([3, 1, 2]) * factor for factor in (1, 2, 3, 4))
    cloud.vlrs.append(laspy.VLR("survey", 7, "north of the river", b"abc"))
    if version == "1.4":
        cloud.evlrs = laspy.vlrs.vlrlist.VLRList([laspy.VLR("survey", 9, "long", bytes(70_000))])
    source, target = tmp_path / f"one{ending}", tmp_path / f"two{ending}"
    cloud.write(str(source))
    before = laspy.read(str(source))
    content = bytearray(source.read_bytes())
    damage(content)
    source.write_bytes(content)
    write_again(source, target, ADDED, Sensing(None, False))
    after = laspy.read(str(target))
    for dimension in before.point_format.dimension_names:
        np.testing.assert_array_equal(after[dimension], before[dimension])
    for column, values in ADDED.items():
        np.testing.assert_array_equal(after[column], values)
    assert (after.header.scales.tolist(), after.header.offsets.tolist()) == ([0.01] * 3, [7e5, 6e6, 0])
    assert (after.vlrs[0].record_data, after.header.are_points_compressed) == (b"abc", ending != ".las")
    assert [len(record.record_data) for record in after.evlrs or []] == [70_000] * (version == "1.4")


def test_npz_is_packed_as_before(tmp_path: Path) -> None:
    np.savez_compressed(tmp_path / "one.npz", coord=np.zeros((3, 3)))
    write_again(tmp_path / "one.npz", tmp_path / "two.npz", ADDED, Sensing(None, False))
    with zipfile.ZipFile(tmp_path / "two.npz") as archive:
        assert {member.compress_type for member in archive.infolist()} == {zipfile.ZIP_DEFLATED}
    with np.load(tmp_path / "two.npz") as arrays:
        assert arrays.files == ["coord", *ADDED]
        assert all(np.array_equal(arrays[name], column, equal_nan=True) for name, column in ADDED.items())


@pytest.mark.parametrize("ending", [".las", ".npz"])
def test_column_that_is_there_is_refused(tmp_path: Path, ending: str) -> None:
    if ending == ".npz":
        np.savez(tmp_path / "one.npz", coord=np.zeros((3, 3)), score=np.zeros(3))
    else:
        cloud = laspy.create()
        cloud.add_extra_dim(laspy.ExtraBytesParams("score", np.float32))
        cloud.X = np.zeros(3)
        cloud.write(str(tmp_path / "one.las"))
    with pytest.raises(UserError, match=f"one{ending}: has the attribute score already, which would be added; give"):
        write_again(tmp_path / f"one{ending}", tmp_path / f"two{ending}", ADDED, Sensing(None, False))
    assert not (tmp_path / f"two{ending}").exists()
