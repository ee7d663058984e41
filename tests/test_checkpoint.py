"""A training that is killed goes on to the weights of an undisturbed one, and from nothing but its own checkpoint."""

from __future__ import annotations

import errno
import os
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from openworld3d.backbones.stratified_transformer import build
from openworld3d.batches import TrainingData, input_channels
from openworld3d.checkpoint import Checkpoint, identity
from openworld3d.errors import UserError
from openworld3d.precision import OF_TODAY, make_scaler
from openworld3d.protocol import make_protocol
from openworld3d.recipes import closed_set
from openworld3d.schedule import make_optimizer
from openworld3d.training import Watch, train
from tests.backbones.test_stratified_transformer import SMALL
from tests.small_run import CLASSES, RECIPE, arguments, red_wall_on_green_floor, run, write_run
from tests.test_batches import RANGE

KILL = "import os, runpy, signal, sys; kill = lambda: os.kill(os.getpid(), signal.SIGKILL); "
RUN = "; sys.argv = sys.argv[1:]; runpy.run_path(sys.argv[0], run_name='__main__')"
MOMENTS = {
    "in the middle of an epoch": (
        "import openworld3d.schedule as s; keep = s.rate_factor; "
        "s.rate_factor = lambda kind, step, *more: kill() if step == 5 else keep(kind, step, *more)"
    ),
    "in the middle of writing": (
        "import numpy as np; keep = np.savez\n"
        "def half(file, **arrays):\n"
        "    if len(__import__('json').loads(str(arrays['about']))['history']) == 3:\n"
        "        file.write(b'half of a checkpoint'); file.flush(); kill()\n"
        "    keep(file, **arrays)\n"
        "np.savez = half"
    ),
    "before the weights are written": "import openworld3d.weights as w; w.save_weights = lambda *given: kill()",
}


@pytest.fixture
def manifest(tmp_path: Path) -> Path:
    """Return the manifest of a split with two rooms."""
    return write_run(tmp_path)


def arrays_of(folder: Path) -> dict[str, Any]:
    with np.load(folder / "weights.npz") as arrays:
        return {name: arrays[name].tobytes() for name in arrays.files}


def test_killed_training_goes_on_to_the_same_weights(manifest: Path, tmp_path: Path) -> None:
    undisturbed = tmp_path / "undisturbed"
    keys: dict[str, Any] = {"epochs": 4, "keep_epochs": [1]}
    done = run(*arguments(manifest, undisturbed, **keys))
    assert done.returncode == 0, done.stderr
    assert not (undisturbed / "checkpoint.npz").exists()
    for number, (moment, patch) in enumerate(MOMENTS.items()):
        folder = tmp_path / f"killed{number}"
        killed = run(
            "-c",
            KILL + patch.strip() + RUN.replace("; ", "\n"),
            *arguments(manifest, folder, **keys),
        )
        assert killed.returncode == -9, (moment, killed.stderr)
        assert not (folder / "weights.npz").exists()
        done = run(*arguments(manifest, folder, **keys))
        assert done.returncode == 0, done.stderr
        assert f"going on after epoch {(2, 2, 4)[number]}" in done.stdout, moment
        assert arrays_of(folder) == arrays_of(undisturbed), moment
        assert (folder / "history.csv").read_bytes() == (undisturbed / "history.csv").read_bytes()
        assert sorted(path.name for path in folder.iterdir()) == ["history.csv", "tensorboard", "weights.npz"]


def test_checkpoint_of_another_config_is_not_gone_on_from(manifest: Path, tmp_path: Path) -> None:
    killed = run(
        "-c", KILL + MOMENTS["before the weights are written"] + RUN, *arguments(manifest, tmp_path, epochs=2)
    )
    assert killed.returncode == -9
    done = run(*arguments(manifest, tmp_path, epochs=1))
    assert done.returncode == 0, done.stderr
    assert "of another config, dataset, code or torch: training starts anew" in done.stdout
    assert len((tmp_path / "history.csv").read_text().splitlines()) == 2


def test_identity_is_config_inputs_and_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scenes, module = tmp_path / "scenes.json", tmp_path / "loss.py"
    scenes.write_text("scenes")
    module.write_text("loss")
    monkeypatch.setitem(sys.modules, "openworld3d.loss", SimpleNamespace(__file__=str(module)))
    before = identity({"seed": 0}, [scenes])
    assert identity({"seed": 0}, [scenes]) == before
    assert identity({"seed": 1}, [scenes]) != before
    module.write_text("another loss")
    assert identity({"seed": 0}, [scenes]) != before
    module.write_text("loss")
    scenes.write_text("other scenes")
    assert identity({"seed": 0}, [scenes]) != before


@pytest.fixture
def data(manifest: Path) -> TrainingData:
    protocol = make_protocol(CLASSES, ["sofa"])
    scenes = [manifest.with_name("room0.npz")]
    return TrainingData(scenes, protocol, "ignore", RECIPE, 0.1, RANGE, np.ones(2, np.float32), seed=3)


def test_full_disk_keeps_the_epoch_before(
    data: TrainingData, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    network = build(SMALL, input_channels(red_wall_on_green_floor()), 2)
    optimizer = make_optimizer(network, RECIPE)
    scaler = make_scaler(torch.device("cpu"), "float32")
    checkpoint = Checkpoint(tmp_path / "checkpoint.npz", "this training")
    checkpoint.save(network, optimizer, scaler, [{"epoch": 1}], {})
    before = checkpoint.path.read_bytes()

    def full(*given: object, **arrays: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(np, "savez", full)
    with pytest.raises(UserError, match=r"epoch 2 cannot be written \(No space left on device\); .* epoch 1 is kept"):
        checkpoint.save(network, optimizer, scaler, [{"epoch": 1}, {"epoch": 2}], {})
    assert checkpoint.path.read_bytes() == before
    assert [path.name for path in tmp_path.glob("*checkpoint*")] == ["checkpoint.npz"]


def test_scale_of_gradients_is_restored(data: TrainingData, tmp_path: Path) -> None:
    if not OF_TODAY:
        pytest.skip("this torch scales gradients on cards alone")
    network = build(SMALL, 6, 2)
    optimizer = make_optimizer(network, RECIPE)
    scaler, other = (make_scaler(torch.device("cpu"), "float16") for _ in range(2))
    scaler.load_state_dict({**scaler.state_dict(), "scale": 8.0, "_growth_tracker": 7})
    checkpoint = Checkpoint(tmp_path / "checkpoint.npz", "this training")
    checkpoint.save(network, optimizer, scaler, [{"epoch": 1}], {})
    checkpoint.load(network, optimizer, other)
    assert other.state_dict() == scaler.state_dict()


def test_loss_that_is_not_finite_ends_in_a_sentence(data: TrainingData, tmp_path: Path) -> None:
    class Diverging:
        steps = 0

        def loss(self, *given: Any) -> tuple[Tensor, Tensor]:
            self.steps += 1
            loss, logits = closed_set.loss(*given)
            return loss * (float("nan") if self.steps == 3 else 1), logits

    network = build(SMALL, input_channels(red_wall_on_green_floor()), 2)
    checkpoint = Checkpoint(tmp_path / "checkpoint.npz", "this training")
    with pytest.raises(UserError, match=r"epoch 3, step 3: the loss is nan, .*\(the checkpoint of epoch 2 is kept\)"):
        train(network, Diverging(), data, torch.device("cpu"), checkpoint, Watch())  # type: ignore[arg-type]
    scaler = make_scaler(torch.device("cpu"), "float32")
    assert len(checkpoint.load(network, make_optimizer(network, RECIPE), scaler)[0]) == 2
