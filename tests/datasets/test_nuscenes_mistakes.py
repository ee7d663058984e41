"""Each way in which the files and tables of nuScenes can be wrong."""

from __future__ import annotations

from pathlib import Path
from typing import Callable

import numpy as np
import pytest
from tests.datasets.test_nuscenes import (
    INSTANCE_FILE,
    LABEL_FILE,
    NAME,
    POINTS,
    POINTS_FILE,
    RAW,
    VERSION,
    read_rows,
    write_array,
    write_instances,
    write_mini,
    write_table,
)

from openworld3d.datasets.nuscenes import read_scene
from openworld3d.errors import UserError

Mistake = Callable[[Path], object]


def drop(table: str, position: int) -> Mistake:
    def mistake(root: Path) -> None:
        rows = read_rows(root, table)
        del rows[position]
        write_table(root, table, rows)

    return mistake


def drop_field(table: str, field: str) -> Mistake:
    def mistake(root: Path) -> None:
        write_table(root, table, [{k: v for k, v in row.items() if k != field} for row in read_rows(root, table)])

    return mistake


def missing(file: str) -> Mistake:
    return lambda root: (root / file).unlink()


def truncate(root: Path) -> None:
    (root / POINTS_FILE).write_bytes((root / POINTS_FILE).read_bytes()[:-3])


def not_json(root: Path) -> None:
    (root / VERSION / "sample.json").write_text('[{"token": "first"')


def strange_category(root: Path) -> None:
    write_table(root, "category", [*read_rows(root, "category"), {"name": "vehicle.tram", "index": 32}])


def no_archive(root: Path) -> None:
    write_instances(root, np.zeros(4))
    (root / INSTANCE_FILE).write_bytes((root / INSTANCE_FILE).read_bytes()[:40])


def no_instances_of_first(root: Path) -> None:
    write_instances(root, np.zeros(4))
    drop("panoptic", 0)(root)


def change(table: str, position: int, field: str, value: object) -> Mistake:
    def mistake(root: Path) -> None:
        rows = read_rows(root, table)
        rows[position][field] = value
        write_table(root, table, rows)

    return mistake


def replace(table: str, text: bytes) -> Mistake:
    return lambda root: (root / VERSION / f"{table}.json").write_bytes(text)


def intensity(value: float) -> Mistake:
    points = POINTS.copy()
    points[2, 3] = value
    return lambda root: write_array(root, POINTS_FILE, points)


def instances(**arrays: np.ndarray) -> Mistake:
    def mistake(root: Path) -> None:
        write_instances(root, np.zeros(4))
        np.savez(root / INSTANCE_FILE, **arrays)  # type: ignore[arg-type]

    return mistake


def without_points(root: Path) -> None:
    for file in (POINTS_FILE, LABEL_FILE):
        write_array(root, file, RAW[:0])


