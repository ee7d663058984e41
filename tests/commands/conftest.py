"""A tiny dataset of two rooms in two splits, and a way to run a command in this process."""

from __future__ import annotations

import json
import runpy
from pathlib import Path
from typing import Any, Callable

import numpy as np
import pytest

from openworld3d.scene import VOID, Scene, save_scene

SCRIPTS = Path(__file__).resolve().parents[2] / "workflow_scripts"
CLASSES = ["wall", "sofa", "lamp"]
LABELS = {"hall": [0, 0, 1, 2, VOID], "cellar": [2, 1, 0]}
SPLITS = {"train": "hall", "val": "cellar"}

Command = Callable[..., None]


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch) -> Command:
    """Return `command(name, *arguments)`, which runs the command's `main`."""

    def run(name: str, *arguments: object) -> None:
        script = SCRIPTS / f"{name}.py"
        monkeypatch.setattr("sys.argv", [str(script), *map(str, arguments)])
        # By path, not by import: a command may share its name with an installed module.
        runpy.run_path(str(script), run_name="command")["main"]()

    return run


@pytest.fixture
def scenes(tmp_path: Path) -> list[Path]:
    """Return the manifests of two splits with one room each."""
    manifests = []
    for split, name in SPLITS.items():
        label = np.array(LABELS[name], np.uint8)
        coord = np.arange(3 * len(label), dtype=np.float32).reshape(-1, 3) / 4  # (N, 3)
        folder = tmp_path / split
        save_scene(folder / f"{name}.npz", Scene(coord, label, np.full(len(label), -1, np.int32)))
        entry = {"name": name, "points": len(label)}
        manifest = {"dataset": "tiny", "split": split, "classes": CLASSES, "scenes": [entry]}
        manifests.append(write_manifest(folder, manifest))
    return manifests


@pytest.fixture
def scores(tmp_path: Path) -> Path:
    """Return the manifest of scores of both rooms: the sofa's points are the highest but for one."""
    folder = tmp_path / "scores"
    folder.mkdir()
    values = {"hall": [1, 2, 9, 3, 50], "cellar": [4, 3.5, 0]}
    predictions = {"hall": [0, 0, 2, 0, 0], "cellar": [2, 0, 0]}
    for name in LABELS:
        np.savez(
            folder / f"{name}.npz",
            score=np.array(values[name], np.float32),
            prediction=np.array(predictions[name], np.uint8),
        )
    return write_manifest(
        folder, {"score": {"kind": "msp"}, "threshold": 3.2, "scenes": [{"name": name} for name in LABELS]}
    )


def write_manifest(folder: Path, manifest: dict[str, Any]) -> Path:
    path = folder / "manifest.json"
    path.write_text(json.dumps(manifest))
    return path
