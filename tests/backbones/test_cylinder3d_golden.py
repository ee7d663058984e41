"""Cylinder3D against what its released code answers, see README.md of the golden folder."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tests.given import batch_of, recipe_of
from tests.golden import golden_files, read_golden
from tests.networks import dense_spconv
from torch import Tensor

from openworld3d.backbones.cylinder3d import Cylinder3D, build
from openworld3d.networks.cylinder3d_names import renamed
from openworld3d.networks.layers.cylinder import majority
from openworld3d.protocols.protocol import IGNORED

# Of a variant, what its answers are called.
ANSWERS = {"as_written": "", "as_released": "_shared_keys"}
LOSS = recipe_of("closed_set", lovasz_weight=1.0)
CROSS_ENTROPY = recipe_of("closed_set", lovasz_weight=0.0)
# Two points of a cell may have one maximum but for the last bit, which is another in older torch's products: a
# gradient then goes to the other point.
NORMS = 1e-3 if hasattr(torch, "compile") else 1e-2


def network_of(golden: dict[str, np.ndarray], variant: str) -> Cylinder3D:
    config = json.loads(str(golden["config"]))
    (near, _, low), (far, _, high) = config["lower"], config["upper"]
    keys: dict[str, Any] = {"cells": config["cells"], "radius_range": [near, far], "height_range": [low, high]}
    network = build(
        {**keys, "width": config["init_size"], "variant": variant, "targets": "cells"}, 3, config["classes"]
    )
    network.load_state_dict(network.released_state(state_of(golden)), strict=True)
    return network.eval()


def state_of(golden: dict[str, np.ndarray]) -> dict[str, Tensor]:
    return {name[6:]: torch.from_numpy(value) for name, value in golden.items() if name.startswith("state/")}


def target_of(label: np.ndarray) -> np.ndarray:
    """Return the columns of labels, of which 0 is ignored."""
    return np.where(label == 0, IGNORED, label).astype(np.int64)


def feature_of(golden: dict[str, np.ndarray]) -> Tensor:
    intensity = torch.from_numpy(golden["intensity"])[:, None]
    return torch.cat([intensity, torch.full((len(intensity), 2), float("nan"))], 1)  # the others are not read


@pytest.mark.parametrize("file", golden_files("cylinder3d"))
def test_cells_and_features_of_points_are_golden(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dense_spconv.stand_in(monkeypatch)
    golden = read_golden(file)
    network = network_of(golden, "as_written")
    geometry = network.geometry(golden["coord"], golden["offset"])
    assert np.array_equal(geometry.voxel, golden["voxel"])
    assert np.array_equal(geometry.row, golden["row"])
    assert np.array_equal(geometry.voxel.numpy()[geometry.row, 1:], golden["cell"])
    assert np.array_equal(majority(golden["row"], target_of(golden["label"])), target_of(golden["voxel_label"]))
    feature = np.concatenate([geometry.point.numpy(), golden["intensity"][:, None]], 1)
    assert np.abs(feature - golden["feature"]).max() < 2e-5
    with torch.no_grad():
        pooled = network.pooled(network.embedded(feature_of(golden), geometry), geometry)
    assert np.abs(pooled.numpy() - golden["pooled"]).max() < 1e-5


@pytest.mark.usefixtures("_spconv")
@pytest.mark.parametrize("variant", ANSWERS)
@pytest.mark.parametrize("file", golden_files("cylinder3d"))
def test_logits_are_golden(file: Path, variant: str) -> None:
    golden, answer = read_golden(file), ANSWERS[variant]
    network = network_of(golden, variant)
    geometry = network.geometry(golden["coord"], golden["offset"])
    with torch.no_grad():
        decoded = network.decode(feature_of(golden), geometry)
        logits = network.logits(network.classifier, decoded, geometry)
    assert np.abs(decoded.numpy() - golden[f"final{answer}"]).max() < 2e-4
    assert np.abs(logits.numpy() - golden[f"logits{answer}"]).max() < 2e-4
    sites = network.sites(geometry)
    assert sites is not None
    second, first = np.sort(golden[f"logits{answer}"], axis=1)[:, -2:].T
    clear = (first - second > 4e-4)[sites]  # more than the tolerance of both
    assert np.array_equal(logits.argmax(1)[sites][clear], golden[f"prediction{answer}"][clear])


@pytest.mark.parametrize("variant", ANSWERS)
@pytest.mark.parametrize("file", golden_files("cylinder3d"))
def test_loss_and_its_gradients_are_golden(file: Path, variant: str, monkeypatch: pytest.MonkeyPatch) -> None:
    dense_spconv.stand_in(monkeypatch)  # the backward pass of spconv's CPU build needs CUDA
    golden, answer = read_golden(file), ANSWERS[variant]
    network = network_of(golden, variant)
    geometry = network.geometry(golden["coord"], golden["offset"])
    target = network.site_targets(geometry, target_of(golden["label"]))
    batch = batch_of(feature_of(golden), torch.from_numpy(target), geometry)
    weight = torch.ones(json.loads(str(golden["config"]))["classes"])
    plain, _ = CROSS_ENTROPY.loss(network, batch, weight)
    assert abs(plain.item() - float(golden[f"loss_cross_entropy{answer}"])) < 1e-5
    if not answer:
        assert norms_of(network, plain, golden) == pytest.approx(
            json.loads(str(golden["grad_norm_cross_entropy"])), rel=NORMS
        )
    loss, _ = LOSS.loss(network, batch, weight)
    assert abs((loss - plain).item() - float(golden[f"loss_lovasz{answer}"])) < 1e-5
    assert norms_of(network, loss, golden) == pytest.approx(json.loads(str(golden[f"grad_norm{answer}"])), rel=NORMS)


def norms_of(network: Cylinder3D, loss: Tensor, golden: dict[str, np.ndarray]) -> dict[str, float]:
    """Return the gradient norm of each parameter by its released name."""
    network.zero_grad()
    loss.backward(retain_graph=True)
    state = state_of(golden)
    released = dict(zip(renamed(state, drops_gates=False), state))
    return {released[name]: float(value.grad.norm()) for name, value in network.named_parameters()}  # type: ignore[union-attr]


BUFFERS = ("running_mean", "running_var", "num_batches_tracked")


def shapes_of(entries: dict[str, Any], name: str) -> dict[str, list[int]]:
    """Return the shapes of a network of the released code by name, at real size: of another, changed."""
    changes = [value for key, value in entries[name].items() if key.startswith("as_")]
    shapes = dict(entries["cylinder3d_semantickitti"]["shapes"])
    for one in changes:
        shapes.update(one)
    return shapes


@pytest.mark.parametrize("file", golden_files("shapes", ".json"))
@pytest.mark.parametrize(
    ("name", "classes", "redundancy"),
    [
        ("cylinder3d_semantickitti", 20, 0),
        ("cylinder3d_nuscenes", 17, 0),
        ("real_semantickitti_3_classifiers", 20, 3),
    ],
)
def test_released_checkpoint_of_real_size_fits(
    file: Path, name: str, classes: int, redundancy: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    dense_spconv.stand_in(monkeypatch)
    monkeypatch.setattr(
        torch.nn.init, "kaiming_uniform_", lambda tensor, **_: tensor
    )  # half a minute of random numbers
    entries = json.loads(file.read_text())
    state = {key: torch.zeros(()).expand(shape) for key, shape in shapes_of(entries, name).items()}
    of_parameters = [value for key, value in state.items() if not key.endswith(BUFFERS)]
    assert sum(value.numel() for value in of_parameters) == entries[name]["parameters"]
    keys: dict[str, Any] = {"cells": [480, 360, 32], "radius_range": [0, 50], "height_range": [-4, 2], "width": 32}
    network = build({**keys, "variant": "as_written"}, 3, classes)
    if redundancy:
        recipe_of("real", redundancy=redundancy).adapt(network)
    found = {key: tuple(value.shape) for key, value in network.released_state(state).items()}
    assert found == {key: tuple(value.shape) for key, value in network.state_dict().items()}
