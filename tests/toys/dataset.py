"""Scenes as SPLIT/SCENE.npy, (N, 4) float32: x, y, z in metres, label. A layout for tests of how one is added."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from openworld3d.errors import UserError
from openworld3d.raw.labels import Reading, class_of_raw_id, map_labels, recentre
from openworld3d.scenes.scene import NO_INSTANCE, Scene

CLASSES: list[str] = ["ground", "box", "tree"]
THINGS: list[str] = ["box"]
GROUPS: dict[str, list[str]] = {}
KEYS: dict[str, Any] = {}
GENERATOR: str | None = None
TABLES: list[str] = []
ORIGIN_IS_SENSOR: bool = False

HAS_INSTANCES: bool = False
CLASS_OF_RAW_ID: dict[int, str | None] = {0: None, 1: "ground", 2: "box", 3: "tree"}


def scenes_of_split(root: Path, split: str) -> list[str]:
    """Return the names of a split's files; raises UserError where there is none."""
    names = sorted(file.stem for file in (root / split).glob("*.npy"))
    if not names:
        raise UserError(f"{root / split}: has no .npy file, expected one for each scene; set the dataset's root")
    return [f"{split}_{name}" for name in names]


def files_of_scene(root: Path, name: str) -> list[Path]:
    """Return the one file of a scene."""
    split, scene = name.split("_", 1)
    return [root / split / f"{scene}.npy"]


def read_scene(root: Path, name: str) -> Reading:
    """Read one scene: coord (N, 3) float32 in metres, label; neither colour nor instances."""
    (file,) = files_of_scene(root, name)
    points = np.load(file)
    coord, shift = recentre(points[:, :3].astype(np.float64), file)
    raw = points[:, 3].astype(np.uint16)
    label, void_ids = map_labels(raw, class_of_raw_id(CLASS_OF_RAW_ID, CLASSES), file)
    return Reading(Scene(coord, label, np.full(len(coord), NO_INSTANCE, np.int32), raw=raw), void_ids, shift)
