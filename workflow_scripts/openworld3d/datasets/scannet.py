"""ScanNet v2 in its raw layout: `scans/<scene>/<scene>_vh_clean_2.ply` and the lists `scannetv2_<split>.txt`.

A split is the name of a list. A vertex has x, y, z in metres and red, green, blue in 0..255; the labels file has the
same vertices with their NYU40 id; segments and aggregation tell the instances. Classes: the 20-class benchmark of
ScanNet (Dai et al., CVPR 2017), column `nyu40id` of its label table; every other NYU40 id, and 0, is void.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from plyfile import PlyData, PlyParseError

from openworld3d.errors import UserError
from openworld3d.raw import Reading, check_length, class_of_raw_id, map_labels, read_json, recentre, require
from openworld3d.scene import NO_INSTANCE, Scene

# Rooms in this layout can be generated (generate_rooms.py).
KEYS: dict[str, Any] = {
    "generate": {
        "description": "makes the raw scans, in place of a root",
        "type": "object",
        "additionalProperties": False,
        "required": ["train", "val", "seed", "spacing"],
        "properties": {
            "train": {"description": "scenes of the split train", "$ref": "#/$defs/count"},
            "val": {"description": "scenes of the split val", "$ref": "#/$defs/count"},
            "seed": {"type": "integer", "minimum": 0},
            "spacing": {"description": "metres between points of a surface", "$ref": "#/$defs/positive"},
        },
        "default": None,
    },
}

CLASSES: list[str] = [
    "wall",
    "floor",
    "cabinet",
    "bed",
    "chair",
    "sofa",
    "table",
    "door",
    "window",
    "bookshelf",
    "picture",
    "counter",
    "desk",
    "curtain",
    "refrigerator",
    "shower curtain",
    "toilet",
    "sink",
    "bathtub",
    "otherfurniture",
]

# The benchmark's instance task has all classes but wall and floor; of these, door, window and counter can be counted
# but are built in, and a resized one would be a piece of wall or worktop.
THINGS: list[str] = [
    "cabinet",
    "bed",
    "chair",
    "sofa",
    "table",
    "bookshelf",
    "picture",
    "desk",
    "curtain",
    "refrigerator",
    "shower curtain",
    "toilet",
    "sink",
    "bathtub",
    "otherfurniture",
]

NYU40_IDS: list[int] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 14, 16, 24, 28, 33, 34, 36, 39]
NYU40_OF_CLASS: dict[str, int] = dict(zip(CLASSES, NYU40_IDS))
CLASS_OF_RAW_ID: dict[int, str | None] = {**dict.fromkeys(range(41)), **dict(zip(NYU40_IDS, CLASSES))}


def scenes_of_split(root: Path, split: str) -> list[str]:
    """Return the scenes that the split's list names."""
    file = require(root / f"scannetv2_{split}.txt", f"split {split}")
    names = file.read_text().split()
    for name in names:
        require(root / "scans" / name, f"line '{name}' of {file}")
    return names


def files_of_scene(root: Path, name: str) -> list[Path]:
    """Return the files that a scene is read from: points, labels, segments, aggregation."""
    suffixes = ("_vh_clean_2.ply", "_vh_clean_2.labels.ply", "_vh_clean_2.0.010000.segs.json", ".aggregation.json")
    return [require(root / "scans" / name / f"{name}{suffix}", f"scene {name}") for suffix in suffixes]


def read_scene(root: Path, name: str) -> Reading:
    """Read one scan: coord (N, 3) float32 in metres, color (N, 3) uint8, label, instance."""
    points_file, label_file, segment_file, aggregation_file = files_of_scene(root, name)
    vertex = read_vertices(points_file)
    raw = read_vertices(label_file)["label"]
    check_length(len(raw), len(vertex), label_file, points_file)
    coord, shift = recentre(np.stack([vertex["x"], vertex["y"], vertex["z"]], 1), points_file)  # (N, 3)
    label, void_ids = map_labels(raw, class_of_raw_id(CLASS_OF_RAW_ID, CLASSES), label_file)
    scene = Scene(
        coord=coord,
        color=np.stack([vertex["red"], vertex["green"], vertex["blue"]], 1),  # (N, 3)
        label=label,
        instance=read_instances(segment_file, aggregation_file, len(coord), points_file),
    )
    return Reading(scene, void_ids, shift)


def read_vertices(file: Path) -> np.ndarray:
    """Return the vertices of a .ply as a structured array."""
    try:
        return PlyData.read(str(file))["vertex"].data
    except (PlyParseError, KeyError, ValueError) as error:
        raise UserError(f"{file}: cannot be read as a .ply with vertices ({error}); fetch it again") from error


def read_instances(segment_file: Path, aggregation_file: Path, points: int, points_file: Path) -> np.ndarray:
    """Return the object that each vertex belongs to, -1 where none: (N,) int32."""
    segment = np.array(read_json(segment_file)["segIndices"], np.int64)
    check_length(len(segment), points, segment_file, points_file)
    instance_of = np.full(segment.max() + 1, NO_INSTANCE, np.int32)
    for group in read_json(aggregation_file)["segGroups"]:
        instance_of[group["segments"]] = group["objectId"]
    return instance_of[segment]
