"""However many jobs share the scenes of an evaluation, what they say together is the same to the byte."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Callable, Dict

import numpy as np
import pytest
from tests.commands.conftest import CLASSES, write_manifest

from openworld3d.inference.shards import shard_names
from openworld3d.scenes.scene import VOID, Scene, save_scene

ROOMS = {"val": {"hall": 40, "attic": 90, "cellar": 25}, "test": {"kitchen": 90, "bath": 7}}
MSP = {"kind": "msp", "neighbors": 1}
ENERGY = {"kind": "energy", "neighbors": 4, "temperature": 1.0}
SAVED_SCORE = {"kind": "saved_score", "neighbors": 1}
Files = Dict[str, bytes]


@pytest.fixture
def rooms(tmp_path: Path) -> list[Path]:
    """Write five rooms of two splits, and what somebody saved of them; return the manifests."""
    generator = np.random.default_rng(0)
    for output in ("logits", "saved_score"):
        (tmp_path / output).mkdir()
    manifests = []
    for split, points_of in ROOMS.items():
        for name, points in points_of.items():
            coord = generator.uniform(0, 3, (points, 3)).astype(np.float32)
            label = generator.choice([0, 1, 2, VOID], points).astype(np.uint8)
            save_scene(tmp_path / split / f"{name}.npz", Scene(coord, label, np.full(points, -1, np.int32)))
            saved = generator.normal(0, 2, (points, 3)).round(1)  # some of them tied
            np.save(tmp_path / f"logits/{name}.npy", saved[:, :2])
            np.save(tmp_path / f"saved_score/{name}.npy", saved[:, 2])
        listed = [{"name": name, "points": points} for name, points in points_of.items()]
        manifests.append(write_manifest(tmp_path / split, {"classes": CLASSES, "scenes": listed}))
    return manifests


@pytest.fixture
def evaluate(tmp_path: Path, command: Callable[..., None], rooms: list[Path]) -> Callable[..., Files]:
    """Return a function that takes what was saved to metrics and clouds, each step before in so many jobs."""
    scenes = ["--scenes", *rooms]

    def shard_statistics(folder: Path, output: str, score: dict[str, object], shard: str) -> None:
        outputs = folder / f"outputs/{shard}/manifest.json"
        given = ["--config", json.dumps({"classes": CLASSES, "unknown": ["sofa"]}), "--saved", tmp_path / output]
        command("import_outputs", *given, "--shard", shard, *scenes, "--out", outputs)
        places = [
            "--out",
            folder / f"scores/{shard}/manifest.json",
            "--statistics",
            folder / f"statistics/{shard}.npz",
        ]
        config = json.dumps({"score": score, "bits": 12, "objects": None})
        command("score", "--config", config, "--outputs", outputs, "--sample", *scenes, *places)

    def run(output: str, score: dict[str, object], exact: bool, shards: int) -> Files:
        folder, names = tmp_path / f"{shards}", shard_names(shards)
        for shard in names:
            shard_statistics(folder, output, score, shard)
        scores = [folder / f"scores/{shard}/manifest.json" for shard in names]
        outputs = [folder / f"outputs/{shard}/manifest.json" for shard in names]
        statistics = [folder / f"statistics/{shard}.npz" for shard in names]
        points = ["--scores", *scores, "--outputs", *outputs] if exact else ["--scores", "--outputs"]
        config = json.dumps({"unknown": ["sofa"], "taught": [], "beyond": [], "inliers": [], "replicates": 20})
        places = ["--out", folder / "metrics.json", "--replicates", folder / "replicates.npz"]
        read = ["--statistics", *statistics, "--before", *statistics, *points, *scenes]
        command("measure", "--config", config, *read, *places)
        shown = ["--scores", *scores, "--outputs", *outputs, *scenes]
        command("export_clouds", *shown, "--out", folder / "clouds/colours.json")
        files = [folder / "metrics.json", folder / "replicates.npz", *folder.glob("clouds/*")]
        return {str(file.relative_to(folder)): file.read_bytes() for file in files}

    return run


@pytest.mark.parametrize("exact", [True, False])
@pytest.mark.parametrize(("output", "score"), [("logits", MSP), ("logits", ENERGY), ("saved_score", SAVED_SCORE)])
def test_number_of_shards_changes_no_byte(
    evaluate: Callable[..., Files], output: str, score: dict[str, object], exact: bool
) -> None:
    whole = evaluate(output, score, exact, 1)
    assert len(whole) == 2 + 5 + 1  # metrics and replicates, the clouds and their colours
    assert 0 < json.loads(whole["metrics.json"])["auroc"] < 1
    for shards in (2, 3, 7):
        assert evaluate(output, score, exact, shards) == whole
