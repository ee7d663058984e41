from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from openworld3d.errors import UserError
from openworld3d.scenes.scene import VOID, Scene, load_scene, save_scene

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


@pytest.mark.parametrize(("label", "found"), [([0, 3, 1], "3"), ([254, 254], "254")])
def test_label_out_of_range_is_refused_before_a_scatter(tmp_path: Path, label: list[int], found: str) -> None:
    path = written(tmp_path / "hall.npz", label)
    count = label.count(int(found))
    sentence = (
        rf"hall\.npz: a point has the label {found}, expected 0 to 2 or 255 for void \({count} such points\); map"
    )
    with pytest.raises(UserError, match=sentence):
        load_scene(path, CLASSES)
