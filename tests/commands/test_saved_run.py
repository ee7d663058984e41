"""A folder made from one of our own runs has every score that the run has, to the last bit of float32."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any, Callable, Dict

import numpy as np
import pytest
import torch
from tests.backbones.test_stratified_transformer import SMALL
from tests.configs import read
from tests.small_run import BACKBONE, CLASSES, red_wall_on_green_floor, with_sofa, write_split
from torch import nn

from openworld3d.backbones.stratified_transformer import build
from openworld3d.networks.inputs import input_channels
from openworld3d.networks.weights import save_weights
from openworld3d.plugins import declared

KNOWN = ["floor", "wall"]
GROUPS = {"below": ["floor"], "beside": ["wall"]}
HAS = {"logits", "features", "range"}
SCORES = read()["scores"]
SHARED = [name for name, score in SCORES.items() if set(declared("scores", score["kind"], "READS")) <= HAS]
Arrays = Dict[str, np.ndarray]


def with_defaults(score: dict[str, Any]) -> dict[str, Any]:
    keys = declared("scores", score["kind"], "KEYS")
    return {"neighbors": 1, **{name: key["default"] for name, key in keys.items()}, **score}


def load(path: Path) -> Arrays:
    with np.load(path) as arrays:
        return {name: arrays[name] for name in arrays.files}


@pytest.fixture
def ours(tmp_path: Path, command: Callable[..., None]) -> Path:
    """Return a folder with the training sample and the outputs of a network of ours, in scenes that a sensor saw.

    The network is not trained, but for a last layer that tells walls from floors.
    """
    room, hall = (replace(scene, origin_is_sensor=True) for scene in (red_wall_on_green_floor(), with_sofa()))
    train, val = write_split(tmp_path / "train", {"room": room}), write_split(tmp_path / "val", {"hall": hall})
    torch.manual_seed(0)
    in_channels = input_channels(room)
    network = build({**SMALL, "initialisation": "xavier"}, in_channels, len(KNOWN))
    about = {"backbone": BACKBONE, "recipe": {"kind": "closed_set"}, "columns": KNOWN, "untaught": 0}
    config = {**about, "unknown": ["sofa"], "in_channels": in_channels}
    recipe = {"inference_voxels": 1000, "inference_pairs": 10**6, "recipe": {"kind": "closed_set"}}

    def draw(to: Path) -> None:
        save_weights(tmp_path / "weights.npz", network, config)
        given = json.dumps({**recipe, "unknown_points": "ignore", "seed": 0})
        places = ["--weights", tmp_path / "weights.npz", "--scenes", train]
        command("sample_training", "--config", given, *places, "--out", to)

    draw(tmp_path / "untrained.npz")
    sample = load(tmp_path / "untrained.npz")
    features = np.c_[sample["features"], np.ones(len(sample["features"]))]
    wanted = np.where(sample["target"][:, None] == np.arange(len(KNOWN)), 2.0, -2.0)
    solved = torch.from_numpy(np.linalg.lstsq(features, wanted, rcond=None)[0].astype(np.float32))
    last = network.last_layer
    assert isinstance(last, nn.Linear)
    with torch.no_grad():
        last.weight.copy_(solved[:-1].T)
        last.bias.copy_(solved[-1])
    folder = tmp_path / "ours"
    folder.mkdir()
    draw(folder / "sample.npz")
    given = json.dumps({"coverage": "single", "stored_precision": "float32", **recipe})
    places = ["--weights", tmp_path / "weights.npz", "--scenes", val, "--shard", "1of1"]
    command("infer", "--config", given, *places, "--out", folder / "outputs/manifest.json")
    return folder


def save(ours: Path, root: Path) -> None:
    """Save a run's outputs, training sample and last layer as a folder of saved outputs."""
    outputs, sample = load(ours / "outputs/hall.npz"), load(ours / "sample.npz")
    saved = {f"scenes/hall/{name}": outputs[name] for name in ("logits", "features", "inverse")}
    for name in ("logits", "features", "weight", "range"):
        saved[f"train_sample/{name}"] = sample[name]
    saved["train_sample/label"] = sample["target"]
    for name, array in saved.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        np.save(root / f"{name}.npy", array)
    np.savez(root / "classifier.npz", weight=sample["last_weight"], bias=sample["last_bias"])
    (root / "meta.json").write_text(json.dumps({"classes": KNOWN, "kind": "logits"}))


def test_every_score_is_that_of_the_run(tmp_path: Path, ours: Path, command: Callable[..., None]) -> None:
    root, theirs, scenes = tmp_path / "saved", tmp_path / "theirs", tmp_path / "val/manifest.json"
    save(ours, root)
    given = ["--config", json.dumps({"classes": CLASSES, "unknown": ["sofa"]}), "--saved", root]
    command("import_sample", *given, "--out", theirs / "sample.npz")
    places = ["--scenes", scenes, "--shard", "1of1", "--out", theirs / "outputs/manifest.json"]
    command("import_outputs", *given, *places)
    assert len(SHARED) > 30

    def scored(folder: Path, name: str) -> tuple[Arrays, dict[str, Any]]:
        out, statistics = folder / f"{name}/manifest.json", folder / f"{name}.npz"
        config = {"score": with_defaults(SCORES[name]), "bits": 16, "objects": None, "groups": GROUPS}
        read = ["--outputs", folder / "outputs/manifest.json", "--sample", folder / "sample.npz", "--scenes", scenes]
        command("score", "--config", json.dumps(config), *read, "--out", out, "--statistics", statistics)
        return {**load(out.parent / "hall.npz"), **load(statistics)}, json.loads(out.read_text())

    for name in SHARED:
        (their_arrays, their_manifest), (our_arrays, our_manifest) = scored(theirs, name), scored(ours, name)
        assert their_manifest == our_manifest, name
        for key, array in our_arrays.items():
            np.testing.assert_array_equal(their_arrays[key], array, f"{name}: {key}")
        assert len(np.unique(our_arrays["score"])) > 2 or "group" in name, name
