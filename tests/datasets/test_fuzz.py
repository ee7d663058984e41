"""Whatever is in the files of a layout, a reader gives scenes or one sentence, in bounded memory and time."""

from __future__ import annotations

from pathlib import Path
from random import Random
from typing import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.datasets import test_nuscenes, test_scannet, test_semantickitti
from tests.datasets.fuzzing import FUZZ, Layout, check_answer, damage, damage_json
from tests.datasets.test_s3dis import GOOD, write_room

from openworld3d.datasets import nuscenes, s3dis, scannet, semantickitti
from openworld3d.raw.labels import Reading

POINTS = 40


def write_semantickitti(root: Path) -> None:
    generator = np.random.default_rng(0)
    points = generator.uniform([-9, -9, -2, 0], [9, 9, 2, 1], (POINTS, 4))
    raw = generator.choice([10, 30, 40, 0], POINTS) + (generator.integers(0, 4, POINTS) << 16)
    test_semantickitti.write_scan(root, points, raw)


def write_nuscenes(root: Path) -> None:
    test_nuscenes.write_mini(root)
    test_nuscenes.write_instances(root, np.array([17002, 9001, 24000, 0]))
    second = test_nuscenes.INSTANCE_FILE.replace("first", "second")
    np.savez(root / second, data=np.array([0, 3], np.uint16))
    files = {"first": test_nuscenes.INSTANCE_FILE, "second": second}
    test_nuscenes.write_table(root, "panoptic", [test_nuscenes.label_row(*item) for item in files.items()])


def write_s3dis(root: Path) -> None:
    write_room(root, {"chair_1.txt": GOOD * 3, "floor_1.txt": b"-0.5 0 1e1 0 255 7\n" * 20})


def read_semantickitti(root: Path) -> Iterator[Reading]:
    for name in semantickitti.scenes_of_split(root, "00"):
        yield semantickitti.read_scene(root, name)


def read_nuscenes(root: Path) -> Iterator[Reading]:
    nuscenes.class_of_index.cache_clear()
    nuscenes.scans_of_drives.cache_clear()
    for name in nuscenes.scenes_of_split(root, "mini_val"):
        yield nuscenes.read_scene(root, name)


def read_scannet(root: Path) -> Iterator[Reading]:
    for name in scannet.scenes_of_split(root, "train"):
        yield scannet.read_scene(root, name)


def read_s3dis(root: Path) -> Iterator[Reading]:
    for name in s3dis.scenes_of_split(root, "Area_1"):
        yield s3dis.read_scene(root, name)


SCAN = "scans/scene0000_00/scene0000_00"
LAYOUTS = {
    "semantickitti": Layout(
        write_semantickitti,
        ("sequences/00/velodyne/000000.bin", "sequences/00/labels/000000.label"),
        read_semantickitti,
        len(semantickitti.CLASSES),
    ),
    "nuscenes": Layout(
        write_nuscenes,
        (
            test_nuscenes.POINTS_FILE,
            test_nuscenes.LABEL_FILE,
            test_nuscenes.INSTANCE_FILE,
            *(
                f"{test_nuscenes.VERSION}/{table}.json"
                for table in ("scene", "sample", "sample_data", "lidarseg", "panoptic", "category")
            ),
        ),
        read_nuscenes,
        len(nuscenes.CLASSES),
    ),
    "scannet": Layout(
        test_scannet.write_scan,
        (
            "scannetv2_train.txt",
            f"{SCAN}_vh_clean_2.ply",
            f"{SCAN}_vh_clean_2.labels.ply",
            f"{SCAN}_vh_clean_2.0.010000.segs.json",
            f"{SCAN}.aggregation.json",
        ),
        read_scannet,
        len(scannet.CLASSES),
    ),
    "s3dis": Layout(write_s3dis, ("Area_1/office_3/Annotations/floor_1.txt",), read_s3dis, len(s3dis.CLASSES)),
}
FILES = [(name, file) for name, layout in LAYOUTS.items() for file in layout.files]


@pytest.mark.parametrize("name", LAYOUTS)
def test_whole_files_are_read(tmp_path: Path, name: str) -> None:
    LAYOUTS[name].write(tmp_path)
    assert check_answer(LAYOUTS[name], tmp_path) == "scenes"


@pytest.mark.parametrize(("name", "file"), FILES)
@settings(FUZZ)
@given(random=st.randoms(use_true_random=True))
def test_damaged_file_is_scenes_or_a_sentence(tmp_path: Path, name: str, file: str, random: Random) -> None:
    layout, root, whole = LAYOUTS[name], tmp_path / "root", tmp_path / "whole"
    if not root.exists():
        root.mkdir()
        layout.write(root)
        whole.write_bytes((root / file).read_bytes())
    change = damage_json if file.endswith(".json") and random.random() < 0.5 else damage
    (root / file).write_bytes(change(whole.read_bytes(), random))
    check_answer(layout, root)
