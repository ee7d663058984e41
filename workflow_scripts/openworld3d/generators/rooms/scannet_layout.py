"""Write a scanned room in the layout of ScanNet v2."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from plyfile import PlyData, PlyElement

from openworld3d.datasets.scannet import NYU40_OF_CLASS
from openworld3d.generators.rooms.generation import ScannedRoom
from openworld3d.generators.rooms.model import CLUTTER

UNANNOTATED = 0
# ScanNet's readers expect the parameters of its segmenter; strings, as its files have them.
SEGMENTER = {
    "kThresh": "0.0001",
    "segMinVerts": "20",
    "minPoints": "750",
    "maxPoints": "30000",
    "thinThresh": "0.05",
    "flatThresh": "0.001",
    "minLength": "0.02",
    "maxLength": "1",
}


def write_scene(scans: Path, name: str, room: ScannedRoom) -> None:
    """Write the four files of scene `name` into `scans/<name>/`."""
    folder = scans / name
    folder.mkdir(parents=True)
    label = nyu40_ids(room)
    write_ply(folder / f"{name}_vh_clean_2.ply", vertices(room.coord, room.color))
    write_ply(folder / f"{name}_vh_clean_2.labels.ply", vertices(room.coord, class_colors()[label], label))
    segments_file = f"{name}_vh_clean_2.0.010000.segs.json"
    _write_line(folder / f"{name}.aggregation.json", aggregation(name, segments_file, room))
    _write_line(
        folder / segments_file,
        {"params": SEGMENTER, "sceneId": name, "segIndices": room.segment.tolist()},
    )


def nyu40_ids(room: ScannedRoom) -> np.ndarray:
    """Return the NYU40 id (N,) uint16 of each vertex, 0 where unannotated."""
    ids = [UNANNOTATED if kind == CLUTTER else NYU40_OF_CLASS[kind] for kind, _ in room.objects]
    return np.array(ids, np.uint16)[room.object_id]


def class_colors() -> np.ndarray:
    """Return a colour (41, 3) uint8 for each NYU40 id; black is unannotated."""
    ids = np.arange(41)
    spread = np.stack([ids * 67 % 192, ids * 131 % 192, ids * 29 % 192], axis=1) + 63
    spread[UNANNOTATED] = 0
    return spread.astype(np.uint8)


def vertices(coord: np.ndarray, color: np.ndarray, label: np.ndarray | None = None) -> np.ndarray:
    """Return ply vertices of coord (N, 3) float32, color (N, 3) uint8 and, if given, label (N,) uint16."""
    fields = [(axis, "<f4") for axis in "xyz"] + [(band, "u1") for band in ("red", "green", "blue", "alpha")]
    vertex = np.empty(len(coord), fields + ([("label", "<u2")] if label is not None else []))
    for column, axis in enumerate("xyz"):
        vertex[axis] = coord[:, column]
    for column, band in enumerate(("red", "green", "blue")):
        vertex[band] = color[:, column]
    vertex["alpha"] = 255
    if label is not None:
        vertex["label"] = label
    return vertex


def write_ply(path: Path, vertex: np.ndarray) -> None:
    """Write vertices and an empty list of faces, binary little endian."""
    face = np.empty(0, [("vertex_indices", "O")])
    elements = [
        PlyElement.describe(vertex, "vertex"),
        PlyElement.describe(face, "face", len_types={"vertex_indices": "u1"}, val_types={"vertex_indices": "i4"}),
    ]
    PlyData(elements, byte_order="<").write(str(path))


def aggregation(name: str, segments_file: str, room: ScannedRoom) -> dict[str, Any]:
    """Return the annotation: the segments and the label of each object that was seen."""
    first = np.unique(room.segment, return_index=True)[1]
    object_of_segment = room.object_id[first]
    groups: list[dict[str, Any]] = []
    for index, (kind, label) in enumerate(room.objects):
        segments = np.flatnonzero(object_of_segment == index)
        if kind != CLUTTER and len(segments):
            number = len(groups)
            groups.append({"id": number, "objectId": number, "segments": segments.tolist(), "label": label})
    return {
        "sceneId": f"scannet.{name}",
        "appId": "openworld3d.rooms",
        "segGroups": groups,
        "segmentsFile": f"scannet.{segments_file}",
    }


def _write_line(path: Path, value: dict[str, Any]) -> None:
    path.write_text(json.dumps(value, separators=(",", ":")) + "\n", encoding="utf-8")
