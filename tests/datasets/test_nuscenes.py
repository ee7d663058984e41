from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Callable

import numpy as np
import pytest

from openworld3d.datasets.nuscenes import CLASS_OF_CATEGORY, CLASSES, THINGS, read_scene, scenes_of_split
from openworld3d.errors import UserError
from openworld3d.scene import VOID

VERSION = "v1.0-mini"
Mistake = Callable[[Path], object]
NAME = "scene-0103_00"
POINTS = np.array([[1, 2, 3, 255, 0], [4, 5, 6, 51, 1], [7, 8, 9, 0, 2], [1, 1, 1, 102, 31]], "<f4")
RAW = np.array([17, 9, 24, 0], np.uint8)  # car, barrier, driveable surface, noise
POINTS_FILE = "samples/LIDAR_TOP/first.pcd.bin"
LABEL_FILE = f"lidarseg/{VERSION}/first_lidarseg.bin"
INSTANCE_FILE = f"panoptic/{VERSION}/first_panoptic.npz"

# The category table as nuScenes-lidarseg has it, and the challenge's class of each, from the README of eval/panoptic.
CHALLENGE = {
    "noise": "void",
    "animal": "void",
    "human.pedestrian.adult": "pedestrian",
    "human.pedestrian.child": "pedestrian",
    "human.pedestrian.construction_worker": "pedestrian",
    "human.pedestrian.personal_mobility": "void",
    "human.pedestrian.police_officer": "pedestrian",
    "human.pedestrian.stroller": "void",
    "human.pedestrian.wheelchair": "void",
    "movable_object.barrier": "barrier",
    "movable_object.debris": "void",
    "movable_object.pushable_pullable": "void",
    "movable_object.trafficcone": "traffic_cone",
    "static_object.bicycle_rack": "void",
    "vehicle.bicycle": "bicycle",
    "vehicle.bus.bendy": "bus",
    "vehicle.bus.rigid": "bus",
    "vehicle.car": "car",
    "vehicle.construction": "construction_vehicle",
    "vehicle.emergency.ambulance": "void",
    "vehicle.emergency.police": "void",
    "vehicle.motorcycle": "motorcycle",
    "vehicle.trailer": "trailer",
    "vehicle.truck": "truck",
    "flat.driveable_surface": "driveable_surface",
    "flat.other": "other_flat",
    "flat.sidewalk": "sidewalk",
    "flat.terrain": "terrain",
    "static.manmade": "manmade",
    "static.other": "void",
    "static.vegetation": "vegetation",
    "vehicle.ego": "void",
}


def write_table(root: Path, name: str, rows: list[dict[str, Any]]) -> None:
    (root / VERSION).mkdir(exist_ok=True)
    (root / VERSION / f"{name}.json").write_text(json.dumps(rows, indent=0))


def read_rows(root: Path, name: str) -> list[dict[str, Any]]:
    return json.loads((root / VERSION / f"{name}.json").read_text())


def write_array(root: Path, file: str, array: np.ndarray) -> None:
    (root / file).parent.mkdir(parents=True, exist_ok=True)
    array.tofile(str(root / file))


def write_instances(root: Path, ids: np.ndarray) -> None:
    (root / INSTANCE_FILE).parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(str(root / INSTANCE_FILE), data=ids.astype(np.uint16))
    write_table(root, "panoptic", [label_row("first", INSTANCE_FILE), label_row("second", INSTANCE_FILE)])


def label_row(frame: str, file: str) -> dict[str, Any]:
    return {"token": f"{frame}-lidar", "sample_data_token": f"{frame}-lidar", "filename": file}


def data_row(token: str, sample: str, file: str) -> dict[str, Any]:
    return {"token": token, "sample_token": sample, "filename": file, "is_key_frame": True, "prev": ""}


def write_mini(root: Path) -> None:
    """Write nuScenes mini with two key frames, the later first in the tables, and the two drives of `mini_val`."""
    write_table(
        root,
        "scene",
        [{"token": "empty", "name": "scene-0916"}, {"token": "drive", "name": "scene-0103", "description": "rain"}],
    )
    samples = [("second", 1532402928147847), ("first", 1532402927647951)]
    write_table(
        root, "sample", [{"token": name, "scene_token": "drive", "timestamp": time} for name, time in samples]
    )
    second = f"lidarseg/{VERSION}/second_lidarseg.bin"
    write_table(
        root,
        "sample_data",
        [
            data_row("second-lidar", "second", "samples/LIDAR_TOP/second.pcd.bin"),
            data_row("first-camera", "first", "samples/CAM_FRONT/first.jpg"),
            data_row("first-lidar", "first", POINTS_FILE),
            data_row("first-sweep", "first", "sweeps/LIDAR_TOP/first.pcd.bin"),
        ],
    )
    write_table(root, "lidarseg", [label_row("second", second), label_row("first", LABEL_FILE)])
    write_table(root, "category", [{"name": name, "index": index} for index, name in enumerate(CHALLENGE)])
    write_array(root, POINTS_FILE, POINTS)
    write_array(root, LABEL_FILE, RAW)
    write_array(root, "samples/LIDAR_TOP/second.pcd.bin", POINTS[:2])
    write_array(root, second, RAW[2:])


@pytest.fixture
def root(tmp_path: Path) -> Path:
    write_mini(tmp_path)
    return tmp_path


