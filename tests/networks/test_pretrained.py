"""A checkpoint is read and nothing of it is run; its weights are loaded if they fit."""

from __future__ import annotations

import copy
import os
import pickle
import tarfile
from pathlib import Path
from typing import Any, Callable

import numpy as np
import pytest
import torch
from tests.networks.released_weights import needs_safe_torch, write_released
from torch import Tensor, nn

from openworld3d.errors import UserError
from openworld3d.networks.backbone import Backbone
from openworld3d.networks.pretrained import load_released, load_weights_only, read_released

KNOWN = ["wall", "floor"]
pytestmark = needs_safe_torch


class Network(Backbone):
    """A network whose last layer is named as the reference's."""

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.stem = nn.ModuleList([nn.Linear(3, 4, bias=False) for _ in range(7)])
        self.classifier = nn.Sequential(nn.Linear(4, 4), nn.BatchNorm1d(4), nn.ReLU(), nn.Linear(4, classes))

    def geometry(self, coord: np.ndarray, offset: np.ndarray) -> None:
        """Return nothing: no test runs this network."""

    def decode(self, feature: Tensor, geometry: None) -> Tensor:
        return feature


def state_of(classes: int) -> dict[str, Tensor]:
    return {name: value + 1 for name, value in Network(classes).state_dict().items()}


def bare(file: Path, state: dict[str, Tensor]) -> None:
    torch.save(state, file)


def nested(file: Path, state: dict[str, Tensor]) -> None:
    torch.save({"state_dict": state}, file)


def prefixed(file: Path, state: dict[str, Tensor]) -> None:
    torch.save({f"module.{name}": value for name, value in state.items()}, file)


@pytest.mark.parametrize("write", [bare, nested, prefixed, write_released])
def test_every_way_to_hold_the_weights_is_the_same(tmp_path: Path, write: Any) -> None:
    state, network = state_of(2), Network(2)
    write(tmp_path / "x.pth", state)
    load_released(network, tmp_path / "x.pth", KNOWN)
    assert all(torch.equal(value, state[name]) for name, value in network.state_dict().items())


def test_second_decoder_that_is_saved_apart_is_among_the_weights(tmp_path: Path) -> None:
    apart = {"module.recognizer.confidence.3.bias": torch.ones(1)}
    file = write_released(tmp_path / "x.pth", {"backbone.cls.3.bias": torch.zeros(2)}, recognizer_state=apart)
    assert {name: value.tolist() for name, value in read_released(file).items()} == {
        "backbone.cls.3.bias": [0, 0],
        "recognizer.confidence.3.bias": [1],
    }
    file = write_released(tmp_path / "x.pth", {"backbone.cls.3.bias": torch.zeros(2)}, recognizer_state=None)
    assert list(read_released(file)) == ["backbone.cls.3.bias"]


def test_columns_that_nothing_taught_are_taken_off(tmp_path: Path) -> None:
    state, network = state_of(4), Network(2)
    state["classifier.3.weight"], state["classifier.3.bias"] = torch.eye(4), torch.arange(4.0)
    write_released(tmp_path / "x.pth", state)
    load_released(network, tmp_path / "x.pth", ["sofa", "wall", "window", "floor"], KNOWN)
    weight, bias = network.last_layer.parameters()
    assert weight.tolist() == [[0, 1, 0, 0], [0, 0, 0, 1]]
    assert bias.tolist() == [1, 3]
    with pytest.raises(UserError, match=r"has 4 classes, the protocol knows 3: sofa, wall, floor\. Set"):
        load_released(network, tmp_path / "x.pth", ["sofa", "wall", "floor"], KNOWN)


@pytest.mark.parametrize(
    ("content", "found"),
    [
        ({"state_dict": {"a": torch.ones(2)}, "recognizer_state": 3}, "x.pth: holds a value of type int, expected"),
        (torch.ones(2), "x.pth: holds a value of type Tensor, expected tensors by name"),
        ({}, "x.pth: holds nothing, expected tensors by name"),
        ({"state_dict": [1]}, "x.pth: holds a value of type list, expected tensors by name"),
        (
            {"epoch": 3, "weight": torch.ones(2)},
            "x.pth: 'epoch' is a value of type int, expected a tensor by its name",
        ),
    ],
)
def test_file_without_weights_is_a_sentence(tmp_path: Path, content: Any, found: str) -> None:
    torch.save(content, tmp_path / "x.pth")
    with pytest.raises(UserError, match=found):
        read_released(tmp_path / "x.pth")


