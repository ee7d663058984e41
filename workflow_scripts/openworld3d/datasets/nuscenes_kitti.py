"""Read nuScenes-lidarseg as nuscenes2kitti converts it: `sequences/<drive>/velodyne/<frame>.bin` and `labels/...`.

A split is one of the devkit's lists, as in the layout `nuscenes`, or a drive by its number ("0003"); files are those
of `raw.kitti`, with intensity in 0..255 unless it was converted to a share, and `index` of category.json as raw id.
nuScenes-OoD of LIDO (arXiv 2604.23604) has this layout: its inserted objects have the raw id 100.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from openworld3d.datasets.nuscenes import CLASSES, GROUPS, SPLITS, THINGS  # noqa: F401
from openworld3d.datasets.semantickitti import HAS_INSTANCES, ORIGIN_IS_SENSOR, TABLES, files_of_scene  # noqa: F401
from openworld3d.raw.kitti import read_scan, scenes_of_sequence
from openworld3d.raw.labels import Reading, class_of_raw_id

KEYS: dict[str, Any] = {
    "intensity_full": {
        "description": "the intensity from which on a point counts as brightest, a number above 0",
        "type": "number",
        "exclusiveMinimum": 0,
        "default": 255,
    },
}

GENERATOR: str | None = None

CLASS_OF_RAW_ID: dict[int, str | None] = {
    0: None,  # noise
    1: None,  # animal
    2: "pedestrian",  # adult
    3: "pedestrian",  # child
    4: "pedestrian",  # construction worker
    5: None,  # personal mobility
    6: "pedestrian",  # police officer
    7: None,  # stroller
    8: None,  # wheelchair
    9: "barrier",
    10: None,  # debris
    11: None,  # pushable, pullable
    12: "traffic_cone",
    13: None,  # bicycle rack
    14: "bicycle",
    15: "bus",  # bendy
    16: "bus",  # rigid
    17: "car",
    18: "construction_vehicle",
    19: None,  # ambulance
    20: None,  # police
    21: "motorcycle",
    22: "trailer",
    23: "truck",
    24: "driveable_surface",
    25: "other_flat",
    26: "sidewalk",
    27: "terrain",
    28: "manmade",
    29: None,  # static, other
    30: "vegetation",
    31: None,  # the car that carries the sensor
    100: None,  # object of nuScenes-OoD, absent from the release
}

INSERTED = 100


def scenes_of_split(root: Path, split: str, **keys: Any) -> list[str]:
    """Return the scenes of a split's drives, `<drive>_<frame>`, in order of the frames within a drive."""
    drives = [name[len("scene-") :] for name in SPLITS[split]] if split in SPLITS else [split]
    return [name for drive in drives for name in scenes_of_sequence(root / "sequences" / drive, drive)]


def read_scene(root: Path, name: str, **keys: Any) -> Reading:
    """Read one scan: coord (N, 3) float32 in metres, intensity (N,) float32 in 0..1, label, raw, instance.

    Intensities above full brightness are clipped to it.
    """
    index_of = class_of_raw_id(CLASS_OF_RAW_ID, CLASSES)
    return read_scan(files_of_scene(root, name), index_of, keys["intensity_full"], INSERTED)
