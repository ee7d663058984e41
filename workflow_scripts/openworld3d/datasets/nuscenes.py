"""Read nuScenes-lidarseg in its raw layout: the tables of `v1.0-trainval` or `v1.0-mini`, and the files they name.

A split is one of the devkit's lists of nuScenes scenes, here called drives; a scene is one key frame, named by its
drive and its number in it, `scene-0061_00`. A .pcd.bin holds float32 x, y, z in metres (origin at the sensor),
intensity in 0..255 and ring; a _lidarseg.bin one uint8 per point, the `index` of a category. Where `panoptic.json` is
among the tables, a _panoptic.npz has `data`, uint16 per point, 1000 * category + instance, whose 0 is none. Classes
and map: the lidar segmentation challenge of nuscenes-devkit (Fong et al., arXiv 2109.03805).
"""

from __future__ import annotations

import reprlib
from collections import Counter
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from openworld3d.errors import UserError, nearest
from openworld3d.raw.files import one_line, read_whole, require
from openworld3d.raw.labels import (
    Reading,
    check_length,
    check_scan,
    class_of_raw_id,
    map_labels,
    number_instances,
    whole_numbers,
)
from openworld3d.raw.npz import read_npz
from openworld3d.raw.nuscenes_tables import (
    VERSIONS,
    folder_of_tables,
    look_up,
    missing_tables,
    read_categories,
    read_table,
)
from openworld3d.scenes.scene import NO_INSTANCE, Scene

KEYS: dict[str, Any] = {}

GENERATOR: str | None = None

TABLES: list[str] = [
    "v1.0-*/scene.json",
    "v1.0-*/sample.json",
    "v1.0-*/sample_data.json",
    "v1.0-*/lidarseg.json",
    "v1.0-*/panoptic.json",
    "v1.0-*/category.json",
]

ORIGIN_IS_SENSOR: bool = True

HAS_INSTANCES: bool = True

CLASS_OF_RAW_ID: dict[int, str | None] = {}

CLASSES: list[str] = [
    "barrier",
    "bicycle",
    "bus",
    "car",
    "construction_vehicle",
    "motorcycle",
    "pedestrian",
    "traffic_cone",
    "trailer",
    "truck",
    "driveable_surface",
    "other_flat",
    "sidewalk",
    "terrain",
    "manmade",
    "vegetation",
]

# The things of the panoptic challenge, as the README of the devkit's eval/panoptic lists them.
THINGS: list[str] = [
    "barrier",
    "bicycle",
    "bus",
    "car",
    "construction_vehicle",
    "motorcycle",
    "pedestrian",
    "traffic_cone",
    "trailer",
    "truck",
]

GROUPS: dict[str, list[str]] = {}

CLASS_OF_CATEGORY: dict[str, str | None] = {
    "noise": None,
    "animal": None,
    "human.pedestrian.adult": "pedestrian",
    "human.pedestrian.child": "pedestrian",
    "human.pedestrian.construction_worker": "pedestrian",
    "human.pedestrian.personal_mobility": None,
    "human.pedestrian.police_officer": "pedestrian",
    "human.pedestrian.stroller": None,
    "human.pedestrian.wheelchair": None,
    "movable_object.barrier": "barrier",
    "movable_object.debris": None,
    "movable_object.pushable_pullable": None,
    "movable_object.trafficcone": "traffic_cone",
    "static_object.bicycle_rack": None,
    "vehicle.bicycle": "bicycle",
    "vehicle.bus.bendy": "bus",
    "vehicle.bus.rigid": "bus",
    "vehicle.car": "car",
    "vehicle.construction": "construction_vehicle",
    "vehicle.emergency.ambulance": None,
    "vehicle.emergency.police": None,
    "vehicle.motorcycle": "motorcycle",
    "vehicle.trailer": "trailer",
    "vehicle.truck": "truck",
    "flat.driveable_surface": "driveable_surface",
    "flat.other": "other_flat",
    "flat.sidewalk": "sidewalk",
    "flat.terrain": "terrain",
    "static.manmade": "manmade",
    "static.other": None,
    "static.vegetation": "vegetation",
    "vehicle.ego": None,
}


