"""Real scans become scenes of the points, classes and objects that their files hold."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Callable

import numpy as np
import pytest
from tests.datasets.test_semantickitti import MINI

from openworld3d.datasets import semantickitti


def parts(ids: np.ndarray) -> list[int]:
    """Return for each element the place of the first one of its part: equal for equal partitions."""
    _, first, inverse = np.unique(ids, return_index=True, return_inverse=True)
    return first[inverse.reshape(-1)].tolist()


@pytest.mark.skipif(not MINI.exists(), reason="real scans are absent: set DATA_DIR to the folder that holds them")
def test_every_real_scan_is_prepared_as_its_files_say(tmp_path: Path, command: Callable[..., None]) -> None:
    root, scans = MINI / "dataset", 0
    config = {"dataset": "mini", "layout": "semantickitti", "classes": semantickitti.CLASSES, "keys": {}}
    for split in sorted(folder.name for folder in (root / "sequences").iterdir()):
        out = tmp_path / split / "manifest.json"
        given = ["--config", json.dumps({**config, "split": split}), "--raw", root, "--code", "this"]
        command("prepare", *given, "--workers", 1, "--out", out)
        for entry in json.loads(out.read_text())["scenes"]:
            folder, frame = root / "sequences" / split, entry["name"].rsplit("_")[-1]
            points = np.frombuffer((folder / f"velodyne/{frame}.bin").read_bytes(), "<f4").reshape(-1, 4)
            raw = np.frombuffer((folder / f"labels/{frame}.label").read_bytes(), "<u4")
            check_counts(entry, np.bincount(raw & 0xFFFF, minlength=260))
            with np.load(out.with_name(f"{entry['name']}.npz")) as scene:
                assert scene["coord"].tobytes() == points[:, :3].tobytes()
                assert scene["intensity"].tobytes() == points[:, 3].tobytes()
                assert ((scene["instance"] < 0) == (raw >> 16 == 0)).all()
                has = raw >> 16 > 0
                assert parts(scene["instance"][has]) == parts(raw[has])
            scans += 1
    assert scans == 24


def check_counts(entry: dict[str, Any], points_of_id: np.ndarray) -> None:
    """Check a scene of a manifest against the points of each raw id: (260,) integer."""
    of_name: dict[str, int] = {}
    void: dict[str, int] = {}
    for raw_id, points in enumerate(points_of_id.tolist()):
        if points and semantickitti.CLASS_OF_RAW_ID[raw_id] is None:
            void[str(raw_id)] = points
        elif points:
            name = str(semantickitti.CLASS_OF_RAW_ID[raw_id])
            of_name[name] = of_name.get(name, 0) + points
    assert entry["class_points"] == of_name
    assert entry["void_ids"] == void
    assert entry["void_points"] == sum(void.values())
    assert entry["points"] == points_of_id.sum()
