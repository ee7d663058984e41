"""Read SemanticPOSS in its raw layout: `sequences/<split>/velodyne/<frame>.bin` and `labels/<frame>.label`.

A split is a sequence ("00" to "05", of which "02" evaluates); files are those of `raw.kitti`. Classes and map: the 13
of Pan et al. (IV 2020), as `config/semantic-poss.yaml` of semantic-poss-api has them. SemanticPOSS-OoD of LIDO
(arXiv 2604.23604) is read as well: its inserted objects have the raw id 2.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from openworld3d.datasets.semantickitti import (  # noqa: F401
    HAS_INSTANCES,
    ORIGIN_IS_SENSOR,
    TABLES,
    files_of_scene,
    scenes_of_split,
)
from openworld3d.raw.kitti import read_scan
from openworld3d.raw.labels import Reading, class_of_raw_id

KEYS: dict[str, Any] = {
    "intensity_full": {
        "description": "the intensity from which on a point counts as brightest, a number above 0",
        "type": "number",
        "exclusiveMinimum": 0,
        "default": 1,
    },
}

GENERATOR: str | None = None

CLASSES: list[str] = [
    "person",
    "rider",
    "car",
    "trunk",
    "plants",
    "traffic sign",
    "pole",
    "trashcan",
    "building",
    "cone/stone",
    "fence",
    "bike",
    "ground",
]

THINGS: list[str] = ["person", "rider", "car", "bike"]

GROUPS: dict[str, list[str]] = {}

CLASS_OF_RAW_ID: dict[int, str | None] = {
    0: None,  # unlabeled
    1: None,  # a few points; LIDO's map has the id, semantic-poss-api has not
    2: None,  # object of SemanticPOSS-OoD, absent from the release
    4: "person",
    5: "person",  # two and more
    6: "rider",
    7: "car",
    8: "trunk",
    9: "plants",
    10: "traffic sign",  # standing
    11: "traffic sign",  # hanging
    12: "traffic sign",  # high, or hanging and large
    13: "pole",
    14: "trashcan",
    15: "building",
    16: "cone/stone",
    17: "fence",
    18: None,  # wrong label
    19: None,  # wrong label
    20: None,  # wrong label
    21: "bike",
    22: "ground",
}

INSERTED = 2


def read_scene(root: Path, name: str, **keys: Any) -> Reading:
    """Read one scan: coord (N, 3) float32 in metres, intensity (N,) float32 in 0..1, label, raw, instance.

    Intensities above full brightness are clipped to it.
    """
    index_of = class_of_raw_id(CLASS_OF_RAW_ID, CLASSES)
    return read_scan(files_of_scene(root, name), index_of, keys["intensity_full"], INSERTED)
