from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from plyfile import PlyData, PlyElement

from openworld3d.datasets.scannet import CLASS_OF_RAW_ID, CLASSES, NYU40_OF_CLASS, THINGS, read_scene, scenes_of_split
from openworld3d.errors import UserError
from openworld3d.scene import VOID

NAME = "scene0000_00"


def write_ply(file: Path, coord: np.ndarray, **more: np.ndarray) -> None:
    fields = [("x", "f4"), ("y", "f4"), ("z", "f4"), *((name, value.dtype.str) for name, value in more.items())]
    vertex = np.empty(len(coord), fields)
    vertex["x"], vertex["y"], vertex["z"] = coord.T
    for name, value in more.items():
        vertex[name] = value
    PlyData([PlyElement.describe(vertex, "vertex")], byte_order="<").write(str(file))


def write_scan(root: Path) -> None:
    """Write a scan of four vertices and the list `train` with its name."""
    folder = root / "scans" / NAME
    folder.mkdir(parents=True)
    coord = np.arange(12, dtype=np.float32).reshape(4, 3)  # (N, 3)
    grey = {name: np.array([0, 1, 2, 255], np.uint8) for name in ("red", "green", "blue", "alpha")}
    write_ply(folder / f"{NAME}_vh_clean_2.ply", coord, **grey)
    write_ply(folder / f"{NAME}_vh_clean_2.labels.ply", coord, label=np.array([1, 6, 40, 0], np.uint16))
    (folder / f"{NAME}_vh_clean_2.0.010000.segs.json").write_text(json.dumps({"segIndices": [3, 5, 5, 9]}))
    groups = [{"objectId": 4, "segments": [5], "label": "couch"}, {"objectId": 7, "segments": [3], "label": "wall"}]
    (folder / f"{NAME}.aggregation.json").write_text(json.dumps({"segGroups": groups}))
    (root / "scannetv2_train.txt").write_text(f"{NAME}\n")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    write_scan(tmp_path)
    return tmp_path


def test_scene_by_hand(root: Path) -> None:
    assert scenes_of_split(root, "train") == [NAME]
    scene = read_scene(root, NAME).scene
    assert scene.coord[1].tolist() == [3, 4, 5]
    assert scene.color is not None
    assert scene.color[2].tolist() == [2, 2, 2]
    assert scene.label.tolist() == [CLASSES.index("wall"), CLASSES.index("sofa"), VOID, VOID]
    assert scene.instance.tolist() == [7, 4, 4, -1]


def test_benchmark_ids() -> None:
    assert len(CLASSES) == 20
    assert NYU40_OF_CLASS["shower curtain"] == 28
    assert NYU40_OF_CLASS["otherfurniture"] == 39
    assert sorted(CLASS_OF_RAW_ID) == list(range(41))


def test_things_are_the_classes_that_are_not_built_in() -> None:
    assert set(THINGS) < set(CLASSES)
    assert set(CLASSES) - set(THINGS) == {"wall", "floor", "door", "window", "counter"}


def test_ply_cut_short_is_refused(root: Path) -> None:
    file = root / "scans" / NAME / f"{NAME}_vh_clean_2.ply"
    file.write_bytes(file.read_bytes()[:200])
    with pytest.raises(UserError, match=r"_vh_clean_2.ply: has 4 bytes of vertices, expected 64, 16 for each of 4;"):
        read_scene(root, NAME)


def test_segments_of_another_length_are_refused(root: Path) -> None:
    (root / "scans" / NAME / f"{NAME}_vh_clean_2.0.010000.segs.json").write_text(json.dumps({"segIndices": [3, 5]}))
    with pytest.raises(UserError, match=r"segs.json: holds 2 labels, expected 4"):
        read_scene(root, NAME)
