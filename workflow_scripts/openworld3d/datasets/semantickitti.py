"""Read SemanticKITTI in its raw layout: `sequences/<split>/velodyne/<frame>.bin` and `labels/<frame>.label`.

A split is a sequence ("00" to "10"); files are those of `raw.kitti`, with remission in 0..1. Classes and map:
`config/semantic-kitti.yaml` of semantic-kitti-api (Behley et al., ICCV 2019), moving classes mapped to static ones.
SemanticKITTI-OoD of LIDO (arXiv 2604.23604) is read as well: its inserted objects have the raw id 2.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from openworld3d.raw.kitti import files_of_scan, read_scan, scenes_of_sequence, sequence_of
from openworld3d.raw.labels import Reading, class_of_raw_id

KEYS: dict[str, Any] = {
    "generate": {
        "description": "makes the raw scans, in place of a root",
        "type": "object",
        "additionalProperties": False,
        "required": ["sequences", "scans", "seed"],
        "properties": {
            "sequences": {
                "description": "a whole number in 1..100, streets, each a split: 00, 01, ...",
                "type": "integer",
                "minimum": 1,
                "maximum": 100,
            },
            "scans": {
                "description": "a whole number in 1..1000, scans of each street",
                "type": "integer",
                "minimum": 1,
                "maximum": 1000,
            },
            "seed": {"$ref": "#/$defs/seed"},
        },
        "default": None,
    },
}

GENERATOR: str | None = "generate_streets"

TABLES: list[str] = []

ORIGIN_IS_SENSOR: bool = True

HAS_INSTANCES: bool = True

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

# As papers on this dataset group its classes, in its order.
GROUPS: dict[str, list[str]] = {
    "vehicle": ["car", "bicycle", "motorcycle", "truck", "other-vehicle"],
    "human": ["person", "bicyclist", "motorcyclist"],
    "ground": ["road", "parking", "sidewalk", "other-ground"],
    "construction": ["building", "fence"],
    "nature": ["vegetation", "trunk", "terrain"],
    "object": ["pole", "traffic-sign"],
}

CLASS_OF_RAW_ID: dict[int, str | None] = {
    0: None,  # unlabeled
    1: None,  # outlier
    2: None,  # anomaly of STU, object of SemanticKITTI-OoD; absent from the release
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

INSERTED = 2


def scenes_of_split(root: Path, split: str, **keys: Any) -> list[str]:
    """Return the scenes of a sequence, `<sequence>_<frame>`, in order of the frames."""
    return scenes_of_sequence(root / "sequences" / split, split)


def files_of_scene(root: Path, name: str, **keys: Any) -> list[Path]:
    """Return the files of a scan: points, labels."""
    return files_of_scan(root / "sequences" / sequence_of(name), name)


def read_scene(root: Path, name: str, **keys: Any) -> Reading:
    """Read one scan: coord (N, 3) float32 in metres, intensity (N,) float32 in 0..1, label, raw, instance."""
    return read_scan(files_of_scene(root, name), class_of_raw_id(CLASS_OF_RAW_ID, CLASSES), inserted=INSERTED)
