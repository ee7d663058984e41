"""Triangles and normals by hand; damaged meshes have a message."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from plyfile import PlyData, PlyElement

from openworld3d.errors import UserError
from openworld3d.raw.mesh import read_triangles, vertex_normals

CORNER = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 3], [9, 9, 9]], np.float32)
FACES = [
    [0, 1, 2],
    [0, 2, 3],
]  # half a square metre on the floor, one and a half on a wall; the last vertex is in none


def write_mesh(file: Path, faces: list[list[int]], byte_order: str = "<", name: str = "vertex_indices") -> Path:
    """Write five vertices with faces, binary, or as text where the byte order is `=`."""
    vertex = np.array([tuple(point) for point in CORNER], [(axis, "f4") for axis in "xyz"])
    face = np.empty(len(faces), [(name, "O")])
    face[name] = [np.array(one, np.int32) for one in faces]
    elements = [
        PlyElement.describe(vertex, "vertex"),
        PlyElement.describe(face, "face", len_types={name: "u1"}, val_types={name: "i4"}),
    ]
    PlyData(elements, text=byte_order == "=", byte_order=byte_order).write(str(file))
    return file


@pytest.mark.parametrize("byte_order", ["<", ">"])
@pytest.mark.parametrize("name", ["vertex_indices", "vertex_index"])
def test_triangles_are_read(tmp_path: Path, byte_order: str, name: str) -> None:
    file = write_mesh(tmp_path / "mesh.ply", FACES, byte_order, name)
    assert read_triangles(file, 5).tolist() == FACES


def test_normals_by_hand() -> None:
    floor, wall = np.array([0, 0, 1]), np.array([1, 0, 0])
    shared = (floor + 3 * wall) / np.sqrt(10)
    expected = [shared, floor, shared, wall, np.zeros(3)]
    found = vertex_normals(CORNER, np.array(FACES))
    assert found == pytest.approx(np.array(expected), abs=1e-6)
    assert found.dtype == np.float32
    assert vertex_normals(CORNER, np.array(FACES)[:, ::-1]) == pytest.approx(-np.array(expected), abs=1e-6)


@pytest.mark.parametrize(
    ("faces", "byte_order", "name", "sentence"),
    [
        ([], "<", "vertex_indices", "mesh.ply: expected a binary mesh, whose faces are lists vertex_indices"),
        (FACES, "=", "vertex_indices", "mesh.ply: expected a binary mesh, whose faces are lists vertex_indices"),
        (FACES, "<", "edges", "mesh.ply: expected a binary mesh, whose faces are lists vertex_indices"),
        (
            [[0, 1, 2], [0, 1, 2, 3]],
            "<",
            "vertex_indices",
            r"face 1 of 2 is not three of the vertices 0\.\.4; the file",
        ),
        ([[0, 1, 5], [0, 1, 2]], "<", "vertex_indices", r"face 0 of 2 is not three of the vertices 0\.\.4"),
        ([[0, 1, -1]], "<", "vertex_indices", r"face 0 of 1 is not three of the vertices 0\.\.4"),
    ],
)
def test_what_is_no_mesh_of_triangles_is_refused(
    tmp_path: Path, faces: list[list[int]], byte_order: str, name: str, sentence: str
) -> None:
    file = write_mesh(tmp_path / "mesh.ply", faces, byte_order, name)
    with pytest.raises(UserError, match=sentence):
        read_triangles(file, 5)


@pytest.mark.parametrize("lost", [1, 14])
def test_truncated_mesh_is_refused(tmp_path: Path, lost: int) -> None:
    file = write_mesh(tmp_path / "mesh.ply", FACES)
    file.write_bytes(file.read_bytes()[:-lost])
    with pytest.raises(UserError, match=f"face {1 if lost == 1 else 0} of 2 is not three of the vertices"):
        read_triangles(file, 5)


def test_points_without_faces_have_no_mesh(tmp_path: Path) -> None:
    file = tmp_path / "points.ply"
    PlyData([PlyElement.describe(np.zeros(2, [("x", "f4")]), "vertex")], byte_order="<").write(str(file))
    with pytest.raises(UserError, match=r"points\.ply: expected a binary mesh"):
        read_triangles(file, 2)
