from __future__ import annotations

import runpy
from pathlib import Path

import numpy as np
from tests.commands.conftest import CLASSES, write_manifest, write_outputs, write_scores

from openworld3d.scenes.manifests import read_scenes
from openworld3d.scenes.scene import VOID, Scene, save_scene

SCRIPT = Path(__file__).resolve().parents[2] / "docs/compare_conventions.py"
COMPARE = runpy.run_path(str(SCRIPT), run_name="compare_conventions")


def test_row_by_hand(tmp_path: Path) -> None:
    """Two sofas and three walls, the first sofa above all walls, the second above one; void is left out."""
    label = np.array([0, 0, 0, 1, 1, VOID], np.uint8)
    save_scene(tmp_path / "val/hall.npz", Scene(np.zeros((6, 3), np.float32), label, np.full(6, -1, np.int32)))
    scenes = write_manifest(tmp_path / "val", {"classes": CLASSES, "scenes": [{"name": "hall", "points": 6}]})
    method = tmp_path / "closed_set/seed0/current/single/msp/scores"
    logits, score = np.tile(np.array([1, 0], np.float32), (6, 1)), np.array([1, 3, 4, 5, 2, 99], np.float32)
    written = [
        write_outputs(tmp_path / "closed_set/seed0/current/single/outputs/1of2", {"hall": logits}),
        write_outputs(tmp_path / "closed_set/seed0/current/single/outputs/2of2", {}),
    ]
    scores = [write_scores(method / shard, of) for shard, of in {"1of2": {"hall": score}, "2of2": {}}.items()]
    assert [COMPARE["outputs_of"](manifest) for manifest in scores] == written
    assert COMPARE["by_method"](scores) == [scores]
    name, *cells = COMPARE["row"](scores, read_scenes([scenes]), "sofa").strip("| ").split(" | ")
    assert name == "closed_set + msp"
    found = dict(zip(COMPARE["COLUMNS"], cells))
    assert found["pdf", "aupr_pooled"] == found["pdf", "aupr_scene_mean"] == f"{(1 + 2 / 4) / 2:.3f}"
    assert found["real", "aupr"] == f"{(1 + (1 / 3 + 2 / 4) / 2) / 2:.3f}"
    assert found["pdf", "auroc_pooled"] == f"{4 / 6:.3f}"
    assert found["prototype", "auroc"] == f"{2 / 6:.3f}"
    assert found["real", "fpr95"] == found["pointcam", "fpr95"] == f"{2 / 3:.3f}"
    assert found["pdf", "miou_known"] == f"{3 / 5:.3f}"
    assert found["real", "miou"] == f"{3 / 5 / 2:.3f}"
