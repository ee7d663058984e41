"""A training that is killed goes on to the weights of an undisturbed one, and from nothing but its own checkpoint."""

from __future__ import annotations

import errno
import os
import pickle
from dataclasses import replace
from pathlib import Path
from typing import Any, Callable

import numpy as np
import pytest
import torch
from tests.backbones.test_stratified_transformer import SMALL
from tests.small_run import CLASSES, KEY, arguments, config_of, red_wall_on_green_floor, run, write_run
from torch import Tensor, nn

from openworld3d.backbones.stratified_transformer import build
from openworld3d.errors import UserError
from openworld3d.networks.inputs import input_channels
from openworld3d.protocols.protocol import make_protocol
from openworld3d.recipes.closed_set import ClosedSet
from openworld3d.training.augmentation import TrainingData
from openworld3d.training.checkpoint import Checkpoint, made_by
from openworld3d.training.loop import Watch, train
from openworld3d.training.optimizer import OF_TODAY, make_optimizer, make_scaler

KILL = "import os, runpy, signal, sys; kill = lambda: os.kill(os.getpid(), signal.SIGKILL); "
RUN = "; sys.argv = sys.argv[1:]; runpy.run_path(sys.argv[0], run_name='__main__')"
MOMENTS = {
    "in the middle of an epoch": (
        "import openworld3d.training.optimizer as s; keep = s.rate_factor; "
        "s.rate_factor = lambda kind, step, *more: kill() if step == 5 else keep(kind, step, *more)"
    ),
    "in the middle of writing": (
        "import pathlib; keep, calls = pathlib.Path.write_bytes, []\n"
        "def half(path, content):\n"
        "    calls.append(path)\n"
        "    keep(path, content[:len(content) // 2] if len(calls) == 3 else content)\n"
        "    if len(calls) == 3: kill()\n"
        "pathlib.Path.write_bytes = half"
    ),
    "before the weights are written": (
        "import openworld3d.networks.weights as w; w.save_weights = lambda *given: kill()"
    ),
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
    assert not (undisturbed / "checkpoint.pt").exists()
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
        assert f"resuming after epoch {(2, 2, 4)[number]}" in done.stdout, moment
        assert arrays_of(folder) == arrays_of(undisturbed), moment
        assert (folder / "history.csv").read_bytes() == (undisturbed / "history.csv").read_bytes()
        assert sorted(path.name for path in folder.iterdir()) == ["history.csv", "tensorboard", "weights.npz"]


def test_checkpoint_of_another_key_is_not_gone_on_from(manifest: Path, tmp_path: Path) -> None:
    killed = run(
        "-c", KILL + MOMENTS["before the weights are written"] + RUN, *arguments(manifest, tmp_path, epochs=2)
    )
    assert killed.returncode == -9
    other = "lkjihgfedcba"
    done = run(*arguments(manifest, tmp_path, key=other, epochs=1))
    assert done.returncode == 0, done.stderr
    assert f"checkpoint.pt: is {made_by(KEY)}, not {made_by(other)}: training starts anew" in done.stdout
    assert len((tmp_path / "history.csv").read_text().splitlines()) == 2


def test_checkpoint_is_known_by_its_key_and_versions(monkeypatch: pytest.MonkeyPatch) -> None:
    before = made_by(KEY)
    assert KEY in before
    assert made_by(KEY) == before != made_by("lkjihgfedcba")
    monkeypatch.setattr(torch, "__version__", "0.1")
    assert made_by(KEY) != before


@pytest.fixture
def data(manifest: Path) -> TrainingData:
    protocol = make_protocol(CLASSES, ["sofa"])
    scenes = [manifest.with_name("room0.npz")]
    return TrainingData(scenes, protocol, np.ones(2, np.float32), config_of())


def test_full_disk_keeps_the_epoch_before(
    data: TrainingData, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    network = build(SMALL, input_channels(red_wall_on_green_floor()), 2)
    optimizer = make_optimizer(network, config_of().optimisation)
    scaler = make_scaler(torch.device("cpu"), "float32")
    checkpoint = Checkpoint(tmp_path / "checkpoint.pt", "this training")
    checkpoint.save(network, optimizer, scaler, [{"epoch": 1}], {})
    before = checkpoint.path.read_bytes()

    def full(*given: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(UserError, match=r"epoch 2 cannot be written \(No space left on device\); .* epoch 1 is kept"):
        checkpoint.save(network, optimizer, scaler, [{"epoch": 1}, {"epoch": 2}], {})
    assert checkpoint.path.read_bytes() == before
    assert [path.name for path in tmp_path.glob("*checkpoint*")] == ["checkpoint.pt"]


def test_scale_of_gradients_is_restored(data: TrainingData, tmp_path: Path) -> None:
    if not OF_TODAY:
        pytest.skip("this torch scales gradients on GPUs alone")
    network = build(SMALL, 6, 2)
    optimizer = make_optimizer(network, config_of().optimisation)
    scaler, other = (make_scaler(torch.device("cpu"), "float16") for _ in range(2))
    scaler.load_state_dict({**scaler.state_dict(), "scale": 8.0, "_growth_tracker": 7})
    checkpoint = Checkpoint(tmp_path / "checkpoint.pt", "this training")
    checkpoint.save(network, optimizer, scaler, [{"epoch": 1}], {})
    checkpoint.load(network, optimizer, other)
    assert other.state_dict() == scaler.state_dict()


def flipped(place: int) -> Callable[[bytes], bytes]:
    """Return what turns over one bit of a byte, counted from the end where `place` is negative."""

    def flip(whole: bytes) -> bytes:
        changed = bytearray(whole)
        changed[place] ^= 1
        return bytes(changed)

    return flip


DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda whole: b"",
    "truncated": lambda whole: whole[: len(whole) // 2],
    "cut by a byte": lambda whole: whole[:-1],
    "zeroed": lambda whole: bytes(len(whole)),
    "zeroed at the end": lambda whole: whole[: len(whole) // 2] + bytes(len(whole) - len(whole) // 2),
    "text": lambda whole: b"not a checkpoint\n",
    "pickle": lambda whole: pickle.dumps({"about": {"epoch": 3}}),
    "a digit of the digest": flipped(10),
    "a byte of the history": flipped(80),
    "a byte of a tensor": flipped(2000),
}


def small_training() -> tuple[nn.Module, torch.optim.Optimizer, Any]:
    """Return a network, its optimizer after one step, and a scaler."""
    torch.manual_seed(1)
    network = nn.Sequential(nn.Linear(3, 2), nn.BatchNorm1d(2))
    optimizer = torch.optim.AdamW(network.parameters(), lr=0.1)
    network(torch.randn(4, 3)).square().sum().backward()
    optimizer.step()
    return network, optimizer, make_scaler(torch.device("cpu"), "float32")


def write_checkpoint(folder: Path) -> tuple[Checkpoint, bytes]:
    """Write a checkpoint of such a training, and return it and its bytes."""
    checkpoint = Checkpoint(folder / "checkpoint.pt", "this training")
    network, optimizer, scaler = small_training()
    checkpoint.save(network, optimizer, scaler, [{"epoch": 1}], {1: network.state_dict()})
    return checkpoint, checkpoint.path.read_bytes()


@pytest.mark.parametrize("damage", DAMAGES)
def test_checkpoint_that_cannot_be_read_is_a_sentence_and_no_state(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], damage: str
) -> None:
    checkpoint, whole = write_checkpoint(tmp_path)
    checkpoint.path.write_bytes(DAMAGES[damage](whole))
    network, optimizer, scaler = small_training()
    before = {name: value.clone() for name, value in network.state_dict().items()}
    assert checkpoint.load(network, optimizer, scaler) == ([], {})
    (said,) = capsys.readouterr().out.splitlines()
    assert said.startswith(f"{checkpoint.path}: is damaged")
    assert said.endswith(": training starts anew")
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())


def test_no_flipped_bit_is_taken_for_a_state(tmp_path: Path) -> None:
    checkpoint, whole = write_checkpoint(tmp_path)
    assert checkpoint.load(*small_training())[0] == [{"epoch": 1}]
    for place in range(0, len(whole), 23):
        checkpoint.path.write_bytes(flipped(place)(whole))
        assert checkpoint.load(*small_training()) == ([], {}), place


def test_nothing_is_unpickled_of_a_file_that_this_training_did_not_write(tmp_path: Path) -> None:
    class Trap:
        def __reduce__(self) -> Any:
            return (Path.touch, (tmp_path / "sprung",))

    checkpoint, _ = write_checkpoint(tmp_path)
    checkpoint.path.write_bytes(pickle.dumps(Trap()))
    assert checkpoint.load(*small_training()) == ([], {})
    assert not (tmp_path / "sprung").exists()


def test_training_whose_checkpoint_is_damaged_starts_anew(
    data: TrainingData, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def trained() -> Any:
        torch.manual_seed(data.config.seed)
        network = build(SMALL, input_channels(red_wall_on_green_floor()), 2)
        checkpoint = Checkpoint(tmp_path / "checkpoint.pt", "this training")
        short = data._replace(config=config_of(epochs=2))
        history, _ = train(network, short, torch.device("cpu"), checkpoint, Watch())
        assert len(history) == 2
        return network.state_dict()

    expected = trained()
    path = tmp_path / "checkpoint.pt"
    path.write_bytes(path.read_bytes()[:-100])
    found = trained()
    assert f"{path}: is damaged" in capsys.readouterr().out
    assert all(torch.equal(value, expected[name]) for name, value in found.items())


def test_loss_that_is_not_finite_ends_in_a_sentence(data: TrainingData, tmp_path: Path) -> None:
    class Diverging(ClosedSet):
        def loss(self, *given: Any) -> tuple[Tensor, Tensor]:
            steps.append(1)
            loss, logits = super().loss(*given)
            return loss * (float("nan") if len(steps) == 3 else 1), logits

    steps: list[int] = []
    diverging = data._replace(config=replace(data.config, recipe=Diverging((), (), 0.0)))

    network = build(SMALL, input_channels(red_wall_on_green_floor()), 2)
    checkpoint = Checkpoint(tmp_path / "checkpoint.pt", "this training")
    with pytest.raises(UserError, match=r"epoch 3, step 3: the loss is nan, .*\(the checkpoint of epoch 2 is kept\)"):
        train(network, diverging, torch.device("cpu"), checkpoint, Watch())
    scaler = make_scaler(torch.device("cpu"), "float32")
    assert len(checkpoint.load(network, make_optimizer(network, config_of().optimisation), scaler)[0]) == 2
