"""Read STU in its raw layout: `<split>/velodyne/<frame>.bin` and `<split>/labels/<frame>.label`.

A split is a sequence ("125"), in the root or in a folder of it (`val/125`). Files are those of `raw.kitti`, but for
intensities above 1 and for rows where x, y and z are 0, since the sensor had no return: each scan has 131,072 rows.
They are left out, and `Scene.is_point` says which. Raw ids (Nekrasov et al., CVPR 2025): 0 void, 1 inlier, 2 anomaly;
in sequences 201 and 206 those of SemanticKITTI. Classes and map are SemanticKITTI's, so that 1 and 2 have no class: a
protocol says that the one is known and the other unknown.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from openworld3d.datasets.semantickitti import (  # noqa: F401
    CLASS_OF_RAW_ID,
    CLASSES,
    GROUPS,
    HAS_INSTANCES,
    ORIGIN_IS_SENSOR,
    TABLES,
    THINGS,
)
from openworld3d.errors import UserError
from openworld3d.raw.kitti import files_of_scan, read_scan, scenes_of_sequence, sequence_of
from openworld3d.raw.labels import Reading, class_of_raw_id
from openworld3d.scenes.scene import VOID, points_of_ids

KEYS: dict[str, Any] = {
    "generate": {
        "description": "makes the raw scans, in place of a root",
        "type": "object",
        "additionalProperties": False,
        "required": ["sequences", "scans", "anomalies", "seed"],
        "properties": {
            "sequences": {
                "description": "a whole number in 1..100, streets, each a split: 100, 101, ...",
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
            "anomalies": {
                "description": "the number of objects of no class in each street, 1 to 10",
                "type": "integer",
                "minimum": 1,
                "maximum": 10,
            },
            "seed": {"$ref": "#/$defs/seed"},
        },
        "default": None,
    },
    "intensity_full": {
        "description": "the intensity from which on a point counts as brightest, a number above 0",
        "type": "number",
        "exclusiveMinimum": 0,
        "default": 1,
    },
}

GENERATOR: str | None = "generate_street_anomalies"


def scenes_of_split(root: Path, split: str, **keys: Any) -> list[str]:
    """Return the scenes of a sequence, `<sequence>_<frame>`, in order of the frames."""
    return scenes_of_sequence(folder_of_sequence(root, split), split)


def folder_of_sequence(root: Path, sequence: str) -> Path:
    """Return the folder of a sequence, in the root or in one of its folders; raises UserError where it is in two."""
    places = [root, *sorted(place for place in root.iterdir() if place.is_dir() and not place.name.startswith("."))]
    folders = [place / sequence for place in places if (place / sequence / "velodyne").exists()]
    if len(folders) > 1:
        raise UserError(
            f"{folders[0]}: is sequence {sequence}, and so is {folders[1]}, expected one of them; remove the other, "
            "or set the dataset's root to the folder that holds one of them"
        )
    return folders[0] if folders else root / sequence


def files_of_scene(root: Path, name: str, **keys: Any) -> list[Path]:
    """Return the files of a scan: points, labels."""
    return files_of_scan(folder_of_sequence(root, sequence_of(name)), name)


def read_scene(root: Path, name: str, **keys: Any) -> Reading:
    """Read one scan: coord (N, 3) float32 in metres, intensity (N,) float32 in 0..1, label, raw, instance, is_point.

    Intensities above full brightness are clipped to it.
    """
    files = files_of_scene(root, name)
    reading = read_scan(files, class_of_raw_id(CLASS_OF_RAW_ID, CLASSES), keys["intensity_full"])
    is_point: np.ndarray = np.any(reading.scene.coord, axis=1)
    if is_point.all():
        return reading
    if not is_point.any():
        raise UserError(
            f"{files[0]}: has rows of zeros alone, expected at least one point; remove the scan or fetch it again"
        )
    scene = replace(reading.scene.take(is_point), is_point=is_point)
    assert scene.raw is not None
    return reading._replace(scene=scene, void_ids=points_of_ids(scene.raw[scene.label == VOID]))
