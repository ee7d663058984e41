"""Golden weights, released as the reference does, are imported and answer as golden."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tests.commands.conftest import Command, write_manifest
from tests.networks.released_weights import GOLDEN, golden_backbone, golden_state, needs_safe_torch, write_released

from openworld3d.backbones.stratified_transformer import build
from openworld3d.errors import UserError
from openworld3d.networks.weights import load_weights
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


def imported(command: Command, manifest: Path, state: dict[str, torch.Tensor], **recipe: Any) -> Path:
    """Import a checkpoint with these weights for a protocol whose first class is unknown."""
    checkpoint = write_released(manifest.with_name("released.pth"), state)
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


def test_known_classes_are_in_the_order_of_the_checkpoint(command: Command, manifest: Path) -> None:
    weights = imported(command, manifest, golden_state(), pretrained_classes=KNOWN[::-1])
    assert load_weights(weights)[1]["columns"] == KNOWN[::-1]


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
