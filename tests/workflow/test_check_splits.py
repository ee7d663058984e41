"""A scene that is in two splits of a protocol is refused before anything is read, told by its name."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any, Callable

import numpy as np
import pytest
from tests.datasets import test_nuscenes
from tests.datasets.scannet_scan import write_scan
from tests.datasets.test_s3dis import GOOD, write_room

from openworld3d.datasets import nuscenes
from openworld3d.errors import UserError
from openworld3d.workflow.check_splits import check_scenes

ROOT = Path(__file__).resolve().parents[2]
FOLDER = {"layout": "folder", "label": "label", "classes": {"a": [1], "b": [2], "c": [3]}}


def config_of(dataset: dict[str, Any], train: list[str], evaluate: list[str]) -> dict[str, Any]:
    protocol = {"dataset": "mine", "train": train, "evaluate": evaluate}
    return {
        "table": "mine",
        "datasets": {"mine": dataset},
        "protocols": {"mine": protocol, "not in the table": {**protocol, "evaluate": train}},
        "tables": {"mine": {"protocols": ["mine"]}},
    }


def check_splits(config: dict[str, Any]) -> None:
    check_scenes(config, "mine")


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Go where listings are noted, and where literals of the code are read."""
    (tmp_path / "project").mkdir()
    (tmp_path / "project/workflow_scripts").symlink_to(ROOT / "workflow_scripts")
    monkeypatch.chdir(tmp_path / "project")
    for function in (nuscenes.class_of_index, nuscenes.scans_of_drives):
        function.cache_clear()


def write_clouds(root: Path, *names: str) -> None:
    for name in names:
        (root / name).parent.mkdir(exist_ok=True)
        np.savez(root / name, coord=np.zeros((1, 3)), label=np.ones(1, int))


def folder(root: Path, **splits: list[str]) -> dict[str, Any]:
    return {**copy.deepcopy(FOLDER), "root": str(root), "splits": splits}


def test_patterns_that_overlap_are_refused(tmp_path: Path) -> None:
    write_clouds(tmp_path, "tr_1.npz", "ev_1.npz", "ev_2.npz")
    with pytest.raises(UserError) as told:
        check_splits(config_of(folder(tmp_path, tr=["*.npz"], ev=["ev*"]), ["tr"], ["ev"]))
    assert str(told.value) == (
        "config: protocols.mine has scene ev_1 in train (split tr) and in evaluate (split ev), expected "
        "each scene once (2 such scenes); choose other splits, or correct what is in them"
    )


@pytest.mark.parametrize(
    ("train", "evaluate", "sentence"),
    [
        (["a", "b"], ["c"], "has scene x_2 in train (split a) and in train (split b), expected each"),
        (["c"], ["b", "a"], "has scene x_2 in evaluate (split b) and in evaluate (split a), expected each"),
        (["a"], ["c", "b"], "has scene x_2 in train (split a) and in evaluate (split b), expected each"),
    ],
)
def test_scene_of_two_splits_on_either_side_is_refused(
    tmp_path: Path, train: list[str], evaluate: list[str], sentence: str
) -> None:
    write_clouds(tmp_path, "x/1.npz", "x/2.npz", "x/3.npz", "y/2.npz")
    splits = folder(tmp_path, a=["x/1*", "x/2*"], b=["*/2.npz", "x/3.npz"], c=["y/*"])
    splits["splits"]["b"] = ["x/[23].npz"]
    with pytest.raises(UserError) as told:
        check_splits(config_of(splits, train, evaluate))
    assert sentence in str(told.value)
    check_splits(config_of(splits, ["a"], ["c"]))


def test_scan_of_both_lists_is_refused(tmp_path: Path) -> None:
    write_scan(tmp_path)
    (tmp_path / "scans/scene0001_00").mkdir()
    scannet = {"layout": "scannet", "root": str(tmp_path)}
    (tmp_path / "scannetv2_val.txt").write_text("scene0001_00\n")
    check_splits(config_of(scannet, ["train"], ["val"]))
    (tmp_path / "scannetv2_val.txt").write_text("scene0001_00\nscene0000_00\n")
    with pytest.raises(
        UserError, match=r"has scene scene0000_00 in train \(split train\) and in evaluate \(split val"
    ):
        check_splits(config_of(scannet, ["train"], ["val"]))


@pytest.mark.parametrize(
    ("train", "evaluate", "drive"),
    [("mini_train", "val", "scene-0553"), ("train", "mini_train", "scene-0061"), ("mini_val", "val", "scene-0103")],
)
def test_drive_of_mini_and_of_all_is_refused(tmp_path: Path, train: str, evaluate: str, drive: str) -> None:
    write_all(tmp_path)
    release = {"layout": "nuscenes", "root": str(tmp_path)}
    for _ in range(2):  # the second time from the noted listing
        with pytest.raises(UserError, match=rf"scene {drive}_00 in train \(split {train}\) and in evaluate"):
            check_splits(config_of(release, [train], [evaluate]))
    check_splits(config_of(release, ["train"], ["val"]))
    check_splits(config_of(release, ["mini_train"], ["mini_val"]))


def write_all(root: Path) -> None:
    """Write a release with one key frame of every drive, all of the same two files."""
    drives = sorted({drive for split in nuscenes.SPLITS.values() for drive in split})
    tables: dict[str, list[dict[str, Any]]] = {
        "scene": [{"token": drive, "name": drive} for drive in drives],
        "sample": [{"token": drive, "scene_token": drive, "timestamp": 0} for drive in drives],
        "sample_data": [test_nuscenes.data_row(f"{drive}-lidar", drive, "points.bin") for drive in drives],
        "lidarseg": [test_nuscenes.label_row(drive, "labels.bin") for drive in drives],
        "category": [{"name": "animal", "index": 0}],
    }
    (root / "v1.0-trainval").mkdir()
    for name, rows in tables.items():
        (root / f"v1.0-trainval/{name}.json").write_text(json.dumps(rows))
    for name in ("points.bin", "labels.bin"):
        (root / name).write_bytes(b"")


BROKEN: dict[str, Callable[[Path], object]] = {
    "no root": lambda root: root.rmdir(),
    "nothing there": lambda root: None,
    "a room without objects": lambda root: (root / "Area_1/office_1").mkdir(parents=True),
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_cannot_be_listed_is_left_to_the_job_that_reads_it(tmp_path: Path, name: str) -> None:
    root = tmp_path / "s3dis"
    root.mkdir()
    BROKEN[name](root)
    check_splits(config_of({"layout": "s3dis", "root": str(root)}, ["Area_1"], ["Area_5"]))


def test_scene_that_is_twice_in_one_split_is_left_to_the_job_too(tmp_path: Path) -> None:
    write_clouds(tmp_path, "a/1.npz", "b/1.npz", "b/1.ply")
    check_splits(config_of(folder(tmp_path, a=["a/*"], b=["b/*"]), ["a"], ["b"]))


def test_areas_have_rooms_of_one_name(tmp_path: Path) -> None:
    for area in ("Area_1", "Area_5"):
        write_room(tmp_path, {"wall_1.txt": GOOD}, f"{area}/office_1")
    check_splits(config_of({"layout": "s3dis", "root": str(tmp_path)}, ["Area_1"], ["Area_5"]))


def test_generated_scans_are_not_there_yet() -> None:
    check_splits(config_of({"layout": "scannet", "generate": {}}, ["train"], ["val"]))
