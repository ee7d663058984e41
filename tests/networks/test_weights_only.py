"""A checkpoint is read, and nothing of it is run, by torch's weights_only and by the unpickler of old torch alike."""

from __future__ import annotations

import os
import pickle
import tarfile
from pathlib import Path
from typing import Any, Callable

import numpy as np
import pytest
import torch
from tests.networks.released_weights import write_released

from openworld3d.errors import UserError
from openworld3d.networks import weights_only
from openworld3d.networks.weights_only import load_weights_only

STATE = {"weight": torch.arange(6.0).reshape(2, 3), "bias": torch.tensor([1, 2])}


@pytest.fixture(params=sorted({False, weights_only.HAS_WEIGHTS_ONLY}), autouse=True)
def _both_ways(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weights_only, "HAS_WEIGHTS_ONLY", request.param)


class Hostile:
    """What runs a command when it is unpickled."""

    def __init__(self, run: Callable[..., object], *arguments: object) -> None:
        self.called = run, arguments

    def __reduce__(self) -> Any:
        return self.called


@pytest.mark.parametrize("new_format", [True, False])
def test_released_file_is_read_whole(tmp_path: Path, new_format: bool) -> None:
    numbers = {
        "loss": np.float32(0.5),
        "step": np.int64(7),
        "converged": np.bool_(True),
        "weight": STATE["weight"].half(),
    }
    parameter = torch.nn.Parameter(torch.ones(2))
    file = write_released(tmp_path / "x.pth", STATE, new_format, **numbers, parameter=parameter)
    read = load_weights_only(file)
    assert list(read["state_dict"]) == ["module.weight", "module.bias"]
    assert all(torch.equal(read["state_dict"][f"module.{name}"], value) for name, value in STATE.items())
    assert read["best_iou"] == 0.72
    assert [read[name] for name in ("epoch", "loss", "step", "converged")] == [100, 0.5, 7, True]
    assert read["scheduler"]["milestones"] == {60: 1, 80: 1}
    assert len(read["optimizer"]["state"]) == 2
    assert read["weight"].dtype == torch.float16
    assert read["parameter"].tolist() == [1, 1]


@pytest.mark.parametrize("new_format", [True, False])
@pytest.mark.parametrize(("run", "named"), [(os.system, "posix.system"), (exec, r"(\S+\.)?exec")])
def test_nothing_of_a_file_is_run(tmp_path: Path, new_format: bool, run: Callable[..., object], named: str) -> None:
    marker = tmp_path / "was_run"
    command = f"touch {marker}" if run is os.system else f"open({str(marker)!r}, 'w').close()"
    file = write_released(tmp_path / "x.pth", STATE, new_format, config=Hostile(run, command))
    with pytest.raises(
        UserError, match=rf"x.pth: needs {named} to be read, expected tensors and numbers alone; nothing"
    ):
        load_weights_only(file)
    assert not marker.exists()
    file.write_bytes(pickle.dumps(Hostile(run, command), protocol=2))
    with pytest.raises(UserError, match=r"x\.pth: "):
        load_weights_only(file)
    assert not marker.exists()
    pickle.loads(file.read_bytes())
    assert marker.exists()


def test_whole_network_is_refused_by_its_class(tmp_path: Path) -> None:
    torch.save(torch.nn.Linear(2, 2), tmp_path / "x.pth")
    with pytest.raises(UserError, match=r"needs torch.nn.modules.linear.Linear to be read"):
        load_weights_only(tmp_path / "x.pth")


def text(file: Path) -> None:
    file.write_text("<html>not found</html>")


def empty(file: Path) -> None:
    file.touch()


def half(file: Path) -> None:
    whole = write_released(file, STATE).read_bytes()
    file.write_bytes(whole[: len(whole) // 2])


def half_of_the_old_format(file: Path) -> None:
    file.write_bytes(write_released(file, STATE, new_format=False).read_bytes()[:-8])


def program(file: Path) -> None:
    torch.jit.script(torch.nn.Linear(2, 2)).save(str(file))


def archive(file: Path) -> None:
    content = file.with_name("pickle")
    content.write_bytes(pickle.dumps({}, protocol=2))
    with tarfile.open(file, "w") as tar:
        tar.add(content, "pickle")


@pytest.mark.parametrize("make", [text, empty, half, half_of_the_old_format, program, archive])
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning")
def test_what_is_no_checkpoint_is_a_sentence(tmp_path: Path, make: Callable[[Path], None]) -> None:
    make(tmp_path / "x.pth")
    with pytest.raises(UserError, match=r"x.pth: is not a whole checkpoint of torch.save; .* download it again"):
        load_weights_only(tmp_path / "x.pth")


def test_memory_that_ran_out_is_not_the_fault_of_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*given: Any, **named: Any) -> None:
        raise MemoryError

    monkeypatch.setattr(torch, "load", full)
    with pytest.raises(MemoryError):
        load_weights_only(write_released(tmp_path / "x.pth", STATE))