def test_scene_by_hand(root: Path) -> None:
    assert scenes_of_split(root, "mini_val") == ["scene-0103_00", "scene-0103_01"]
    scene = read_scene(root, NAME).scene
    assert scene.coord.tolist() == POINTS[:, :3].tolist()
    assert scene.intensity is not None
    assert scene.intensity.dtype == np.float32
    assert scene.intensity.tolist() == pytest.approx([1, 0.2, 0, 0.4])
    assert scene.label.tolist() == [3, 0, 10, VOID]
    assert scene.instance.tolist() == [-1, -1, -1, -1]
    assert read_scene(root, "scene-0103_01").scene.label.tolist() == [10, VOID]


def test_instances_of_the_panoptic_extension(root: Path) -> None:
    write_instances(root, np.array([17002, 17001, 24000, 17002]))
    instance = read_scene(root, NAME).scene.instance
    assert instance.dtype == np.int32
    assert instance.tolist() == [1, 0, -1, 1]


def test_all_of_nuscenes_comes_before_mini(root: Path) -> None:
    (root / VERSION).rename(root / "v1.0-trainval")
    (root / VERSION).mkdir()
    assert read_scene(root, NAME).scene.label.tolist() == [3, 0, 10, VOID]


def test_ids_are_those_of_the_category_table(root: Path) -> None:
    write_table(root, "category", [{"name": name, "index": 31 - index} for index, name in enumerate(CHALLENGE)])
    # 31 - 17 is vehicle.bicycle, 31 - 9 vehicle.trailer, 31 - 24 human.pedestrian.stroller, 31 - 0 vehicle.ego.
    assert read_scene(root, NAME).scene.label.tolist() == [
        CLASSES.index("bicycle"),
        CLASSES.index("trailer"),
        VOID,
        VOID,
    ]


def test_map_is_that_of_the_challenge() -> None:
    assert len(CHALLENGE) == 32
    assert {category: name or "void" for category, name in CLASS_OF_CATEGORY.items()} == CHALLENGE
    assert set(CLASS_OF_CATEGORY.values()) - {None} == set(CLASSES)
    assert len(CLASSES) == 16


def test_every_category_is_a_class_or_void(root: Path) -> None:
    write_array(root, POINTS_FILE, np.ones((32, 5), "<f4"))
    write_array(root, LABEL_FILE, np.arange(32, dtype=np.uint8))
    label = read_scene(root, NAME).scene.label
    assert ["void" if index == VOID else CLASSES[index] for index in label] == list(CHALLENGE.values())


def test_things_are_all_but_the_ground_and_the_background() -> None:
    stuff = {"driveable_surface", "other_flat", "sidewalk", "terrain", "manmade", "vegetation"}
    assert set(CLASSES) - set(THINGS) == stuff
    assert set(THINGS) < set(CLASSES)


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
        "category.json: a row has no 'index'",
    ),
    "no table": (missing(f"{VERSION}/lidarseg.json"), "lidarseg.json: does not exist, though every scene needs it"),
    "table cut short": (not_json, "sample.json: is not JSON"),
    "drive of no scene": (drop("scene", 1), "scene.json: has no row for drive, though sample first needs it"),
    "scan of no data": (drop("sample_data", 2), "sample_data.json: has no row for first-lidar, though lidarseg/"),
    "sample without labels": (drop("lidarseg", 1), "lidarseg.json: has no row for first, though sample first"),
    "scan without instances": (no_instances_of_first, "panoptic.json: has no row for first-lidar, though lidarseg/"),
    "table that is no list": (replace("scene", b'{"token": "a", "name": "b"}'), "scene.json: is no list of rows;"),
    "row that is no object": (replace("scene", b"[7]"), "scene.json: is no list of rows;"),
    "row that is null": (replace("sample_data", b"[null]"), "sample_data.json: is no list of rows;"),
    "table that is not UTF-8": (replace("scene", b'["\xff"]'), "scene.json: cannot be read as UTF-8 ("),
    "table nested without end": (replace("scene", b"[" * 10**5), "scene.json: is not JSON ("),
    "number of too many digits": (replace("scene", b"[" + b"9" * 5000 + b"]"), "scene.json: is n"),
    "token that is a number": (change("scene", 1, "token", 7), "scene.json: a row has the token 7, expected a text;"),
    "token that is a list": (
        change("sample_data", 2, "token", ["first-lidar"]),
        "sample_data.json: a row has the token ['first-lidar'], expected a text;",
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
        "first_panoptic.npz: its data is int64 of the shape (4, 2), expected numbers of the shape (4,)",
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
def test_mistake_is_a_sentence(root: Path, name: str) -> None:
    mistake, sentence = MISTAKES[name]
    mistake(root)
    with pytest.raises(UserError) as told:
        read_scene(root, NAME)
    assert sentence in str(told.value)


@pytest.mark.parametrize(
    ("split", "sentence"),
    [
        (
            "mini_vall",
            "nuScenes has no split 'mini_vall', did you mean mini_val; choose one of train, val, mini_train",
        ),
        ("val", "scene.json: has no row for scene-0003, though split val needs it"),
    ],
)
def test_split_that_is_not_there_is_refused(root: Path, split: str, sentence: str) -> None:
    with pytest.raises(UserError) as told:
        scenes_of_split(root, split)
    assert sentence in str(told.value)


def test_root_without_tables_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"v1.0-trainval: does not exist, though every split needs it"):
        scenes_of_split(tmp_path, "train")
