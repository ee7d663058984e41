"""Small clouds of four points in each format, as the layout `folder` reads them, and the keys that describe them."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any, Callable

import laspy
import numpy as np
from plyfile import PlyData, PlyElement
from tests.datasets.fuzzing import Layout
from tests.raw.test_las import write_in_chunks

COORD = np.array([[1, 2, 3], [4, 5, 6], [7.5, 8, 9], [0, 0, 0]])
COLOR = np.array([[0, 51, 255], [255, 0, 0], [102, 102, 102], [0, 0, 0]])
INTENSITY = np.array([0, 500, 1000, 3000])
RAW = np.array([5, 2, 6, 1])
KEYS: dict[str, Any] = {
    "label": "classification",
    "classes": [["ground", [2]], ["tree", [4, 5]], ["roof", [6]]],
    "void": [1],
    "splits": {"all": ["*"]},
    "color_full": None,
    "intensity_full": 1000,
    "coord": None,
    "color": None,
    "intensity": None,
    "element": None,
}
Write = Callable[..., None]


def write_las(
    file: Path,
    coord: np.ndarray = COORD,
    raw: np.ndarray = RAW,
    color: np.ndarray = COLOR,
    scale: float = 0.001,
) -> None:
    header = laspy.LasHeader(point_format=3, version="1.2")
    header.scales, header.offsets = np.full(3, scale), np.floor(coord.min(0))
    cloud = laspy.LasData(header)
    cloud.x, cloud.y, cloud.z = coord.T
    cloud.classification, cloud.intensity = raw, np.resize(INTENSITY, len(coord))
    cloud.red, cloud.green, cloud.blue = color[: len(coord)].T
    cloud.write(str(file))


def write_ply(
    file: Path, coord: np.ndarray = COORD, raw: np.ndarray = RAW, color: np.ndarray = COLOR, text: bool = False
) -> None:
    fields = [(name, "f8") for name in "xyz"] + [(name, "u1") for name in ("red", "green", "blue")]
    vertex = np.empty(len(coord), [*fields, ("intensity", "f4"), ("classification", "f4")])
    columns = [*coord.T, *color[: len(coord)].T, np.resize(INTENSITY, len(coord)), raw]
    for name, column in zip(vertex.dtype.names or (), columns):
        vertex[name] = column
    PlyData([PlyElement.describe(vertex, "vertex")], text=text).write(str(file))


def write_text_ply(file: Path, **points: np.ndarray) -> None:
    write_ply(file, text=True, **points)


def write_npz(file: Path, coord: np.ndarray = COORD, raw: np.ndarray = RAW, color: np.ndarray = COLOR) -> None:
    np.savez(
        file, coord=coord, classification=raw, color=color[: len(coord)], intensity=np.resize(INTENSITY, len(coord))
    )


FORMATS: dict[str, tuple[str, Write]] = {
    "las": ("tile.las", write_las),
    "laz": ("tile.laz", write_las),
    "ply": ("tile.ply", write_ply),
    "ply as text": ("tile.ply", write_text_ply),
    "npz": ("tile.npz", write_npz),
    "ending in capitals": ("tile.LAZ", write_las),
}


def write_packed_npz(file: Path) -> None:
    coord, raw, color, intensity = COORD, RAW, COLOR, INTENSITY
    np.savez_compressed(file, coord=coord, classification=raw, color=color, intensity=intensity)


def write_new_las(file: Path) -> None:
    """Write what LAS 1.4 has more: its own point formats, attributes of one's own, records after the points."""
    generator, points = np.random.default_rng(0), 300
    header = laspy.LasHeader(point_format=7, version="1.4")
    header.add_extra_dim(laspy.ExtraBytesParams("height", "u2", scales=np.array([0.01]), offsets=np.zeros(1)))
    header.scales = np.full(3, 0.001)
    cloud = laspy.LasData(header)
    cloud.x, cloud.y, cloud.z = generator.uniform(0, 9, (3, points))
    cloud.red, cloud.green, cloud.blue = generator.integers(0, 256, (3, points))
    cloud.intensity = generator.integers(0, 1000, points)
    cloud.classification = generator.choice(RAW, points)
    cloud.evlrs = laspy.vlrs.vlrlist.VLRList([laspy.VLR("mine", 1, "notes", b"flown in March")])
    cloud.write(str(file))


def write_ply_of_other_programs(file: Path, text: bool = False) -> None:
    """Write faces first, then points with lists before, between and after their columns, and names of their own."""
    columns = [*COORD.T, *COLOR.T, INTENSITY, RAW]
    names = [
        "X",
        "Y",
        "Z",
        "diffuse_red",
        "diffuse_green",
        "diffuse_blue",
        "scalar_Intensity",
        "scalar_Classification",
    ]
    fields = [(name, "f8" if len(name) == 1 else "f4") for name in names]
    lists = [(name, object) for name in ("views", "weights", "tracks")]
    points = np.empty(len(RAW), [lists[0], *fields[:3], lists[1], *fields[3:], lists[2]])
    for name, column in zip(names, columns):
        points[name] = column
    for name, _ in lists:
        points[name] = [np.arange(length) for length in (2, 0, 3, 1)]
    faces = np.empty(2, [("vertex_indices", "i4", (3,))])
    faces["vertex_indices"] = [[0, 1, 2], [1, 2, 3]]
    types = {name: "i2" for name, _ in lists}
    elements = [
        PlyElement.describe(faces, "face"),
        PlyElement.describe(points, "testing", val_types=types, len_types=dict.fromkeys(types, "u1")),
    ]
    PlyData(elements, text=text, byte_order="<").write(str(file))


FUZZED: dict[str, tuple[str, Callable[[Path], None]]] = {
    **{name: FORMATS[name] for name in ("las", "laz", "ply", "ply as text", "npz")},
    "packed npz": ("tile.npz", write_packed_npz),
    "las 1.4": ("tile.las", write_new_las),
    "laz 1.4": ("tile.laz", write_new_las),
    "ply of other programs": ("tile.PLY", write_ply_of_other_programs),
    "ply of other programs as text": ("tile.PLY", partial(write_ply_of_other_programs, text=True)),
}


def layout_of(file: str, write: Callable[[Path], None]) -> Layout:
    return Layout(lambda root: write(root / file), (file,), "all", {**KEYS, "color_full": 255})


LAYOUTS = {name: layout_of(*writer) for name, writer in FUZZED.items()}
LAYOUTS["laz of chunks of any size"] = Layout(
    lambda root: write_in_chunks(root / "tile.laz", (7, 13, 10), 0), ("tile.laz",), "all", KEYS
)
