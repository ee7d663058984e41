"""Names and input channels of Pointcept's and PDF's checkpoints, and ours."""

from __future__ import annotations

import pytest
import torch

from openworld3d.networks.pointcept import coordinates_last, from_pointcept, our_name


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("backbone.upsamples.0.linear1.0.weight", "upsamples.0.linear1.0.weight"),
        ("backbone.dec5.0.linear1.0.weight", "dec5.0.linear1.0.weight"),
        ("upsamples.0.linear1.0.weight", "second_decoder.upsamples.0.linear1.0.weight"),
        ("recognizer.upsamples.3.linear2.1.bias", "second_decoder.upsamples.3.linear2.1.bias"),
        ("dec5.linear1.0.weight", "second_decoder.upsamples.0.linear1.0.weight"),
        ("recognizer.dec1.linear2.1.running_var", "second_decoder.upsamples.4.linear2.1.running_var"),
        ("confidence.0.weight", "second_decoder.head.0.weight"),
        ("recognizer.confidence.3.bias", "second_decoder.head.3.bias"),
        ("memory.confidence.3.bias", "memory.confidence.3.bias"),
        ("dec6.linear1.0.weight", "dec6.linear1.0.weight"),
        ("decoder.weight", "decoder.weight"),
    ],
)
def test_names(theirs: str, ours: str) -> None:
    assert our_name(theirs) == ours


@pytest.mark.parametrize("shape", [(2, 6), (2, 6, 1)])
def test_coordinates_go_last(shape: tuple[int, ...]) -> None:
    weight = torch.tensor([[0, 1, 2, 3, 4, 5], [6, 7, 8, 9, 10, 11]]).reshape(shape)
    expected = torch.tensor([[3, 4, 5, 0, 1, 2], [9, 10, 11, 6, 7, 8]]).reshape(shape)
    assert torch.equal(coordinates_last(weight), expected)


def test_no_channels_but_coordinates_stay() -> None:
    assert torch.equal(coordinates_last(torch.arange(6).reshape(2, 3)), torch.arange(6).reshape(2, 3))


def test_only_names_of_pointcept_are_changed() -> None:
    weight = torch.arange(6.0)[None]
    state = {"backbone.stem.weight": weight, "backbone.flat": weight[0], "confidence.0.bias": weight}
    ours = from_pointcept(state, "stem.weight")
    assert list(ours) == ["stem.weight", "flat", "second_decoder.head.0.bias"]
    assert ours["stem.weight"].tolist() == [[3, 4, 5, 0, 1, 2]]
    assert torch.equal(ours["second_decoder.head.0.bias"], weight)
    assert torch.equal(from_pointcept(state, "flat")["flat"], weight[0])
    assert from_pointcept({"stem.weight": weight, "confidence.0.bias": weight}, "stem.weight") == {
        "stem.weight": weight,
        "confidence.0.bias": weight,
    }
