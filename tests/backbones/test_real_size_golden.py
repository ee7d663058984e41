"""Names and shapes of networks at real size against the reference's, see README.md of the golden folder."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml
from tests.backbones.test_point_transformer_golden import our_name
from tests.golden import ROOT, golden_files
from torch import nn

from openworld3d.backbones.point_transformer import PointTransformer, build
from openworld3d.networks.layers.second_decoder import make_second_decoder

SIZES = pytest.mark.parametrize("file", golden_files("shapes", ".json"))
# Of each entry, the experiment whose network it is, how many features of a point it takes, and its classes.
POINT_TRANSFORMERS = {
    "point_transformer_s3dis": ("pdf_s3dis", 6, 13),
    "point_transformer_scannet": ("pdf_scannet", 9, 20),
}


def network_of(experiment: str, in_channels: int, classes: int) -> PointTransformer:
    """Return the network of an experiment."""
    backbones = yaml.safe_load((ROOT / f"experiments/{experiment}.yaml").read_text())["backbones"].values()
    (config,) = [backbone for backbone in backbones if backbone["network"] == "point_transformer"]
    return build(config, in_channels, classes)


def shapes_of(network: nn.Module) -> dict[str, list[int]]:
    return {name: list(value.shape) for name, value in network.state_dict().items()}


def parameters_of(network: nn.Module) -> int:
    return sum(value.numel() for value in network.parameters())


def shapes_in(entries: dict[str, Any], name: str) -> dict[str, list[int]]:
    """Return the shapes of an entry, which may say how it differs from that of S3DIS."""
    entry = entries[name]
    return entry["shapes"] if "shapes" in entry else {**shapes_in(entries, S3DIS), **entry["as_s3dis_but"]}


S3DIS, RECOGNIZER = "point_transformer_s3dis", "pdf_point_transformer_recognizer"


@SIZES
@pytest.mark.parametrize("name", POINT_TRANSFORMERS)
def test_golden_sizes_of_point_transformer(file: Path, name: str) -> None:
    entries = json.loads(file.read_text())
    network = network_of(*POINT_TRANSFORMERS[name])
    assert shapes_of(network) == shapes_in(entries, name)
    assert list(shapes_of(network)) == list(shapes_in(entries, name))
    assert parameters_of(network) == entries[name]["parameters"]


@SIZES
def test_golden_sizes_of_pdfs_decoder_on_point_transformer(file: Path) -> None:
    entry = json.loads(file.read_text())[RECOGNIZER]
    with torch.no_grad():
        decoder = make_second_decoder("plain", "random", network_of(*POINT_TRANSFORMERS[S3DIS]))
    assert shapes_of(decoder) == {our_name(name): shape for name, shape in entry["shapes"].items()}
    assert parameters_of(decoder) == entry["parameters"]
