from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.datasets.fuzzing import Layout

from openworld3d.datasets.nuscenes import (
    CLASS_OF_CATEGORY,
    CLASSES,
    TABLES,
    THINGS,
    files_of_scene,
    read_scene,
    scenes_of_split,
)
from openworld3d.errors import UserError
from openworld3d.scenes.scene import VOID

VERSION = "v1.0-mini"
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


def put_trainval(root: Path, *names: str, content: str | None = None) -> None:
    """Put tables of mini into v1.0-trainval too, or files of another content by their names."""
    (root / "v1.0-trainval").mkdir(exist_ok=True)
    for name in names:
        text = (root / VERSION / f"{name}.json").read_text() if content is None else content
        (root / "v1.0-trainval" / f"{name}.json").write_text(text)


NEEDED = ("scene", "sample", "sample_data", "lidarseg", "category")


@pytest.mark.parametrize(
    "there",
    [(), ("category", "lidarseg"), ("panoptic",), NEEDED[1:], NEEDED[:-1], ("scene", "sample", "sample_data")],
    ids="-".join,
)
def test_mini_is_read_beside_a_part_of_all(root: Path, there: tuple[str, ...]) -> None:
    """As where the archive of all labels was unpacked over mini: broken rows there are not looked at."""
    put_trainval(root, *there, content="[7]")
    assert scenes_of_split(root, "mini_val") == ["scene-0103_00", "scene-0103_01"]
    assert read_scene(root, NAME).scene.label.tolist() == [3, 0, 10, VOID]
    assert files_of_scene(root, NAME)[-1] == root / VERSION / "category.json"


@pytest.mark.parametrize("content", ["", "[]", " [\n]\n"])
def test_mini_is_read_beside_empty_tables_of_all(root: Path, content: str) -> None:
    put_trainval(root, *NEEDED, content=content)
    assert read_scene(root, NAME).scene.label.tolist() == [3, 0, 10, VOID]


def test_mini_of_the_labels_alone_is_read_from_all(root: Path) -> None:
    put_trainval(root, *NEEDED)
    for name in ("scene", "sample", "sample_data"):
        (root / VERSION / f"{name}.json").unlink()
    assert scenes_of_split(root, "mini_val") == ["scene-0103_00", "scene-0103_01"]
    assert files_of_scene(root, NAME)[-1] == root / "v1.0-trainval/category.json"


@pytest.mark.parametrize("split", ["train", "val"])
def test_split_of_a_part_of_all_is_refused(root: Path, split: str) -> None:
    put_trainval(root, "category", "lidarseg")
    with pytest.raises(UserError) as told:
        scenes_of_split(root, split)
    assert str(told.value).startswith(
        f"{root}/v1.0-trainval: lacks scene.json, sample.json, sample_data.json, which split {split} needs; unpack"
    )


def test_nearest_to_complete_tables_are_asked_for(root: Path) -> None:
    put_trainval(root, "category", "lidarseg")
    (root / VERSION / "lidarseg.json").unlink()
    with pytest.raises(UserError, match=r"v1\.0-mini/lidarseg\.json: does not exist, though every scene needs it"):
        scenes_of_split(root, "mini_val")


def test_listing_follows_every_table_that_chooses_the_version() -> None:
    assert set(TABLES) == {f"v1.0-*/{name}.json" for name in (*NEEDED, "panoptic")}


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


def write_fuzzed(root: Path) -> None:
    write_mini(root)
    write_instances(root, np.array([17002, 9001, 24000, 0]))
    second = INSTANCE_FILE.replace("first", "second")
    np.savez(root / second, data=np.array([0, 3], np.uint16))
    write_table(root, "panoptic", [label_row("first", INSTANCE_FILE), label_row("second", second)])


FILES = (
    POINTS_FILE,
    LABEL_FILE,
    INSTANCE_FILE,
    *(f"{VERSION}/{table}.json" for table in (*NEEDED, "panoptic")),
)
LAYOUTS = {"nuscenes": Layout(write_fuzzed, FILES, "mini_val", {})}
