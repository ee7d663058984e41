"""A tiny dataset of two rooms in two splits, and a way to run a command in this process."""

from __future__ import annotations

import json
import runpy
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Callable, Dict, Iterator

import numpy as np
import pytest
from tests.datasets.test_semantickitti import write_scan

from openworld3d.commands.main import main
from openworld3d.datasets import semantickitti
from openworld3d.scenes.scene import VOID, Scene, save_scene

SCRIPTS = Path(__file__).resolve().parents[2] / "workflow_scripts"
CLASSES = ["wall", "sofa", "lamp"]
LABELS = {"hall": [0, 0, 1, 2, VOID], "cellar": [2, 1, 0]}
# Of the columns wall and lamp, point by point.
LOGITS = {"hall": [[1, 0], [2, 0], [0, 9], [3, 0], [8, 0]], "cellar": [[0, 5], [9, 0], [7, 0]]}
SCORES = {"hall": [1, 2, 9, 3, 50], "cellar": [4, 3.5, 0]}
SPLITS = {"train": "hall", "val": "cellar"}

Command = Callable[..., None]
Run = Callable[..., Dict[str, Any]]
FRAMES = ["000000", "000001", "000002"]


@contextmanager
def running_command() -> Iterator[Command]:
    """Yield `command(name, *arguments)`, which runs the command's `main`."""
    with pytest.MonkeyPatch.context() as monkeypatch:

        def run(name: str, *arguments: object) -> None:
            script = SCRIPTS / f"{name}.py"
            monkeypatch.setattr("sys.argv", [str(script), *map(str, arguments)])
            # By path, not by import: a command may share its name with an installed module.
            runpy.run_path(str(script), run_name="command")["main"]()

        yield run


@pytest.fixture
def command() -> Iterator[Command]:
    """Return `command(name, *arguments)`, which runs the command's `main`."""
    with running_command() as run:
        yield run


@pytest.fixture
def refusal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., str]:
    """Return `refusal(*arguments)`: the one error with which `openworld3d` ends in the test's folder."""

    def run(*arguments: str) -> str:
        monkeypatch.chdir(tmp_path)
        monkeypatch.setattr("sys.argv", ["openworld3d", *arguments])
        with pytest.raises(SystemExit) as end:
            main()
        (said,) = [line for line in capsys.readouterr().err.splitlines() if line.startswith("error: ")]
        assert end.value.code == 1
        return said

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
def outputs(tmp_path: Path) -> Path:
    """Return the manifest of outputs of both rooms, of the columns wall and lamp."""
    return write_outputs(tmp_path / "outputs", {name: np.array(rows, np.float32) for name, rows in LOGITS.items()})


@pytest.fixture
def scores(tmp_path: Path) -> Path:
    """Return the manifest of scores of both rooms: the sofa's points are the highest but for one."""
    return write_scores(tmp_path / "scores", {name: np.array(rows, np.float32) for name, rows in SCORES.items()})


def write_outputs(folder: Path, logits: dict[str, np.ndarray]) -> Path:
    """Write logits of points (N, 2), the columns wall and lamp, as outputs with their rows in reversed order."""
    folder.mkdir(parents=True)
    for name, rows in logits.items():
        inverse = np.arange(len(rows), dtype=np.int32)[::-1]
        np.savez(folder / f"{name}.npz", logits=rows[::-1], inverse=inverse, visits=np.ones(len(rows), np.int32))
    return write_manifest(folder, {"columns": ["wall", "lamp"], "scenes": [{"name": name} for name in logits]})


def write_scores(folder: Path, scores: dict[str, np.ndarray]) -> Path:
    """Write scores of points (N,) as those of such rows."""
    folder.mkdir(parents=True)
    for name, rows in scores.items():
        np.savez(folder / f"{name}.npz", score=rows[::-1])
    manifest = {"score": {"kind": "msp"}, "threshold": 3.2, "scenes": [{"name": name} for name in scores]}
    return write_manifest(folder, manifest)


def write_manifest(folder: Path, manifest: dict[str, Any]) -> Path:
    path = folder / "manifest.json"
    path.write_text(json.dumps(manifest))
    return path


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    """Return three scans of a sequence, of 10, 11 and 12 points."""
    for number, frame in enumerate(FRAMES):
        points = np.random.default_rng(number).uniform([-9, -9, -9, 0], [9, 9, 9, 1], (10 + number, 4))
        write_scan(tmp_path / "raw", points, np.repeat([10, 0], [8, 2 + number]), frame)
    return tmp_path / "raw"


@pytest.fixture
def prepare(tmp_path: Path, raw: Path, command: Callable[..., None]) -> Run:
    """Return a call that prepares the sequence and returns its manifest."""

    def run(root: Path = raw, folder: str = "scenes", code: str = "this", **changed: Any) -> dict[str, Any]:
        config = {
            "dataset": "mine",
            "layout": "semantickitti",
            "split": "00",
            "classes": semantickitti.CLASSES,
            "keys": {},
            **changed,
        }
        out = tmp_path / folder / "manifest.json"
        given = ["--config", json.dumps(config), "--raw", root, "--code", code]
        command("prepare", *given, "--workers", 2, "--out", out)
        manifest: dict[str, Any] = json.loads(out.read_text())
        return manifest

    return run
