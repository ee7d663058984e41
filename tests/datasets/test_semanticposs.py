from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.datasets.fuzzing import Layout
from tests.datasets.test_semantickitti import write_scan

from openworld3d.datasets.semanticposs import CLASS_OF_RAW_ID, CLASSES, THINGS, read_scene, scenes_of_split
from openworld3d.errors import UserError
from openworld3d.scenes.scene import VOID

KEYS: dict[str, Any] = {"intensity_full": 1}
POINTS = np.array([[1, 2, 3, 0.5], [4, 5, 6, 0.25], [7, 8, 9, 0], [1, 1, 1, 1], [2, 2, 2, 0.75]])
RAW = np.array([4, 5 + (3 << 16), 22, 12, 19])


def test_scan_by_hand(tmp_path: Path) -> None:
    write_scan(tmp_path, POINTS, RAW, "000001", "sequences/02")
    assert scenes_of_split(tmp_path, "02") == ["02_000001"]
    reading = read_scene(tmp_path, "02_000001", **KEYS)
    scene = reading.scene
    assert scene.coord.tolist() == POINTS[:, :3].tolist()
    assert scene.intensity is not None
    assert scene.intensity.tolist() == POINTS[:, 3].tolist()
    assert [CLASSES[label] for label in scene.label[:4]] == ["person", "person", "ground", "traffic sign"]
    assert scene.label[4] == VOID
    assert scene.raw is not None
    assert scene.raw.tolist() == [4, 5, 22, 12, 19]
    assert scene.instance.tolist() == [-1, 0, -1, -1, -1]
    assert reading.void_ids == {"19": 1}
    assert reading.notes == ()


def test_inserted_object_has_no_class_and_is_noted(tmp_path: Path) -> None:
    write_scan(tmp_path, POINTS, np.array([4, 2 + (1 << 16), 2 + (2 << 16), 22, 0]), "000001", "sequences/02")
    reading = read_scene(tmp_path, "02_000001", **KEYS)
    scene = reading.scene
    assert reading.void_ids == {"0": 1, "2": 2}
    assert scene.instance.tolist() == [-1, 0, 1, -1, -1]
    assert reading.notes == (
        "Raw id 2 is an inserted object, as the code of LIDO (7035368) has it; the set itself was not seen",
    )


def test_intensity_of_another_scale_is_clipped_and_noted(tmp_path: Path) -> None:
    points = POINTS * [1, 1, 1, 200]
    write_scan(tmp_path, points, RAW, "000001", "sequences/02")
    reading = read_scene(tmp_path, "02_000001", **KEYS)
    scene = reading.scene
    assert scene.intensity is not None
    assert scene.intensity.tolist() == [1, 1, 0, 1, 1]
    assert "Intensities above intensity_full, 1, are clipped" in reading.notes[0]
    reading = read_scene(tmp_path, "02_000001", intensity_full=200)
    scene = reading.scene
    assert scene.intensity is not None
    assert scene.intensity.tolist() == POINTS[:, 3].tolist()
    assert reading.notes == ()


@pytest.mark.parametrize("raw_id", [3, 23, 30, 252])
def test_id_of_another_dataset_is_refused(tmp_path: Path, raw_id: int) -> None:
    write_scan(tmp_path, POINTS, np.array([4, 5, raw_id, 12, 19]))
    with pytest.raises(UserError, match=rf"000000\.label: point 2 has the raw label {raw_id}, which is neither"):
        read_scene(tmp_path, "00_000000", **KEYS)


def test_map_covers_every_class() -> None:
    assert set(CLASS_OF_RAW_ID.values()) - {None} == set(CLASSES)
    assert set(THINGS) < set(CLASSES)


def write_fuzzed(root: Path) -> None:
    generator = np.random.default_rng(0)
    points = generator.uniform([-9, -9, -2, 0], [9, 9, 2, 1], (40, 4))
    write_scan(root, points, generator.choice([0, 2, 4, 22], 40) + (generator.integers(0, 4, 40) << 16))


FILES = ("sequences/00/velodyne/000000.bin", "sequences/00/labels/000000.label")
LAYOUTS = {"semanticposs": Layout(write_fuzzed, FILES, "00", KEYS)}
