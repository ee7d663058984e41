"""Two processes on one machine learn as one does from the same batches, and none outlives another's death."""

from __future__ import annotations

import csv
import json
import os
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tests.small_run import arguments, run, write_run

from openworld3d.errors import UserError
from openworld3d.networks import distributed

COMMAND = str(Path(__file__).with_name("two_processes.py"))


def step(processes: int) -> dict[str, Any]:
    done = run(COMMAND, "step", str(processes))
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_one_step_is_the_whole_batchs() -> None:
    one, two = step(1), step(2)
    assert two["loss"] == pytest.approx(one["loss"], rel=1e-5)
    assert two["state"].keys() == one["state"].keys()
    for kind in ("gradients", "state"):
        for name, expected in one[kind].items():
            assert np.array(two[kind][name]) == pytest.approx(np.array(expected), rel=1e-4, abs=1e-6), name
    assert (one["names"], two["names"]) == (["process 0"], ["process 0", "process 1"])


def test_mean_of_nothing_is_nothing() -> None:
    assert distributed.mean(torch.tensor(0.0), torch.tensor(0.0)).item() == 0


def test_loss_curve_is_that_of_one_process(tmp_path: Path) -> None:
    """The windows of a batch start at its lowest corner, so that here every room has it at 0."""
    manifest = write_run(tmp_path, rooms=3)  # the last batch has one scene for two processes
    curves = []
    for processes in (1, 2):
        folder = tmp_path / str(processes)
        done = run(*arguments(manifest, folder, processes, drop_path_rate=0, scenes_per_step=2, epochs=4))
        assert done.returncode == 0, done.stderr
        with open(folder / "history.csv") as file:
            curves.append([{name: float(value) for name, value in row.items()} for row in csv.DictReader(file)])
        assert sorted(path.name for path in folder.iterdir()) == ["history.csv", "tensorboard", "weights.npz"]
    one, two = curves
    assert len(one) == 4
    for column in ("train_loss", "val_loss"):
        assert [row[column] for row in two] == pytest.approx([row[column] for row in one], rel=0.01), column
    assert one[-1]["train_loss"] < one[0]["train_loss"] * 0.7


def test_death_of_one_ends_all_within_a_minute() -> None:
    began = time.monotonic()
    done = run(COMMAND, "die", "2")
    assert done.returncode != 0
    assert time.monotonic() - began < 60


def test_batch_without_a_scene_for_each_process_is_refused(tmp_path: Path) -> None:
    done = run(*arguments(write_run(tmp_path), tmp_path, processes=2, epochs=1))
    assert done.returncode == 1
    assert "2 processes share batches of scenes_per_step = 1, expected a scene for each" in done.stderr


def test_more_processes_than_gpus_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    monkeypatch.setattr(os, "execv", lambda *given: pytest.fail("started"))
    with pytest.raises(UserError, match="2 processes for 1 GPUs"):
        distributed.launch(2)
