from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from openworld3d.errors import UserError
from openworld3d.scenes.scene import VOID, Scene, describe, extent_within, load_is_point, load_scene, save_scene

CLASSES = ["wall", "sofa", "lamp"]


def written(path: Path, label: list[int]) -> Path:
    count = len(label)
    save_scene(path, Scene(np.zeros((count, 3), np.float32), np.array(label, np.uint8), np.full(count, -1, np.int32)))
    return path


def test_scene_comes_back(tmp_path: Path) -> None:
    scene = load_scene(written(tmp_path / "hall.npz", [0, 2, VOID, 1]), CLASSES)
    assert scene.label.tolist() == [0, 2, VOID, 1]
    assert scene.color is None
    assert scene.origin_is_sensor is False
    assert scene.appearance is None
    assert vars(scene.take(np.array([True, False, True, False])))["label"].tolist() == [0, VOID]


def test_rows_that_are_points_are_remembered(tmp_path: Path) -> None:
    is_point = np.array([False, True, True, False, True])
    coord = np.arange(9, dtype=np.float32).reshape(3, 3)
    scene = Scene(coord, np.array([0, 1, 2], np.uint8), np.full(3, -1, np.int32), is_point=is_point)
    save_scene(tmp_path / "scan.npz", scene)
    loaded, rows = load_scene(tmp_path / "scan.npz", CLASSES), load_is_point(tmp_path / "scan.npz")
    assert rows is not None
    assert rows.tolist() == is_point.tolist()
    taken = loaded.take(np.array([False, True, True]))
    assert taken.coord.tolist() == coord[1:].tolist()
    assert taken.is_point is not None
    assert taken.is_point.tolist() == [False, False, True, False, True]
    assert loaded.is_point is not None
    assert loaded.is_point.tolist() == is_point.tolist()
    assert load_is_point(written(tmp_path / "hall.npz", [0, 2])) is None


def test_points_of_raw_ids_are_described() -> None:
    label, instance, coord = np.array([0, 1, 255], np.uint8), np.full(3, -1, np.int32), np.zeros((3, 3), np.float32)
    assert describe(Scene(coord, label, instance), CLASSES)["raw_points"] is None
    raw = np.array([60, 2, 60], np.uint16)
    assert describe(Scene(coord, label, instance, raw=raw), CLASSES)["raw_points"] == {"2": 1, "60": 2}


@pytest.mark.parametrize(("points", "strays", "width"), [(40, 1, 37), (4000, 2, 3993), (40, 2, 10037), (2, 1, 10000)])
def test_extent_within_is_without_the_outermost_points(points: int, strays: int, width: float) -> None:
    coord = np.zeros((points, 3), np.float32)
    coord[:, 0] = np.arange(points)
    coord[:strays, 0] = -9999
    assert extent_within(coord) == [width, 0, 0]


@pytest.mark.parametrize(("label", "found"), [([0, 3, 1], "3"), ([254, 254], "254")])
def test_label_out_of_range_is_refused_before_a_scatter(tmp_path: Path, label: list[int], found: str) -> None:
    path = written(tmp_path / "hall.npz", label)
    count = label.count(int(found))
    sentence = (
        rf"hall\.npz: a point has the label {found}, expected 0 to 2 or 255 for void \({count} such points\); map"
    )
    with pytest.raises(UserError, match=sentence):
        load_scene(path, CLASSES)
