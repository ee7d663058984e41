"""The command: the files it writes, that equal seeds give equal bytes, that nothing half-done is left."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from plyfile import PlyData

import generate_rooms
from openworld3d.datasets.scannet import NYU40_OF_CLASS
from openworld3d.generators.config import RoomsConfig

COMMAND = Path(generate_rooms.__file__)
COARSE = RoomsConfig(train=5, val=1, seed=3, spacing=0.06)


def labels_of(root: Path, name: str) -> np.ndarray:
    return PlyData.read(str(root / "scans" / name / f"{name}_vh_clean_2.labels.ply"))["vertex"]["label"]


def scenes_of(root: Path, split: str) -> list[str]:
    return (root / f"scannetv2_{split}.txt").read_text().split()


def bytes_of(root: Path) -> dict[str, bytes]:
    return {str(file.relative_to(root)): file.read_bytes() for file in root.rglob("*") if file.is_file()}


@pytest.fixture(scope="module")
def rooms(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("rooms") / "raw"
    generate_rooms.generate(COARSE, root, workers=2)
    return root


def test_split_lists_name_the_folders(rooms: Path) -> None:
    names = scenes_of(rooms, "train") + scenes_of(rooms, "val")
    assert len(scenes_of(rooms, "train")) == 5
    assert len(scenes_of(rooms, "val")) == 1
    assert sorted(names) == sorted(folder.name for folder in (rooms / "scans").iterdir())


def test_a_split_of_five_has_all_classes(rooms: Path) -> None:
    found = set(np.concatenate([labels_of(rooms, name) for name in scenes_of(rooms, "train")]))
    assert set(NYU40_OF_CLASS.values()) <= found


@pytest.mark.parametrize("split", ["train", "val"])
def test_the_first_scene_of_a_split_has_a_sofa_and_a_chair(rooms: Path, split: str) -> None:
    label = labels_of(rooms, scenes_of(rooms, split)[0])
    assert {NYU40_OF_CLASS["sofa"], NYU40_OF_CLASS["chair"]} <= set(label)


def test_the_likely_unknown_classes_recur(rooms: Path) -> None:
    labels = [set(labels_of(rooms, name)) for name in scenes_of(rooms, "train")]
    shares = {"sofa": 3, "chair": 2, "bookshelf": 2, "refrigerator": 2, "otherfurniture": 2}
    for name, scenes in shares.items():
        assert sum(NYU40_OF_CLASS[name] in label for label in labels) >= scenes


def test_vertices_have_the_fields_of_scannet(rooms: Path) -> None:
    folder = rooms / "scans" / "scene0000_00"
    scan = PlyData.read(str(folder / "scene0000_00_vh_clean_2.ply"))
    labelled = PlyData.read(str(folder / "scene0000_00_vh_clean_2.labels.ply"))
    colors = [(band, "u1") for band in ("red", "green", "blue", "alpha")]
    assert scan.byte_order == "<"
    assert not scan.text
    assert scan["vertex"].data.dtype.descr == [(axis, "<f4") for axis in "xyz"] + [
        (band, "|u1") for band, _ in colors
    ]
    assert labelled["vertex"].data.dtype["label"] == np.uint16
    assert [element.name for element in scan.elements] == ["vertex", "face"]
    assert scan["face"].properties[0].name == "vertex_indices"
    for axis in "xyz":
        np.testing.assert_array_equal(scan["vertex"][axis], labelled["vertex"][axis])


def test_segments_and_objects_agree_with_the_labels(rooms: Path) -> None:
    for name in scenes_of(rooms, "train"):
        folder, label = rooms / "scans" / name, labels_of(rooms, name)
        segments = json.loads((folder / f"{name}_vh_clean_2.0.010000.segs.json").read_text())
        aggregation = json.loads((folder / f"{name}.aggregation.json").read_text())
        segment = np.array(segments["segIndices"])
        assert segments["sceneId"] == name
        assert aggregation["sceneId"] == f"scannet.{name}"
        assert aggregation["segmentsFile"] == f"scannet.{name}_vh_clean_2.0.010000.segs.json"
        assert len(segment) == len(label)
        owned = np.concatenate([group["segments"] for group in aggregation["segGroups"]])
        assert len(owned) == len(set(owned))
        for group in aggregation["segGroups"]:
            assert len(np.unique(label[np.isin(segment, group["segments"])])) == 1
        np.testing.assert_array_equal(np.isin(segment, owned), label > 0)


def test_few_points_are_unannotated(rooms: Path) -> None:
    for name in scenes_of(rooms, "train"):
        assert 0 < (labels_of(rooms, name) == 0).mean() < 0.03


def test_equal_seeds_give_equal_bytes_whatever_the_workers(rooms: Path, tmp_path: Path) -> None:
    again = tmp_path / "raw"
    generate_rooms.generate(replace(COARSE, train=2), again, workers=1)
    known = bytes_of(rooms)
    fresh = {name: content for name, content in bytes_of(again).items() if name.startswith("scans")}
    assert len(fresh) == 3 * 4
    assert all(known[name] == content for name, content in fresh.items())


def test_other_seeds_and_other_splits_give_other_rooms(rooms: Path, tmp_path: Path) -> None:
    other = tmp_path / "raw"
    generate_rooms.generate(replace(COARSE, train=1, val=0, seed=4), other, workers=1)
    scan = "scene0000_00/scene0000_00_vh_clean_2.ply"
    assert (other / "scans" / scan).read_bytes() != (rooms / "scans" / scan).read_bytes()
    assert len(labels_of(rooms, "scene5000_00")) != len(labels_of(rooms, "scene0000_00"))


def test_a_killed_generation_leaves_no_folder(tmp_path: Path) -> None:
    out = tmp_path / "raw"
    call = [sys.executable, str(COMMAND), "--config", json.dumps(vars(replace(COARSE, train=500))), "--out", str(out)]
    process = subprocess.Popen(call, start_new_session=True)
    deadline = time.monotonic() + 30
    while not list(tmp_path.glob(".*raw/scans/*/*.json")) and time.monotonic() < deadline:
        time.sleep(0.05)
    started = list(tmp_path.glob(".*raw"))
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    assert started
    assert not out.exists()