def drives_of(ranges: str) -> list[str]:
    """Return the names of nuScenes scenes by their numbers: "1-2 4" -> scene-0001, scene-0002, scene-0004."""
    bounds = [[int(number) for number in part.split("-")] for part in ranges.split()]
    return [f"scene-{number:04d}" for bound in bounds for number in range(bound[0], bound[-1] + 1)]


# As nuscenes/utils/splits.py of the devkit lists them by name.
SPLITS: dict[str, list[str]] = {
    "train": drives_of(
        """
        1-2 4-11 19-34 41-76 120-135 138-139 149-152 154-155 157-168 170-185 187-188 190-196 199-200 202-204 206-214
        218-220 222 224-264 283-306 315-318 321 323-324 328 347-386 388-403 405-408 410-459 461-465 467-469 471-472
        474-480 499-502 504-515 517-518 525-539 541-546 566 568 570-578 580 582-600 639-679 681 683-689 695-698
        700-701 703-719 726-728 730-731 733-741 744 746-747 749-752 757-765 767-769 786-787 789-792 803-806 808-813
        815-817 819-822 847-856 858 860-866 868-873 875-878 880 882-903 945 947 949 952-953 955-961 975-984 988-992
        994-1025 1044-1058 1074-1102 1104-1110
        """
    ),
    "val": drives_of(
        """
        3 12-18 35-36 38-39 92-110 221 268-278 329-332 344-346 519-524 552-565 625-627 629-630 632-638 770-771 775
        777-778 780-784 794-800 802 904-917 919-931 962-963 966-969 971-972 1059-1073
        """
    ),
    "mini_train": drives_of("61 553 655 757 796 1077 1094 1100"),
    "mini_val": drives_of("103 916"),
}

BYTES_PER_POINT = 20
BYTES_PER_LABEL = 1
BRIGHTEST = 255
INSTANCES_PER_CATEGORY = 1000


class Scan(NamedTuple):
    """The files of one key frame, relative to the root; `instances` is None without the panoptic extension."""

    points: str
    labels: str
    instances: str | None


def scenes_of_split(root: Path, split: str, **keys: Any) -> list[str]:
    """Return the scenes of a split's drives, `<drive>_<number>`, in order of time within a drive."""
    if split not in SPLITS:
        raise UserError(
            f"{root}: nuScenes has no split {split!r}{nearest(split, SPLITS)}; choose one of {', '.join(SPLITS)}"
        )
    folder, trainval = folder_of_tables(root), root / VERSIONS[0]
    if split in ("train", "val") and trainval.is_dir() and folder != trainval:
        raise UserError(
            f"{trainval}: lacks {', '.join(missing_tables(trainval))}, which split {split} needs; unpack the release "
            f"there, or choose mini_train and mini_val, whose tables are in {folder.name}"
        )
    scans, file = scans_of_drives(root), folder / "scene.json"
    counts = {drive: len(look_up(scans, drive, file, f"split {split}")) for drive in SPLITS[split]}
    return [f"{drive}_{number:02d}" for drive, count in counts.items() for number in range(count)]


def files_of_scene(root: Path, name: str, **keys: Any) -> list[Path]:
    """Return the files of a scan, and the table that gives its labels their meaning."""
    return [*files_of_scan(root, name), require(folder_of_tables(root) / "category.json", "every scene")]


def files_of_scan(root: Path, name: str) -> list[Path]:
    """Return the files of a scan: points, labels and, with the panoptic extension, instances."""
    drive, number = name.split("_")
    scan = scans_of_drives(root)[drive][int(number)]
    return [require(root / file, f"scene {name}") for file in scan if file is not None]


