"""Read SemanticKITTI in its raw layout: `sequences/<split>/velodyne/<frame>.bin` and `labels/<frame>.label`.

A split is a sequence ("00" to "10"). A .bin holds float32 x, y, z in metres (origin at the sensor) and remission in
0..1; a .label one uint32 per point, its lower 16 bits the class, its upper 16 bits the instance. Classes and map:
`config/semantic-kitti.yaml` of semantic-kitti-api (Behley et al., ICCV 2019), moving classes mapped to static ones.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from openworld3d.errors import UserError
from openworld3d.raw.files import read_whole, require
from openworld3d.raw.labels import Reading, check_length, check_scan, class_of_raw_id, map_labels, number_instances
from openworld3d.scenes.scene import Scene

KEYS: dict[str, Any] = {
    "generate": {
        "description": "makes the raw scans, in place of a root",
        "type": "object",
        "additionalProperties": False,
        "required": ["sequences", "scans", "seed"],
        "properties": {
            "sequences": {"description": "streets, each a split: 00, 01, ...", "$ref": "#/$defs/count"},
            "scans": {"description": "scans of each street", "$ref": "#/$defs/count"},
            "seed": {"type": "integer", "minimum": 0},
        },
        "default": None,
    },
}

GENERATOR: str | None = "generate_streets"

TABLES: list[str] = []

CLASSES: list[str] = [
    "car",
    "bicycle",
    "motorcycle",
    "truck",
    "other-vehicle",
    "person",
    "bicyclist",
    "motorcyclist",
    "road",
    "parking",
    "sidewalk",
    "other-ground",
    "building",
    "fence",
    "vegetation",
    "trunk",
    "terrain",
    "pole",
    "traffic-sign",
]

# The things of the panoptic task, as evaluate_panoptic.py of semantic-kitti-api lists them.
THINGS: list[str] = [
    "car",
    "bicycle",
    "motorcycle",
    "truck",
    "other-vehicle",
    "person",
    "bicyclist",
    "motorcyclist",
]

CLASS_OF_RAW_ID: dict[int, str | None] = {
    0: None,  # unlabeled
    1: None,  # outlier
    10: "car",
    11: "bicycle",
    13: "other-vehicle",  # bus
    15: "motorcycle",
    16: "other-vehicle",  # on rails
    18: "truck",
    20: "other-vehicle",
    30: "person",
    31: "bicyclist",
    32: "motorcyclist",
    40: "road",
    44: "parking",
    48: "sidewalk",
    49: "other-ground",
    50: "building",
    51: "fence",
    52: None,  # other structure
    60: "road",  # lane marking
    70: "vegetation",
    71: "trunk",
    72: "terrain",
    80: "pole",
    81: "traffic-sign",
    99: None,  # other object
    252: "car",
    253: "bicyclist",
    254: "person",
    255: "motorcyclist",
    256: "other-vehicle",
    257: "other-vehicle",
    258: "truck",
    259: "other-vehicle",
}

BYTES_PER_POINT = 16
BYTES_PER_LABEL = 4
BRIGHTEST = 1


def scenes_of_split(root: Path, split: str, **keys: Any) -> list[str]:
    """Return the scenes of a sequence, `<sequence>_<frame>`, in order of the frames."""
    folder = require(root / "sequences" / split / "velodyne", f"split {split}")
    # macOS leaves ._000000.bin behind.
    files = sorted(file for file in folder.glob("*.bin") if not file.name.startswith("."))
    if not files:
        raise UserError(f"{folder}: holds no .bin file, expected one for each scan of sequence {split}")
    for file in files:
        if "_" in file.stem:
            raise UserError(f"{file}: has a _ in its name, expected the number of a frame; rename or remove the file")
    return [f"{split}_{file.stem}" for file in files]


def files_of_scene(root: Path, name: str, **keys: Any) -> list[Path]:
    """Return the files of a scan: points, labels."""
    split, frame = name.rsplit("_", 1)
    files = [f"velodyne/{frame}.bin", f"labels/{frame}.label"]
    return [require(root / "sequences" / split / file, f"scene {name}") for file in files]


def read_scene(root: Path, name: str, **keys: Any) -> Reading:
    """Read one scan: coord (N, 3) float32 in metres, intensity (N,) float32 in 0..1, label, instance."""
    points_file, label_file = files_of_scene(root, name)
    points = read_whole(points_file, np.dtype("<f4"), BYTES_PER_POINT).reshape(-1, 4)
    raw = read_whole(label_file, np.dtype("<u4"), BYTES_PER_LABEL)
    check_length(len(raw), len(points), label_file, points_file)
    check_scan(points, BRIGHTEST, points_file)
    label, void_ids = map_labels(raw & 0xFFFF, class_of_raw_id(CLASS_OF_RAW_ID, CLASSES), label_file)
    scene = Scene(
        coord=np.ascontiguousarray(points[:, :3]),
        intensity=np.ascontiguousarray(points[:, 3]),
        label=label,
        instance=number_instances(raw, raw >> 16 > 0),
        origin_is_sensor=True,
    )
    return Reading(scene, void_ids)
