"""One scan of ScanNet as its files are released, and ways to spoil each of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Callable

import numpy as np
from plyfile import PlyData, PlyElement

NAME = "scene0000_00"

Mistake = Callable[[Path], object]


def write_ply(file: Path, coord: np.ndarray, **more: np.ndarray) -> None:
    fields = [
        *((axis, coord.dtype.str) for axis in "xyz"),
        *((name, value.dtype.str) for name, value in more.items()),
    ]
    vertex = np.empty(len(coord), fields)
    vertex["x"], vertex["y"], vertex["z"] = coord.T
    for name, value in more.items():
        vertex[name] = value
    PlyData([PlyElement.describe(vertex, "vertex")], byte_order="<").write(str(file))


def write_scan(root: Path) -> None:
    """Write a scan of four vertices and the list `train` with its name."""
    folder = root / "scans" / NAME
    folder.mkdir(parents=True)
    coord = np.arange(12, dtype=np.float32).reshape(4, 3)  # (N, 3)
    grey = {name: np.array([0, 1, 2, 255], np.uint8) for name in ("red", "green", "blue", "alpha")}
    write_ply(folder / f"{NAME}_vh_clean_2.ply", coord, **grey)
    write_ply(folder / f"{NAME}_vh_clean_2.labels.ply", coord, label=np.array([1, 6, 40, 0], np.uint16))
    (folder / f"{NAME}_vh_clean_2.0.010000.segs.json").write_text(json.dumps({"segIndices": [3, 5, 5, 9]}))
    groups = [{"objectId": 4, "segments": [5], "label": "couch"}, {"objectId": 7, "segments": [3], "label": "wall"}]
    (folder / f"{NAME}.aggregation.json").write_text(json.dumps({"segGroups": groups}))
    (root / "scannetv2_train.txt").write_text(f"{NAME}\n")


SCAN = f"scans/{NAME}/{NAME}"

MESH, LABELS = f"{SCAN}_vh_clean_2.ply", f"{SCAN}_vh_clean_2.labels.ply"

SEGMENTS, AGGREGATION = f"{SCAN}_vh_clean_2.0.010000.segs.json", f"{SCAN}.aggregation.json"

COORD = np.arange(12, dtype=np.float64).reshape(4, 3)  # (N, 3)

GREY = {name: np.array([0, 1, 2, 255], np.uint8) for name in ("red", "green", "blue")}


def mesh(coord: np.ndarray = COORD, **colours: np.ndarray) -> Mistake:
    return lambda root: write_ply(root / MESH, coord, **{**GREY, **colours})


def labels(values: np.ndarray, name: str = "label") -> Mistake:
    of_type = values.astype("f8" if values.dtype.kind == "f" else "i4")
    return lambda root: write_ply(root / LABELS, COORD[: len(values)], **{name: of_type})


def text(file: str, content: bytes) -> Mistake:
    return lambda root: (root / file).write_bytes(content)


def segments(value: object) -> Mistake:
    return text(SEGMENTS, json.dumps({"segIndices": value}).encode())


def groups(*value: object) -> Mistake:
    return text(AGGREGATION, json.dumps({"segGroups": value}).encode())


def cut(file: str, size: int) -> Mistake:
    return lambda root: (root / file).write_bytes((root / file).read_bytes()[:size])


def without_points(root: Path) -> None:
    mesh(COORD[:0], **{name: GREY[name][:0] for name in GREY})(root)
    labels(np.zeros(0, int))(root)
