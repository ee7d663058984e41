from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.datasets.fuzzing import Layout
from tests.datasets.test_semantickitti import write_scan

from openworld3d.datasets import nuscenes
from openworld3d.datasets.nuscenes_kitti import CLASS_OF_RAW_ID, CLASSES, read_scene, scenes_of_split
from openworld3d.errors import UserError
from openworld3d.scenes.scene import VOID

KEYS: dict[str, Any] = {"intensity_full": 255}
POINTS = np.array([[1, 2, 3, 51], [4, 5, 6, 255], [7, 8, 9, 0], [1, 1, 1, 102]])
RAW = np.array([17 + (5 << 16), 100 + (1 << 16), 24, 31])


def test_scan_by_hand(tmp_path: Path) -> None:
    write_scan(tmp_path, POINTS, RAW, "000000", "sequences/0003")
    write_scan(tmp_path, POINTS, RAW, "000001", "sequences/0003")
    assert scenes_of_split(tmp_path, "0003") == ["0003_000000", "0003_000001"]
    reading = read_scene(tmp_path, "0003_000001", **KEYS)
    scene = reading.scene
    assert scene.intensity is not None
    np.testing.assert_allclose(scene.intensity, [0.2, 1, 0, 0.4], rtol=1e-6)
    assert scene.label.tolist() == [CLASSES.index("car"), VOID, CLASSES.index("driveable_surface"), VOID]
    assert scene.raw is not None
    assert scene.raw.tolist() == [17, 100, 24, 31]
    assert scene.instance.tolist() == [1, 0, -1, -1]
    assert reading.void_ids == {"31": 1, "100": 1}
    assert reading.notes == (
        "Raw id 100 is an inserted object, as the code of LIDO (7035368) has it; the set itself was not seen",
    )


def test_list_of_the_devkit_is_a_split(tmp_path: Path) -> None:
    for drive in ("0103", "0916"):
        write_scan(tmp_path, POINTS, RAW, "000000", f"sequences/{drive}")
    assert scenes_of_split(tmp_path, "mini_val") == ["0103_000000", "0916_000000"]
    with pytest.raises(UserError, match=r"sequences/0061/velodyne: does not exist, though split 0061 needs it"):
        scenes_of_split(tmp_path, "mini_train")


def test_map_is_that_of_the_release_and_the_inserted_id() -> None:
    assert list(CLASS_OF_RAW_ID) == [*range(32), 100]
    assert list(CLASS_OF_RAW_ID.values()) == [*nuscenes.CLASS_OF_CATEGORY.values(), None]


def test_id_of_no_category_is_refused(tmp_path: Path) -> None:
    write_scan(tmp_path, POINTS, np.array([17, 24, 2, 32]))
    with pytest.raises(UserError, match=r"000000\.label: point 3 has the raw label 32, which is neither a class nor"):
        read_scene(tmp_path, "00_000000", **KEYS)


def write_fuzzed(root: Path) -> None:
    generator = np.random.default_rng(0)
    points = generator.uniform([-9, -9, -2, 0], [9, 9, 2, 255], (40, 4))
    raw = generator.choice([0, 17, 24, 100], 40) + (generator.integers(0, 4, 40) << 16)
    write_scan(root, points, raw, sequence="sequences/0003")


FILES = ("sequences/0003/velodyne/000000.bin", "sequences/0003/labels/000000.label")
LAYOUTS = {"nuscenes_kitti": Layout(write_fuzzed, FILES, "0003", KEYS)}
