"""Read ScanNet v2 in its raw layout: `scans/<scene>/<scene>_vh_clean_2.ply` and the lists `scannetv2_<split>.txt`.

A split is the name of a list. A vertex has x, y, z in metres and red, green, blue in 0..255; the labels file has the
same vertices with their NYU40 id; segments and aggregation tell the instances, none where both files are missing.
Normals are those of the mesh, whose triangles are beside the vertices.
Classes: the 20-class benchmark of ScanNet (Dai et al., CVPR 2017), column `nyu40id` of its label table; every other
NYU40 id, 0, and the release's stray ids are void.
"""

from __future__ import annotations

import reprlib
from pathlib import Path
from typing import Any

import numpy as np

from openworld3d.errors import UserError
from openworld3d.raw.files import field, read_json, read_text, require
from openworld3d.raw.labels import Reading, check_length, class_of_raw_id, map_labels, recentre, whole_numbers
from openworld3d.raw.mesh import read_triangles, vertex_normals
from openworld3d.raw.ply import read_ply
from openworld3d.scenes.scene import NO_INSTANCE, Scene

KEYS: dict[str, Any] = {
    "generate": {
        "description": "makes the raw scans, in place of a root",
        "type": "object",
        "additionalProperties": False,
        "required": ["train", "val", "seed", "spacing"],
        "properties": {
            "train": {
                "description": "a whole number in 1..5000, scenes of the split train",
                "type": "integer",
                "minimum": 1,
                "maximum": 5000,
            },
            "val": {
                "description": "a whole number in 1..5000, scenes of the split val",
                "type": "integer",
                "minimum": 1,
                "maximum": 5000,
            },
            "seed": {"$ref": "#/$defs/seed"},
            "spacing": {
                "description": "a number in 0.01..0.1, metres between points of a surface",
                "type": "number",
                "minimum": 0.01,
                "maximum": 0.1,
            },
        },
        "default": None,
    },
    "normals": {
        "description": "true or false, whether points have normals, of the mesh; default false",
        "type": "boolean",
        "default": False,
    },
}

GENERATOR: str | None = "generate_rooms"

TABLES: list[str] = []

ORIGIN_IS_SENSOR: bool = False

HAS_INSTANCES: bool = True

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

GROUPS: dict[str, list[str]] = {}

LARGEST_ID = 2**31 - 1
CLASS_OF_RAW_ID: dict[int, str | None] = {
    0: None,
    1: "wall",
    2: "floor",
    3: "cabinet",
    4: "bed",
    5: "chair",
    6: "sofa",
    7: "table",
    8: "door",
    9: "window",
    10: "bookshelf",
    11: "picture",
    12: "counter",
    13: None,
    14: "desk",
    15: None,
    16: "curtain",
    17: None,
    18: None,
    19: None,
    20: None,
    21: None,
    22: None,
    23: None,
    24: "refrigerator",
    25: None,
    26: None,
    27: None,
    28: "shower curtain",
    29: None,
    30: None,
    31: None,
    32: None,
    33: "toilet",
    34: "sink",
    35: None,
    36: "bathtub",
    37: None,
    38: None,
    39: "otherfurniture",
    40: None,
    # Of no NYU40 class; a few vertices of scene0270_00, scene0270_02 and scene0384_00 of the release have them.
    50: None,
    149: None,
}
STRAY_IDS = (50, 149)
NYU40_OF_CLASS: dict[str, int] = {name: raw_id for raw_id, name in CLASS_OF_RAW_ID.items() if name is not None}
POINTS, LABELS = "_vh_clean_2.ply", "_vh_clean_2.labels.ply"
SEGMENTS, AGGREGATION = "_vh_clean_2.0.010000.segs.json", ".aggregation.json"


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
    """Return the files of a scene: points, labels and, where one of them is there, segments and aggregation."""
    points, labels, *of_instances = (
        root / "scans" / name / f"{name}{ending}" for ending in (POINTS, LABELS, SEGMENTS, AGGREGATION)
    )
    files = [require(file, f"scene {name}") for file in (points, labels)]
    there = [file.name for file in of_instances if file.exists()]
    return [*files, *(require(file, f"{there[0]} beside it") for file in of_instances if there)]


