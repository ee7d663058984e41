from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Callable

import numpy as np
import pytest
from tests.backbones.test_stratified_transformer import SMALL
from tests.commands.conftest import write_manifest
from tests.small_run import BACKBONE

from openworld3d.backbones.stratified_transformer import build
from openworld3d.errors import UserError
from openworld3d.files import sha256_of
from openworld3d.networks.weights import load_weights, save_weights
from openworld3d.scenes.scene import Scene, save_scene
from openworld3d.scenes.voxels import voxelise


@pytest.fixture
def infer(tmp_path: Path, command: Callable[..., None]) -> Callable[..., dict[str, Any]]:
    """Return a function that infers one scene of 300 points with an untrained network and returns the manifest."""
    config = {
        "backbone": BACKBONE,
        "recipe": {"kind": "closed_set"},
        "columns": ["wall", "lamp"],
        "untaught": 0,
        "unknown": ["sofa"],
        "in_channels": 6,
    }
    save_weights(tmp_path / "weights.npz", build(SMALL, 6, 2), config)
    coord = np.random.default_rng(0).uniform(0, 0.8, (300, 3)).astype(np.float32)
    label = np.zeros(300, np.uint8)
    scene = Scene(coord, label, np.full(300, -1, np.int32), color=np.zeros((300, 3), np.uint8))
    save_scene(tmp_path / "hall.npz", scene)
    scenes = write_manifest(
        tmp_path, {"classes": ["wall", "sofa", "lamp"], "scenes": [{"name": "hall", "points": 300}]}
    )

    def run(coverage: str, pairs: int, precision: str = "float32", shard: str = "1of1") -> dict[str, Any]:
        asked = {"recipe": {"kind": "closed_set"}, "inference_voxels": 1000, "inference_pairs": pairs}
        given = json.dumps({"coverage": coverage, "stored_precision": precision, **asked})
        out = tmp_path / "outputs/manifest.json"
        places = ["--weights", tmp_path / "weights.npz", "--scenes", scenes, "--out", out]
        command("infer", "--config", given, "--shard", shard, *places)
        return json.loads(out.read_text())

    return run


@pytest.mark.parametrize("coverage", ["single", "fragments", "tta"])
def test_manifest_names_the_coverage(tmp_path: Path, infer: Callable[..., dict[str, Any]], coverage: str) -> None:
    manifest = infer(coverage, 10**6)
    with np.load(tmp_path / "hall.npz") as hall:
        voxels = int(voxelise(hall["coord"], SMALL["grid_size"]).max()) + 1
    assert manifest == {
        "coverage": coverage,
        "columns": ["wall", "lamp"],
        "scenes": [
            {
                "name": "hall",
                "points": 300,
                "rows": voxels if coverage == "single" else 300,
                "halved_crops": 0,
                "sha256": sha256_of(tmp_path / "outputs/hall.npz"),
            }
        ],
    }
    with np.load(tmp_path / "outputs/hall.npz") as outputs:
        assert sorted(outputs.files) == ["features", "halved_crops", "inverse", "logits", "visits"]
        assert outputs["logits"].dtype == np.float32


def test_outputs_are_stored_in_half_the_bits(tmp_path: Path, infer: Callable[..., dict[str, Any]]) -> None:
    infer("single", 10**6)
    with np.load(tmp_path / "outputs/hall.npz") as outputs:
        whole = {name: outputs[name] for name in outputs.files}
    infer("single", 10**6, "float16")
    with np.load(tmp_path / "outputs/hall.npz") as outputs:
        for name, array in whole.items():
            halved = array.astype(np.float16) if name in ("logits", "features") else array
            assert outputs[name].dtype == halved.dtype
            assert np.array_equal(outputs[name], halved)


def test_shard_without_scenes_has_a_manifest_alone(tmp_path: Path, infer: Callable[..., dict[str, Any]]) -> None:
    manifest = infer("single", 10**6, shard="2of2")
    assert manifest == {"coverage": "single", "columns": ["wall", "lamp"], "scenes": []}
    assert [file.name for file in (tmp_path / "outputs").iterdir()] == ["manifest.json"]


def test_halved_crops_are_counted_and_printed(
    infer: Callable[..., dict[str, Any]], capsys: pytest.CaptureFixture[str]
) -> None:
    (scene,) = infer("fragments", 200)["scenes"]
    assert scene["halved_crops"] > 0
    assert capsys.readouterr().out == f"hall  300 points, 300 rows of outputs, {scene['halved_crops']} crops halved\n"


def test_bound_that_no_crop_holds_is_a_sentence(tmp_path: Path, infer: Callable[..., dict[str, Any]]) -> None:
    with pytest.raises(UserError, match="inference_pairs is 0, but one point alone has 1 attention pairs"):
        infer("single", 0)
    assert not (tmp_path / "outputs").exists()


def test_untaught_columns_follow_those_of_the_classes(tmp_path: Path, infer: Callable[..., dict[str, Any]]) -> None:
    state, config = load_weights(tmp_path / "weights.npz")
    network = build(SMALL, 6, 4)
    network.load_state_dict({**network.state_dict(), **{n: v for n, v in state.items() if "classifier.3" not in n}})
    save_weights(tmp_path / "weights.npz", network, {**config, "untaught": 2})
    assert infer("single", 10**6)["columns"] == ["wall", "lamp", None, None]
    with np.load(tmp_path / "outputs/hall.npz") as outputs:
        assert outputs["logits"].shape[1] == 4
