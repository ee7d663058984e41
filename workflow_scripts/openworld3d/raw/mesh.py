"""The triangles of a binary `.ply`, and the normals of its vertices."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from openworld3d.errors import UserError
from openworld3d.raw.ply import BYTE_ORDERS, Element, read_header, walk

FACE = "face"
CORNERS = ("vertex_indices", "vertex_index")  # what programs name the list of a face's vertices


def read_triangles(file: Path, vertices: int) -> np.ndarray:
    """Return the vertices of each triangle: (M, 3) int64, each in 0..vertices - 1.

    Raises UserError for text, for a file without faces, and for a face that is no triangle of these vertices.
    """
    header = read_header(file)
    names = [element.name for element in header.elements]
    face = header.elements[names.index(FACE)] if FACE in names else Element(FACE, 0, {})
    corners = [type for name, type in face.types.items() if name in CORNERS and not isinstance(type, str)]
    if header.format == "ascii" or not face.rows or len(corners) != len(face.types):
        raise UserError(
            f"{file}: expected a binary mesh, whose faces are lists {CORNERS[0]}, to compute normals from; fetch it "
            "again, or take the key normals from the dataset"
        )
    content, order, start = np.memmap(file, np.uint8, "r"), BYTE_ORDERS[header.format], header.size
    for element in header.elements[: names.index(FACE)]:
        start, _ = walk(content, element, order, start)
    ((length, number),) = corners
    row = np.dtype([("corners", order + length), ("vertex", order + number, 3)])
    there = min(face.rows, max(0, len(content) - start) // row.itemsize)
    table = np.frombuffer(content, row, there, start)
    vertex = table["vertex"].astype(np.int64)
    wrong = np.flatnonzero((table["corners"] != 3) | ((vertex < 0) | (vertex >= vertices)).any(1))
    if len(wrong) or there < face.rows:
        place = wrong[0] if len(wrong) else there
        raise UserError(
            f"{file}: face {place} of {face.rows} is not three of the vertices 0..{vertices - 1}; the file is "
            "truncated or no mesh of triangles, fetch it again"
        )
    return vertex


def vertex_normals(coord: np.ndarray, triangle: np.ndarray) -> np.ndarray:
    """Return the mean normal of each vertex's triangles, weighted by area: (N, 3), (M, 3) -> (N, 3) float32.

    Of length 1, but 0 for a vertex in no triangle; as Pointcept prepares ScanNet.
    """
    first, second, third = coord.astype(np.float64)[triangle].transpose(1, 0, 2)
    area = np.cross(second - first, third - first)  # (M, 3), twice as long as its triangle is large
    total = np.stack(
        [np.bincount(triangle.reshape(-1), np.repeat(along, 3), len(coord)) for along in area.T], 1
    )  # (N, 3)
    length = np.linalg.norm(total, axis=1, keepdims=True)
    return np.divide(total, length, out=np.zeros_like(total), where=length > 0).astype(np.float32)
