from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
import torch
from tests.networks.released_weights import write_released
from torch import Tensor, nn

from openworld3d.errors import UserError
from openworld3d.networks.pretrained import load_released, read_released

KNOWN = ["wall", "floor"]


class Network(nn.Module):
    """A network whose last layer is named as the reference's."""

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.stem = nn.ModuleList([nn.Linear(3, 4, bias=False) for _ in range(7)])
        self.classifier = nn.Sequential(nn.Linear(4, 4), nn.BatchNorm1d(4), nn.ReLU(), nn.Linear(4, classes))


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


@pytest.mark.parametrize(
    ("content", "found"),
    [
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
