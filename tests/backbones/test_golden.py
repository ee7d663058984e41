"""The network against what a reference implementation answers, see README.md of the golden folder."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from openworld3d.backbones.stratified_transformer import (
    STEM_NEIGHBORS,
    STEM_RADIUS,
    StratifiedTransformer,
    build,
)
from openworld3d.networks.layers.geometry import ball_neighbors
from openworld3d.protocols.protocol import IGNORED

ROOT = Path(__file__).resolve().parents[2]
FOLDER = Path(os.environ.get("GOLDEN_DIR", ROOT / "../shared/golden")) / "network"
COPY = ROOT / "tests/networks/s3dis_style.npz"
NAMES = ("s3dis_style", "scannet_style")


@pytest.fixture(params=["copy", *NAMES])
def golden(request: pytest.FixtureRequest) -> dict[str, np.ndarray]:
    path = COPY if request.param == "copy" else FOLDER / f"{request.param}.npz"
    if not path.exists():
        pytest.skip(f"{path} is absent: set GOLDEN_DIR to the folder of golden outputs")
    with np.load(path) as arrays:
        return dict(arrays)


def loaded(golden: dict[str, np.ndarray]) -> StratifiedTransformer:
    config = json.loads(str(golden["config"]))
    network = build({"initialisation": "reference", **config}, 6, config["classes"])
    state = {name[6:]: torch.from_numpy(value) for name, value in golden.items() if name.startswith("state/")}
    network.load_state_dict(state, strict=True)
    return network.eval()


def test_network_agrees_with_golden(golden: dict[str, np.ndarray]) -> None:
    network = loaded(golden)
    geometry = network.geometry(golden["coord"], golden["offset"])
    feature = torch.from_numpy(np.concatenate([golden["color"], golden["coord"]], 1))
    logits = network(feature, geometry)
    assert np.abs(logits.detach().numpy() - golden["logits"]).max() < 2e-4

    loss = F.cross_entropy(logits, torch.from_numpy(golden["label"].astype(np.int64)), ignore_index=IGNORED)
    assert abs(loss.item() - float(golden["loss"])) < 1e-5

    loss.backward()
    parameters = dict(network.named_parameters())
    norms = {name: float(parameters[name].grad.norm()) for name in json.loads(str(golden["grad_norm"]))}  # type: ignore[union-attr]
    assert norms == pytest.approx(json.loads(str(golden["grad_norm"])), rel=1e-3)


def test_stem_may_be_called_item(golden: dict[str, np.ndarray]) -> None:
    network = loaded(golden)
    state = network.state_dict()
    theirs = {name.replace("stem", "item"): value for name, value in state.items()}
    assert set(theirs) != set(state)
    ours = network.released_state(theirs)
    assert list(ours) == list(state)
    assert all(torch.equal(ours[name], value) for name, value in state.items())


def test_network_of_pointcept_takes_coordinates_first(golden: dict[str, np.ndarray]) -> None:
    """The same weights on [coord, color] as theirs, and on [color, coord] once their names and channels are ours."""
    theirs, ours = loaded(golden), loaded(golden)
    state = {f"backbone.{name}": value for name, value in theirs.state_dict().items()}
    ours.load_state_dict(ours.released_state(state))
    geometry = theirs.geometry(golden["coord"], golden["offset"])
    feature = torch.from_numpy(np.concatenate([golden["coord"], golden["color"]], 1))
    with torch.no_grad():
        expected = theirs(feature, geometry)
        assert (ours(feature.roll(3, 1), geometry) - expected).abs().max() < 1e-4


def test_stem_neighbors_are_golden(golden: dict[str, np.ndarray]) -> None:
    grid = json.loads(str(golden["config"]))["grid_size"]
    neighbor = ball_neighbors(golden["coord"], golden["offset"], STEM_RADIUS * grid, STEM_NEIGHBORS)
    expected = golden["neighbor_index"]
    assert np.array_equal(neighbor, expected[:, : neighbor.shape[1]])
    assert (expected[:, neighbor.shape[1] :] == len(expected)).all()