def read_scene(root: Path, name: str, **keys: Any) -> Reading:
    """Read one scan: coord (N, 3) float32 in metres, intensity (N,) float32 in 0..1, label, instance."""
    points_file, label_file, *instance_files = files_of_scan(root, name)
    points = read_whole(points_file, np.dtype("<f4"), BYTES_PER_POINT).reshape(-1, 5)
    raw = read_whole(label_file, np.dtype("u1"), BYTES_PER_LABEL)
    check_length(len(raw), len(points), label_file, points_file)
    check_scan(points, BRIGHTEST, points_file)
    instance = np.full(len(points), NO_INSTANCE, np.int32)
    for file in instance_files:
        instance = read_instances(file, len(points), points_file)
    label, void_ids = map_labels(raw, class_of_raw_id(class_of_index(root), CLASSES), label_file)
    scene = Scene(
        coord=np.ascontiguousarray(points[:, :3]),
        intensity=points[:, 3] / np.float32(BRIGHTEST),
        label=label,
        instance=instance,
        origin_is_sensor=True,
    )
    return Reading(scene, void_ids)


def read_instances(file: Path, points: int, points_file: Path) -> np.ndarray:
    """Read the instance of each point, -1 where none: (N,) int32."""
    ids = whole_numbers(read_npz(file, ["data"])["data"], "data", file)
    check_length(len(ids), points, file, points_file)
    return number_instances(ids, ids % INSTANCES_PER_CATEGORY > 0)


@lru_cache(maxsize=None)
def class_of_index(root: Path) -> dict[int, str | None]:
    """Return the class of each raw id by the table of categories, None where void."""
    file = folder_of_tables(root) / "category.json"
    rows = read_categories(file)
    for row in rows:
        if row["name"] not in CLASS_OF_CATEGORY:
            raise UserError(
                f"{file}: names the category {reprlib.repr(row['name'])}, which is neither a class nor void in the "
                "map; take the file that comes with nuScenes-lidarseg or add the category to the map"
            )
    twins = [index for index, count in Counter(row["index"] for row in rows).items() if count > 1]
    if twins:
        raise UserError(
            f"{file}: gives two categories the index {twins[0]}, expected one each; fetch the table again"
        )
    return {row["index"]: CLASS_OF_CATEGORY[row["name"]] for row in rows}


@lru_cache(maxsize=None)
def scans_of_drives(root: Path) -> dict[str, list[Scan]]:
    """Return the scans of each drive in order of time."""
    folder = folder_of_tables(root)
    drives = {row["token"]: row["name"] for row in read_table(folder / "scene.json", {"token": str, "name": str})}
    samples = read_table(folder / "sample.json", {"token": str, "scene_token": str, "timestamp": int})
    scan_of_sample = scans_of_samples(folder)
    scans: dict[str, list[Scan]] = {drive: [] for drive in drives.values()}
    for row in sorted(samples, key=lambda row: row["timestamp"]):
        sample = f"sample {one_line(row['token'])}"
        drive = look_up(drives, row["scene_token"], folder / "scene.json", sample)
        scans[drive].append(look_up(scan_of_sample, row["token"], folder / "lidarseg.json", sample))
    return scans


def scans_of_samples(folder: Path) -> dict[str, Scan]:
    """Return the scans that have labels, by the token of their sample."""
    labels = files_of_labels(folder / "lidarseg.json")
    panoptic_file = folder / "panoptic.json"
    instances = files_of_labels(panoptic_file) if panoptic_file.exists() else None
    points_file = folder / "sample_data.json"
    fields = {"token": str, "sample_token": str, "filename": str}
    points = {row["token"]: row for row in read_table(points_file, fields, labels)}
    scans = {}
    for token, file in labels.items():
        row = look_up(points, token, points_file, file)
        instance = None if instances is None else look_up(instances, token, panoptic_file, file)
        scans[row["sample_token"]] = Scan(row["filename"], file, instance)
    return scans


def files_of_labels(table: Path) -> dict[str, str]:
    """Return the files that a table names, by the token of their row in sample_data."""
    rows = read_table(table, {"sample_data_token": str, "filename": str})
    return {row["sample_data_token"]: row["filename"] for row in rows}
