"""Read ScanNet v2 in its raw layout: `scans/<scene>/<scene>_vh_clean_2.ply` and the lists `scannetv2_<split>.txt`.

A split is the name of a list. A vertex has x, y, z in metres and red, green, blue in 0..255; the labels file has the
same vertices with their NYU40 id; segments and aggregation tell the instances. Classes: the 20-class benchmark of
ScanNet (Dai et al., CVPR 2017), column `nyu40id` of its label table; every other NYU40 id, and 0, is void.
"""

from __future__ import annotations

import reprlib
from pathlib import Path
from typing import Any

import numpy as np

from openworld3d.errors import UserError
from openworld3d.raw.files import field, read_json, read_text, require
from openworld3d.raw.labels import Reading, check_length, class_of_raw_id, map_labels, recentre, whole_numbers
from openworld3d.raw.ply import read_ply
from openworld3d.scenes.scene import NO_INSTANCE, Scene

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

GENERATOR: str | None = "generate_rooms"

TABLES: list[str] = []

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

# The classes of the benchmark's instance task, all but wall and floor, without door, window and counter: these are
# built in, and a resized one would be a piece of wall or worktop.
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

LARGEST_ID = 2**31 - 1
NYU40_IDS: list[int] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 14, 16, 24, 28, 33, 34, 36, 39]
NYU40_OF_CLASS: dict[str, int] = dict(zip(CLASSES, NYU40_IDS))
CLASS_OF_RAW_ID: dict[int, str | None] = {**dict.fromkeys(range(41)), **dict(zip(NYU40_IDS, CLASSES))}


def scenes_of_split(root: Path, split: str, **keys: Any) -> list[str]:
    """Return the scenes that the split's list names."""
    file = require(root / f"scannetv2_{split}.txt", f"split {split}")
    names = read_text(file).split()
    if not names:
        raise UserError(f"{file}: names no scene, expected one on each line; fetch the list again")
    for name in names:
        if not name.isprintable() or "/" in name or name.startswith("."):
            raise UserError(
                f"{file}: has the line {reprlib.repr(name)}, expected the name of a folder of scans/; "
                "correct the list"
            )
        require(root / "scans" / name, f"line '{name}' of {file}")
    return names


def files_of_scene(root: Path, name: str, **keys: Any) -> list[Path]:
    """Return the files of a scene: points, labels, segments, aggregation."""
    suffixes = ("_vh_clean_2.ply", "_vh_clean_2.labels.ply", "_vh_clean_2.0.010000.segs.json", ".aggregation.json")
    return [require(root / "scans" / name / f"{name}{suffix}", f"scene {name}") for suffix in suffixes]


def read_scene(root: Path, name: str, **keys: Any) -> Reading:
    """Read one scan: coord (N, 3) float32 in metres, color (N, 3) uint8, label, instance."""
    points_file, label_file, segment_file, aggregation_file = files_of_scene(root, name)
    vertex = read_ply(points_file, ["coord", "color"])
    raw = whole_numbers(read_ply(label_file, ["label"])["label"], "label", label_file)
    check_length(len(raw), len(vertex["coord"]), label_file, points_file)
    coord, shift = recentre(vertex["coord"].astype(np.float64), points_file)
    label, void_ids = map_labels(raw, class_of_raw_id(CLASS_OF_RAW_ID, CLASSES), label_file)
    scene = Scene(
        coord=coord,
        color=whole_colours(vertex["color"], points_file),
        label=label,
        instance=read_instances(segment_file, aggregation_file, len(coord), points_file),
    )
    return Reading(scene, void_ids, shift)


def whole_colours(values: np.ndarray, file: Path) -> np.ndarray:
    """Return colours as uint8; raises UserError for one outside 0..255 or a fraction: (N, 3) -> (N, 3) uint8."""
    wrong = np.flatnonzero(~((values >= 0) & (values <= 255) & (values == np.floor(values))).all(1))
    if len(wrong):
        raise UserError(
            f"{file}: point {wrong[0]} has the colour {values[wrong[0]].tolist()}, expected whole numbers in 0..255; "
            "fetch it again"
        )
    return values.astype(np.uint8)


def read_instances(segment_file: Path, aggregation_file: Path, points: int, points_file: Path) -> np.ndarray:
    """Read the object of each vertex, -1 where none: (N,) int32."""
    ids = field(read_json(segment_file), "segIndices", list, segment_file, "the file")
    check_length(len(ids), points, segment_file, points_file)
    check_ids(ids, "segIndices", segment_file)
    segment, inverse = np.unique(np.array(ids, np.int64), return_inverse=True)
    object_of = dict.fromkeys(segment.tolist(), NO_INSTANCE)
    groups = field(read_json(aggregation_file), "segGroups", list, aggregation_file, "the file")
    for number, group in enumerate(groups):
        place = f"group {number}"
        of_group = field(group, "segments", list, aggregation_file, place)
        check_ids([*of_group, field(group, "objectId", int, aggregation_file, place)], place, aggregation_file)
        for one in of_group:
            if one not in object_of:
                raise UserError(
                    f"{aggregation_file}: {place} has the segment {one}, which no vertex of {segment_file} is in; "
                    "fetch both files of the same release again"
                )
        object_of.update(dict.fromkeys(of_group, group["objectId"]))
    return np.array([object_of[one] for one in segment.tolist()], np.int32)[inverse.reshape(-1)]


def check_ids(ids: list[Any], place: str, file: Path) -> None:
    """Reject ids of segments or objects that are not whole numbers in 0..2^31 - 1."""
    for one in ids:
        if type(one) is not int or not 0 <= one <= LARGEST_ID:
            raise UserError(
                f"{file}: {place} has the number {reprlib.repr(one)}, expected whole numbers in 0..{LARGEST_ID}; "
                "fetch it again"
            )
