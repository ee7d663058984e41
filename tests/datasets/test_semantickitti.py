from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from openworld3d.datasets.semantickitti import CLASS_OF_RAW_ID, CLASSES, THINGS, read_scene, scenes_of_split
from openworld3d.scene import VOID

MINI = Path(os.environ.get("DATA_DIR", Path(__file__).resolve().parents[2] / "../shared/data")) / "semantickitti_mini"


def write_scan(root: Path, points: np.ndarray, raw: np.ndarray, frame: str = "000000") -> None:
    for folder, name, array in (
        ("velodyne", f"{frame}.bin", points.astype("<f4")),
        ("labels", f"{frame}.label", raw.astype("<u4")),
    ):
        file = root / "sequences/00" / folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        array.tofile(file)


def test_scan_by_hand(tmp_path: Path) -> None:
    points = np.array([[1, 2, 3, 0.5], [4, 5, 6, 0.25], [7, 8, 9, 0], [1, 1, 1, 1]])
    # A moving car, instance 70000 / 2^16 apart from a still car of the same number; a person; an outlier.
    raw = np.array([252 + (7 << 16), 10 + (7 << 16), 30 + (300 << 16), 1])
    write_scan(tmp_path, points, raw)
    assert scenes_of_split(tmp_path, "00") == ["00_000000"]
    scene = read_scene(tmp_path, "00_000000").scene
    assert scene.coord.tolist() == points[:, :3].tolist()
    assert scene.intensity is not None
    assert scene.intensity.tolist() == [0.5, 0.25, 0, 1]
    assert scene.label.tolist() == [0, 0, CLASSES.index("person"), VOID]
    assert scene.instance[3] == -1
    assert len(set(scene.instance[:3].tolist())) == 3


def test_map_covers_every_class() -> None:
    assert set(CLASS_OF_RAW_ID.values()) - {None} == set(CLASSES)
    assert len(CLASS_OF_RAW_ID) == 34


def test_things_are_vehicles_and_people() -> None:
    vehicles = {"car", "bicycle", "motorcycle", "truck", "other-vehicle"}
    assert set(THINGS) == {*vehicles, "person", "bicyclist", "motorcyclist"}
    assert set(THINGS) < set(CLASSES)


@pytest.mark.skipif(not MINI.exists(), reason="real scans are absent: set DATA_DIR to the folder that holds them")
def test_real_scans_are_read() -> None:
    root = MINI / "dataset"
    names = scenes_of_split(root, "04")
    assert names == ["04_000000", "04_000003", "04_000006", "04_000009"]
    scene = read_scene(root, names[0]).scene
    assert len(scene) == 124231
    bus = scene.label == CLASSES.index("other-vehicle")
    assert bus.sum() == 2076
    assert scene.instance[bus].min() >= 0
