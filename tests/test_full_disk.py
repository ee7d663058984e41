"""A disk that fills up in the middle of an output leaves nothing of it, what was there before, and one sentence."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Callable

import numpy as np
import pytest
import torch
from matplotlib import pyplot
from torch import nn

from openworld3d import files
from openworld3d.errors import run_command
from openworld3d.files import whole_folder, write_json, write_noted, write_text
from openworld3d.inference.outputs import save_outputs
from openworld3d.metrics import statistics
from openworld3d.networks.weights import save_weights
from openworld3d.raw.journal import write_journal
from openworld3d.reports.clouds import write_cloud
from openworld3d.reports.figures import save
from openworld3d.scenes.scene import Scene, save_scene
from openworld3d.training.checkpoint import Checkpoint
from openworld3d.training.monitor import write_table
from tests.full_disk import room_for

POINTS = 3000
SCENE = Scene(np.ones((POINTS, 3), np.float32), np.zeros(POINTS, np.uint8), np.zeros(POINTS, np.int32))


def outputs(path: Path) -> None:
    """Write the outputs of a scene into the folder of a manifest, as inference does."""
    rows = np.ones((POINTS, 4), np.float32)
    inverse = np.arange(POINTS, dtype=np.int32)
    with whole_folder(path) as folder:
        save_outputs(
            folder,
            "hall",
            {"logits": rows, "inverse": inverse, "visits": inverse, "halved_crops": np.array(0)},
            "float32",
        )


class Scaler:
    """Stands for a gradient scaler that is not enabled."""

    def state_dict(self) -> dict[str, Any]:
        return {}


def checkpoint(path: Path) -> None:
    network = nn.Linear(100, 100)
    optimizer = torch.optim.AdamW(network.parameters())
    Checkpoint(path, "this").save(network, optimizer, Scaler(), [{"epoch": 1.0}], {})


def figure(path: Path) -> None:
    drawn, panel = pyplot.subplots()
    panel.plot(range(100))
    save(drawn, path)
    pyplot.close(drawn)


WRITERS: dict[str, Callable[[Path], Any]] = {
    "text": lambda path: write_text(path, "word " * POINTS),
    "JSON": lambda path: write_json(path, list(range(POINTS))),
    "note": lambda path: write_noted(path, list(range(POINTS))),
    "journal": lambda path: write_journal(path.parent, [{"name": str(number)} for number in range(POINTS)]),
    "scene": lambda path: save_scene(path, SCENE),
    "cloud": lambda path: write_cloud(path, SCENE, np.zeros((POINTS, 3), np.uint8)),
    "weights": lambda path: save_weights(path, nn.Linear(100, 100), {}),
    "statistics": lambda path: statistics.save(path, statistics.of_no_scene(["wall", "floor"], 16, 0.5)),
    "history": lambda path: write_table(path, [{"epoch": float(number)} for number in range(POINTS)]),
    "outputs": outputs,
    "checkpoint": checkpoint,
    "figure": figure,
}


def contents(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


@pytest.mark.parametrize("name", WRITERS)
def test_disk_that_fills_up_leaves_what_was_there(
    tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path, write = tmp_path / "folder/journal.jsonl", WRITERS[name]
    write(path)
    before = contents(tmp_path)
    (size,) = map(len, before.values())
    for room in (0, 1, size // 3, size // 2, size - 1):
        with pytest.raises(SystemExit, match="1"), room_for(room):
            run_command(lambda: write(path))
        said = capsys.readouterr().err
        assert (said.count("\n"), said[:7], "File too large" in said) == (1, "error: ", True), said
        assert said.startswith(f"error: {path}")
        assert contents(tmp_path) == before


@pytest.mark.parametrize("name", sorted({*WRITERS} - {"outputs"}))
def test_full_disk_is_one_sentence(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def full(path: Path) -> Path:
        (path.parent / "full").symlink_to("/dev/full")
        return path.parent / "full"

    monkeypatch.setattr(files, "temporary_sibling", full)
    with pytest.raises(SystemExit, match="1"):
        run_command(lambda: WRITERS[name](tmp_path / "journal.jsonl"))
    said = capsys.readouterr().err
    assert said.startswith(f"error: {tmp_path}/journal.jsonl: ")
    assert "No space left on device" in said
    assert said.count("\n") == 1
    assert list(tmp_path.iterdir()) == []
