"""The devkit's splits of nuScenes."""

from __future__ import annotations

import hashlib

import pytest

from openworld3d.datasets.nuscenes import (
    SPLITS,
    drives_of,
)

# SHA-256 of the names, one a line, in the devkit's nuscenes/utils/splits.py at d9de17a.
DEVKIT = {
    "train": (700, "182d90e54953d7b067e5488298daef0c46fcb51c8aecddd40f8e3f64934fbdd5"),
    "val": (150, "9c6d87239035bbd37818497915c95f6df980f62ffdb7dbcf1e527b997b74dc65"),
    "mini_train": (8, "c849f160715c4c6f417e8595bd97978dda65bbacb6da8fbf8a0a3233e676c2c8"),
    "mini_val": (2, "12657200a28a6a68f33613640947e7d1a2804e4e54c2ffc53c43d6bcbd8ddd75"),
}


def test_ranges_by_hand() -> None:
    assert drives_of("1-3 110") == ["scene-0001", "scene-0002", "scene-0003", "scene-0110"]


@pytest.mark.parametrize("split", DEVKIT)
def test_split_is_the_devkits(split: str) -> None:
    count, digest = DEVKIT[split]
    assert len(set(SPLITS[split])) == count
    assert hashlib.sha256("\n".join(SPLITS[split]).encode()).hexdigest() == digest


def test_no_scene_trains_and_evaluates() -> None:
    assert set(SPLITS) == set(DEVKIT)
    assert not set(SPLITS["train"]) & set(SPLITS["val"])
    assert not set(SPLITS["mini_train"]) & set(SPLITS["mini_val"])