def read_scene(root: Path, name: str, normals: bool = False, **keys: Any) -> Reading:
    """Read one scan: coord (N, 3) float32 in metres, color (N, 3) uint8, label, raw, instance; normal if wanted."""
    points_file, label_file, *of_instances = files_of_scene(root, name)
    vertex = read_ply(points_file, ["coord", "color"])
    raw = whole_numbers(read_ply(label_file, ["label"])["label"], "label", label_file)
    check_length(len(raw), len(vertex["coord"]), label_file, points_file)
    coord, shift = recentre(vertex["coord"].astype(np.float64), points_file)
    label, void_ids = map_labels(raw, class_of_raw_id(CLASS_OF_RAW_ID, CLASSES), label_file)
    strays = {stray: void_ids[str(stray)] for stray in STRAY_IDS if str(stray) in void_ids}
    notes = [f"The stray id {stray} of the release is void (points: {points})" for stray, points in strays.items()]
    instance = np.full(len(coord), NO_INSTANCE, np.int32)
    if of_instances:
        instance, twice = read_instances(of_instances[0], of_instances[1], len(coord), points_file)
        notes += [f"Of two objects that share segments the later one has them (segments: {twice})"] if twice else []
    scene = Scene(
        coord=coord,
        color=whole_colours(vertex["color"], points_file),
        label=label,
        raw=raw.astype(np.uint16),
        instance=instance,
        normal=vertex_normals(coord, read_triangles(points_file, len(coord))) if normals else None,
    )
    return Reading(scene, void_ids, shift, notes=tuple(notes))


def whole_colours(values: np.ndarray, file: Path) -> np.ndarray:
    """Return colours as uint8; raises UserError for one outside 0..255 or a fraction: (N, 3) -> (N, 3) uint8."""
    wrong = np.flatnonzero(~((values >= 0) & (values <= 255) & (values == np.floor(values))).all(1))
    if len(wrong):
        raise UserError(
            f"{file}: point {wrong[0]} has the colour {values[wrong[0]].tolist()}, expected whole numbers in 0..255; "
            "fetch it again"
        )
    return values.astype(np.uint8)


def read_instances(
    segment_file: Path, aggregation_file: Path, points: int, points_file: Path
) -> tuple[np.ndarray, int]:
    """Read the object of each vertex, -1 where none: (N,) int32; and how many segments are of two objects."""
    ids = field(read_json(segment_file), "segIndices", list, segment_file, "the file")
    check_length(len(ids), points, segment_file, points_file)
    check_ids(ids, "segIndices", segment_file)
    segment, inverse = np.unique(np.array(ids, np.int64), return_inverse=True)
    object_of = dict.fromkeys(segment.tolist(), NO_INSTANCE)
    groups = field(read_json(aggregation_file), "segGroups", list, aggregation_file, "the file")
    twice = 0
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
        # In scene0217_00 of the release every object is listed twice, under two ids.
        twice += sum(object_of[one] not in (NO_INSTANCE, group["objectId"]) for one in set(of_group))
        object_of.update(dict.fromkeys(of_group, group["objectId"]))
    return np.array([object_of[one] for one in segment.tolist()], np.int32)[inverse.reshape(-1)], twice


def check_ids(ids: list[Any], place: str, file: Path) -> None:
    """Reject ids of segments or objects that are not whole numbers in 0..2^31 - 1."""
    for one in ids:
        if type(one) is not int or not 0 <= one <= LARGEST_ID:
            raise UserError(
                f"{file}: {place} has the number {reprlib.repr(one)}, expected whole numbers in 0..{LARGEST_ID}; "
                "fetch it again"
            )
