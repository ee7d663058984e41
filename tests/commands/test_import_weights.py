"""Golden weights, released as the reference does, are imported and answer as golden."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Mapping, cast

import numpy as np
import pytest
import torch
from tests.backbones.test_cylinder3d import SMALL as CYLINDER
from tests.backbones.test_cylinder3d_released import released_names, released_state
from tests.commands.conftest import Command, write_manifest
from tests.networks import dense_spconv
from tests.networks.released_weights import (
    GOLDEN,
    golden_backbone,
    golden_state,
    needs_safe_torch,
    state_of_pdf,
    write_released,
)
from torch import Tensor

from openworld3d.backbones.cylinder3d import Cylinder3D
from openworld3d.backbones.stratified_transformer import build
from openworld3d.errors import UserError
from openworld3d.networks.backbone import PyramidBackbone
from openworld3d.networks.build import build_network
from openworld3d.networks.weights import load_weights
from openworld3d.recipes import make_recipe
from openworld3d.scenes.scene import Scene, save_scene

CLASSES = [f"class {number}" for number in range(14)]
KNOWN = CLASSES[1:]
pytestmark = needs_safe_torch


@pytest.fixture
def manifest(tmp_path: Path) -> Path:
    """Return the manifest of a split with one coloured scene."""
    label, instance = np.zeros(4, np.uint8), np.full(4, -1, np.int32)
    scene = Scene(np.zeros((4, 3), np.float32), label, instance, color=np.zeros((4, 3), np.uint8))
    save_scene(tmp_path / "room.npz", scene)
    return write_manifest(tmp_path, {"classes": CLASSES, "scenes": [{"name": "room", "points": 4}]})


def imported(
    command: Command, manifest: Path, state: dict[str, torch.Tensor], more: Mapping[str, Any] = {}, **recipe: Any
) -> Path:
    """Import a checkpoint with these weights, and more beside them, for a protocol whose first class is unknown."""
    checkpoint = write_released(manifest.with_name("released.pth"), state, **more)
    config = {
        "unknown": CLASSES[:1],
        "backbone": golden_backbone(),
        "recipe": {"kind": "closed_set", "pretrained": str(checkpoint), **recipe},
    }
    weights = manifest.with_name("weights.npz")
    files = ["--checkpoint", checkpoint, "--scenes", manifest, "--weights", weights]
    command("import_weights", "--config", json.dumps(config), *files)
    return weights


def test_imported_weights_answer_as_golden(command: Command, manifest: Path) -> None:
    state, config = load_weights(imported(command, manifest, golden_state()))
    assert (config["columns"], config["in_channels"]) == (KNOWN, 6)
    network = build(config["backbone"], config["in_channels"], len(config["columns"])).eval()
    network.load_state_dict(state)
    with np.load(GOLDEN) as golden:
        feature = torch.from_numpy(np.concatenate([golden["color"], golden["coord"]], 1))
        logits = network(feature, network.geometry(golden["coord"], golden["offset"]))
        assert np.abs(logits.detach().numpy() - golden["logits"]).max() < 2e-4


@pytest.mark.parametrize("place", ["recognizer_state", "state_dict"])
@pytest.mark.parametrize("untaught", [0, 5])
def test_checkpoint_of_pdf_answers_as_golden_and_by_its_formulas(
    command: Command, manifest: Path, place: str, untaught: int
) -> None:
    """Its names and channels are theirs, and it has a column of the unknown class, wherever that stands."""
    state, recognizer = state_of_pdf(14, [untaught])
    more = {} if place == "state_dict" else {place: {f"module.recognizer.{n}": v for n, v in recognizer.items()}}
    if place == "state_dict":
        state.update(recognizer)
    keys = {"kind": "pdf", "second_decoder": "plain", "initial_state": "random", "pretrained_untaught": CLASSES[:1]}
    if untaught:
        keys["pretrained_classes"] = [*KNOWN[:untaught], CLASSES[0], *KNOWN[untaught:]]
    weights = imported(command, manifest, state, more, **keys)
    loaded, config = load_weights(weights)
    assert (config["columns"], config["in_channels"]) == (KNOWN, 6)
    recipe = make_recipe(config["recipe"])
    network = build_network(config["backbone"], 6, len(KNOWN), recipe.adapt).eval()
    network.load_state_dict(loaded)
    with np.load(GOLDEN) as golden, torch.no_grad():
        feature = torch.from_numpy(np.concatenate([golden["color"], golden["coord"]], 1))
        geometry = network.geometry(golden["coord"], golden["offset"])
        outputs = recipe.outputs(network, feature, geometry, torch.Generator())
        assert np.abs(outputs["logits"].numpy() - golden["logits"]).max() < 2e-4
        expected = uncertainty(cast(PyramidBackbone, network).pyramid(feature, geometry), geometry.levels, recognizer)
        assert (outputs["unknown_logit"] - expected).abs().max() < 1e-4


def uncertainty(pyramid: list[Tensor], levels: Any, weights: Mapping[str, Tensor]) -> Tensor:
    """Return the unknown's logit by the formulas of PDF's recogniser, of weights by its own names."""

    def linear(name: str, value: Tensor) -> Tensor:
        return value @ weights[f"{name}.weight"].T + weights[f"{name}.bias"]

    def normalised_linear(name: str, value: Tensor) -> Tensor:
        centred = value - value.mean(1, keepdim=True)
        scaled = centred / (centred.pow(2).mean(1, keepdim=True) + 1e-5).sqrt()
        return linear(f"{name}.1", scaled * weights[f"{name}.0.weight"] + weights[f"{name}.0.bias"])

    feature = pyramid[0]
    for number, (skip, level) in enumerate(zip(pyramid[1:], levels[-2::-1])):
        coarse = normalised_linear(f"upsamples.{number}.linear2", feature)
        taken = (coarse[level.fine] * level.fine_weight[:, :, None]).sum(1)
        feature = normalised_linear(f"upsamples.{number}.linear1", skip) + taken
    hidden = linear("confidence.0", feature) - weights["confidence.1.running_mean"]
    hidden = hidden / (weights["confidence.1.running_var"] + 1e-5).sqrt()
    hidden = hidden * weights["confidence.1.weight"] + weights["confidence.1.bias"]
    return linear("confidence.3", hidden.relu())


@pytest.mark.parametrize(
    ("keys", "sentence"),
    [
        ({"pretrained_untaught": ["class 2"]}, "pretrained_untaught says class 2, which is known"),
        ({}, "has 14 classes, the protocol knows 13: class 1"),
    ],
)
def test_columns_of_pdf_that_are_not_said_to_be_untaught_are_refused(
    command: Command, manifest: Path, keys: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(UserError, match=sentence):
        imported(command, manifest, state_of_pdf(14, [0])[0], **keys)


def test_known_classes_are_in_the_order_of_the_checkpoint(command: Command, manifest: Path) -> None:
    weights = imported(command, manifest, golden_state(), pretrained_classes=KNOWN[::-1])
    assert load_weights(weights)[1]["columns"] == KNOWN[::-1]


def imported_again(command: Command, manifest: Path, own: Path, unknown: str = CLASSES[0], **recipe: Any) -> Path:
    """Import the weights of a run for a protocol with one unknown class."""
    recipe = {"kind": "closed_set", "pretrained": str(own), **recipe}
    config = json.dumps({"unknown": [unknown], "backbone": golden_backbone(), "recipe": recipe})
    weights = manifest.with_name("again.npz")
    command("import_weights", "--config", config, "--checkpoint", own, "--scenes", manifest, "--weights", weights)
    return weights


def test_weights_of_a_run_are_imported_with_its_columns(command: Command, manifest: Path) -> None:
    own = imported(command, manifest, golden_state(), pretrained_classes=KNOWN[::-1])
    state, config = load_weights(own)
    again, about = load_weights(imported_again(command, manifest, own))
    assert about["columns"] == config["columns"] == KNOWN[::-1]
    assert {name: value.tolist() for name, value in again.items()} == {
        name: value.tolist() for name, value in state.items()
    }


def test_weights_of_a_run_do_not_fit_another_protocol(command: Command, manifest: Path) -> None:
    own = imported(command, manifest, golden_state())
    with pytest.raises(UserError, match=r"weights.npz says class 1, which the protocol holds unknown"):
        imported_again(command, manifest, own, unknown="class 1")


def test_damaged_weights_of_a_run_are_refused(command: Command, manifest: Path) -> None:
    own = imported(command, manifest, golden_state())
    own.write_bytes(own.read_bytes()[:1000])
    with pytest.raises(UserError, match=r"weights.npz: is not a whole weights.npz of a run; copy it again"):
        imported_again(command, manifest, own)


@pytest.mark.parametrize(
    ("classes", "sentence"),
    [
        (CLASSES[:13], "pretrained_classes says class 0, which the protocol holds unknown"),
        (KNOWN[1:], "pretrained_classes lacks class 1, which are known classes of the protocol"),
    ],
)
def test_classes_that_the_protocol_does_not_know_are_refused(
    command: Command, manifest: Path, classes: list[str], sentence: str
) -> None:
    with pytest.raises(UserError, match=sentence):
        imported(command, manifest, golden_state(), pretrained_classes=classes)
    assert not manifest.with_name("weights.npz").exists()


def test_checkpoint_of_another_network_is_refused(command: Command, manifest: Path) -> None:
    state = golden_state()
    state["classifier.3.weight"], state["classifier.3.bias"] = torch.zeros(20, 32), torch.zeros(20)
    with pytest.raises(
        UserError, match=r"released.pth: does not fit .* has 20 classes, the protocol knows 13: class 1,"
    ):
        imported(command, manifest, state)
    assert not manifest.with_name("weights.npz").exists()


def test_checkpoint_of_real_keeps_or_loses_its_untaught_columns(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its columns are void and the classes as they come, of which bus is unknown."""
    dense_spconv.stand_in(monkeypatch)
    nothing = np.zeros(4)
    scan = Scene(
        np.ones((4, 3), np.float32),
        nothing.astype(np.uint8),
        nothing.astype(np.int32),
        intensity=nothing.astype(np.float32),
        origin_is_sensor=True,
    )
    save_scene(tmp_path / "scan.npz", scan)
    manifest = write_manifest(
        tmp_path, {"classes": ["car", "bus", "road"], "scenes": [{"name": "scan", "points": 4}]}
    )
    backbone = {**CYLINDER, "network": "cylinder3d", "variant": "as_written", "targets": "cells"}
    trained = build_network(backbone, 3, 4, make_recipe({"kind": "real", "redundancy": 2}).adapt)
    state = released_state(cast(Cylinder3D, trained), released_names(drops_gates=False), "ReconNet_dropout")
    torch.save(state, tmp_path / "model.pt")
    head = trained.state_dict()["classifier.0.bias"]
    for kept, recipe, columns in (
        ("void_and_unknown", {}, [1, 3, 0, 2]),
        ("unknown", {"pretrained_untaught": ["void"]}, [1, 3, 2]),
        ("none", {"pretrained_untaught": ["void", "bus"]}, [1, 3]),
    ):
        config = {
            "unknown": ["bus"],
            "backbone": {**backbone, "untaught_columns": kept},
            "recipe": {"kind": "real", "redundancy": 2, **recipe},
        }
        files = ["--checkpoint", tmp_path / "model.pt", "--scenes", manifest, "--weights", tmp_path / "weights.npz"]
        command("import_weights", "--config", json.dumps(config), *files)
        imported, about = load_weights(tmp_path / "weights.npz")
        assert (about["columns"], about["untaught"]) == (["car", "road"], len(columns) - 2)
        assert torch.equal(imported["classifier.0.bias"], head[columns])