MISTAKES: dict[str, tuple[Mistake, str]] = {
    "truncated points": (truncate, "first.pcd.bin: is 77 bytes long, expected a multiple of 20"),
    "labels of another length": (
        lambda root: write_array(root, LABEL_FILE, RAW[:3]),
        "first_lidarseg.bin: holds 3 labels, expected 4",
    ),
    "id of no category": (
        lambda root: write_array(root, LABEL_FILE, np.array([17, 9, 32, 0], np.uint8)),
        "first_lidarseg.bin: point 2 has the raw label 32",
    ),
    "coordinate that is not finite": (
        lambda root: write_array(root, POINTS_FILE, POINTS * np.array([[1], [np.nan], [1], [1]], "<f4")),
        "first.pcd.bin: point 1 has the coordinate",
    ),
    "coordinate beyond what a LiDAR sees": (
        lambda root: write_array(root, POINTS_FILE, POINTS * np.array([[1], [1e7], [1], [1]], "<f4")),
        "first.pcd.bin: point 1 lies at [40000000.0, 50000000.0, 60000000.0], expected metres from the sensor",
    ),
    "intensity that is no number": (
        intensity(np.nan),
        "first.pcd.bin: point 2 has the intensity nan, expected 0 to 255",
    ),
    "intensity beyond its range": (
        intensity(256),
        "first.pcd.bin: point 2 has the intensity 256.0, expected 0 to 255",
    ),
    "no point at all": (
        without_points,
        "first.pcd.bin: holds no point, expected at least one",
    ),
    "no points": (missing(POINTS_FILE), f"first.pcd.bin: does not exist, though scene {NAME} needs it"),
    "no labels": (missing(LABEL_FILE), f"first_lidarseg.bin: does not exist, though scene {NAME} needs it"),
    "strange category": (strange_category, "category.json: names the category 'vehicle.tram', which is neither"),
    "categories of nuScenes without lidarseg": (
        drop_field("category", "index"),
        "category.json: a row has no 'index', as in the category.json of plain nuScenes; take the one that comes",
    ),
    "one category without an index": (
        lambda root: write_table(root, "category", [*read_rows(root, "category"), {"name": "animal"}]),
        "category.json: a row has no 'index', expected a whole number;",
    ),
    "no category": (replace("category", b"[]"), "first_lidarseg.bin: point 3 has the raw label 0, which is neither"),
    "categories that are no objects": (replace("category", b"[[]]"), "category.json: is not a list of rows;"),
    "no table": (missing(f"{VERSION}/lidarseg.json"), "lidarseg.json: does not exist, though every scene needs it"),
    "table cut short": (not_json, "sample.json: is not JSON"),
    "drive of no scene": (drop("scene", 1), "scene.json: has no row for drive, though sample first needs it"),
    "scan of no data": (drop("sample_data", 2), "sample_data.json: has no row for first-lidar, though lidarseg/"),
    "sample without labels": (drop("lidarseg", 1), "lidarseg.json: has no row for first, though sample first"),
    "scan without instances": (no_instances_of_first, "panoptic.json: has no row for first-lidar, though lidarseg/"),
    "table that is no list": (replace("scene", b'{"token": "a", "name": "b"}'), "scene.json: is not a list of rows;"),
    "row that is no object": (replace("scene", b"[7]"), "scene.json: is not a list of rows;"),
    "row that is null": (replace("sample_data", b"[null]"), "sample_data.json: is not a list of rows;"),
    "table that is not UTF-8": (replace("scene", b'["\xff"]'), "scene.json: cannot be read as UTF-8 ("),
    "table nested without end": (replace("scene", b"[" * 10**5), "scene.json: is not JSON ("),
    "number of too many digits": (replace("scene", b"[" + b"9" * 5000 + b"]"), "scene.json: is n"),
    "token that is a number": (change("scene", 1, "token", 7), "scene.json: a row has the token 7, expected a str"),
    "token that is a list": (
        change("sample_data", 2, "token", ["first-lidar"]),
        "sample_data.json: a row has the token ['first-lidar'], expected a string;",
    ),
    "time that is a text": (
        change("sample", 0, "timestamp", "noon"),
        "sample.json: a row has the timestamp 'noon', expected a whole number;",
    ),
    "time that is no number": (
        change("sample", 0, "timestamp", float("nan")),
        "sample.json: a row has the timestamp nan, expected a whole number;",
    ),
    "category whose index is a text": (
        change("category", 3, "index", "3"),
        "category.json: a row has the index '3', expected a whole number;",
    ),
    "two categories of one index": (
        change("category", 3, "index", 17),
        "category.json: gives two categories the index 17, expected one each;",
    ),
    "file outside the root": (
        change("lidarseg", 1, "filename", "../first.bin"),
        "lidarseg.json: names the path '../first.bin', expected one below the dataset's root;",
    ),
    "file from the disk's root": (
        change("sample_data", 2, "filename", "/etc/passwd"),
        "sample_data.json: names the path '/etc/passwd', expected one below the dataset's root;",
    ),
    "file of no name": (
        change("sample_data", 2, "filename", ""),
        "sample_data.json: names the path '', expected one",
    ),
    "file with a NUL in its name": (
        change("sample_data", 2, "filename", "a\0b"),
        "sample_data.json: names the path 'a\\x00b', expected one below",
    ),
    "instances that are not whole": (
        instances(data=np.array([0, 1, 1.5, 2])),
        "first_panoptic.npz: point 2 has the data 1.5, expected whole numbers",
    ),
    "instances in two columns": (
        instances(data=np.zeros((4, 2), int)),
        "first_panoptic.npz: its data is int64 of shape (4, 2), expected numbers of shape (4,)",
    ),
    "instances under another name": (
        instances(date=RAW),
        "first_panoptic.npz: has no attribute data, did you mean d",
    ),
    "instances that are no archive": (no_archive, "first_panoptic.npz: cannot be read as an .npz of arrays"),
    "instances of another length": (
        lambda root: write_instances(root, np.zeros(5)),
        "first_panoptic.npz: holds 5 labels, expected 4",
    ),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_mistake_is_a_sentence(tmp_path: Path, name: str) -> None:
    mistake, sentence = MISTAKES[name]
    write_mini(tmp_path)
    mistake(tmp_path)
    with pytest.raises(UserError) as told:
        read_scene(tmp_path, NAME)
    assert sentence in str(told.value)