def test_all_that_does_not_fit_is_one_message(tmp_path: Path) -> None:
    state = state_of(3)
    for number in range(6):
        del state[f"stem.{number}.weight"]
    state["stem.6.weight"] = torch.ones(4, 6)
    state["memory.weight"] = torch.ones(1)
    write_released(tmp_path / "x.pth", state)
    network = Network(2)
    before = copy.deepcopy(network.state_dict())
    with pytest.raises(UserError) as refused:
        load_released(network, tmp_path / "x.pth", KNOWN)
    assert str(refused.value) == (
        f"{tmp_path}/x.pth: does not fit the run: its classifier has 3 classes, the protocol knows 2: wall, floor; "
        "6 keys missing (stem.0.weight, stem.1.weight, stem.2.weight, stem.3.weight, stem.4.weight, and 1 more); "
        "1 key unexpected (memory.weight); 1 key of another shape (stem.6.weight (4, 6), expected (4, 3)). "
        "Set the keys of the backbone and the classes of the protocol to what it was trained with"
    )
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())


def test_classifier_of_another_width_and_class_count_is_said_twice(tmp_path: Path) -> None:
    state = state_of(3)
    state["classifier.3.weight"] = torch.ones(3, 9)
    write_released(tmp_path / "x.pth", state)
    with pytest.raises(
        UserError,
        match=r"has 3 classes.*; 1 key of another shape \(classifier.3.weight \(3, 9\), expected \(3, 4\)\)",
    ):
        load_released(Network(2), tmp_path / "x.pth", KNOWN)


STATE = {"weight": torch.arange(6.0).reshape(2, 3), "bias": torch.tensor([1, 2])}


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
    with pytest.raises(UserError, match=r"x.pth: is not a whole checkpoint of torch.save .*; download it again"):
        load_weights_only(tmp_path / "x.pth")


def test_torch_that_may_run_a_checkpoint_reads_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_released(tmp_path / "x.pth", STATE)
    monkeypatch.setattr(torch, "__version__", "2.5.1+cpu")
    with pytest.raises(UserError, match=r"x.pth: torch 2.5.1\+cpu may run code .*, expected torch 2.6 or newer; run"):
        load_weights_only(tmp_path / "x.pth")


def test_memory_that_ran_out_is_not_the_fault_of_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*given: Any, **named: Any) -> None:
        raise MemoryError

    monkeypatch.setattr(torch, "load", full)
    with pytest.raises(MemoryError):
        load_weights_only(write_released(tmp_path / "x.pth", STATE))


def quantised(value: Tensor) -> Tensor:
    return torch.quantize_per_tensor(value, 0.1, 0, torch.qint8)


NUMBERS: dict[str, tuple[Callable[[Tensor], Tensor], str]] = {
    "meta": (
        lambda value: value.to("meta"),
        "has a shape and no values, expected finite numbers; save the weights once",
    ),
    "sparse": (
        lambda value: value.to_sparse(),
        "is of layout torch.sparse_coo, expected finite numbers; save the wei",
    ),
    "rows": (lambda value: value.to_sparse_csr(), "is of layout torch.sparse_csr, expected finite numbers"),
    "nested": (
        lambda value: torch.nested.nested_tensor([value[0], value[0]]),
        "is of layout nested, expected finite",
    ),
    "quantised": (quantised, "holds numbers of type torch.qint8, expected finite numbers; save the weights as dense"),
    "complex": (lambda value: value.to(torch.complex64), "holds numbers of type torch.complex64, expected finite"),
    "NaN": (lambda value: value.index_fill(0, torch.tensor([1]), float("nan")), "has 3 numbers that are not finite"),
    "inf": (
        lambda value: value / 0,
        "has 12 numbers that are not finite in float32, expected finite numbers; take a",
    ),
    "wide": (lambda value: value.double() * 1e300, "has 12 numbers that are not finite in float32"),
}


@pytest.mark.parametrize("kind", NUMBERS)
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_weights_that_are_no_finite_numbers_are_a_sentence(tmp_path: Path, kind: str) -> None:
    make, sentence = NUMBERS[kind]
    state, network = state_of(2), Network(2)
    state["stem.3.weight"] = make(torch.ones(4, 3))
    torch.save(state, tmp_path / "x.pth")
    before = copy.deepcopy(network.state_dict())
    with pytest.raises(UserError) as refused:
        load_released(network, tmp_path / "x.pth", KNOWN)
    assert str(refused.value).startswith(f"{tmp_path}/x.pth: stem.3.weight {sentence}")
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())


@pytest.mark.parametrize("type_of", ["float16", "bfloat16", "float64", "float8_e5m2"])
def test_weights_of_any_floating_point_type_are_taken(tmp_path: Path, type_of: str) -> None:
    state, network = state_of(2), Network(2)
    state["stem.3.weight"] = torch.full((4, 3), 0.5).to(getattr(torch, type_of))
    torch.save(state, tmp_path / "x.pth")
    load_released(network, tmp_path / "x.pth", KNOWN)
    assert network.state_dict()["stem.3.weight"].unique().tolist() == [0.5]
