from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Callable

import numpy as np
import pytest
import torch
from tests.backbones.test_stratified_transformer import SMALL
from tests.small_run import BACKBONE, CLASSES, with_sofa, write_split

from openworld3d.backbones.stratified_transformer import build
from openworld3d.networks.weights import save_weights

KNOWN = ["floor", "wall"]


@pytest.fixture
def sample(tmp_path: Path, command: Callable[..., None]) -> dict[str, np.ndarray]:
    """Return the training sample of an untrained network."""
    torch.manual_seed(0)
    config = {
        "backbone": BACKBONE,
        "recipe": {"kind": "closed_set"},
        "columns": KNOWN,
        "untaught": 0,
        "unknown": ["sofa"],
        "in_channels": 6,
    }
    save_weights(tmp_path / "weights.npz", build({**SMALL, "initialisation": "xavier"}, 6, 2), config)
    scenes = write_split(tmp_path / "train", {"room": with_sofa()})
    asked: dict[str, Any] = {"inference_voxels": 1000, "inference_pairs": 10**6, "recipe": {"kind": "closed_set"}}
    given = json.dumps({**asked, "unknown_points": "ignore", "seed": 0})
    places = ["--weights", tmp_path / "weights.npz", "--scenes", scenes, "--out", tmp_path / "sample.npz"]
    command("sample_training", "--config", given, *places)
    with np.load(tmp_path / "sample.npz") as arrays:
        return {name: arrays[name] for name in arrays.files}


def test_sample_holds_what_scores_are_fitted_on(sample: dict[str, np.ndarray]) -> None:
    rows, features = sample["features"].shape
    assert sorted(sample) == ["features", "last_bias", "last_weight", "logits", "target", "weight"]
    assert sample["logits"].shape == (rows, len(KNOWN))
    assert sample["last_weight"].shape == (len(KNOWN), features)
    assert sample["last_bias"].shape == (len(KNOWN),)
    assert "sofa" in CLASSES
    assert set(sample["target"].tolist()) == {0, 1}


def test_logits_are_the_last_layer_of_the_features(sample: dict[str, np.ndarray]) -> None:
    expected = sample["features"] @ sample["last_weight"].T + sample["last_bias"]
    np.testing.assert_allclose(sample["logits"], expected, atol=1e-4)
    assert np.ptp(sample["logits"]) > 0.01
