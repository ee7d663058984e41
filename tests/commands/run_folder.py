"""The folder of a run as the pipeline leaves it, of a network that is not trained."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tests.small_run import BACKBONE, CLASSES, RECIPE

from openworld3d.files import write_json
from openworld3d.networks.build import build_network
from openworld3d.networks.weights import save_weights
from openworld3d.recipes import make_recipe

KNOWN = ["wall", "floor"]  # columns in another order than the classes
RUN, SCENES = "results/runs/hall/small/closed_set/seed0", "results/scenes/hall/train/aaaaaaaaaaaa"


def write_run(
    root: Path, appearance: str | None, layout: str = "scannet", voxel_size: float = 0.1, **keys: Any
) -> Path:
    """Write the run into a checkout and return its folder.

    keys: those of the dataset. The network takes what a cloud with this appearance has.
    """
    is_sensor = layout == "stu"
    channels = {"color": 3}.get(str(appearance), 1) + (2 if is_sensor else 3)
    backbone, recipe = {**BACKBONE, "grid_size": voxel_size}, {**RECIPE, "kind": "closed_set"}
    torch.manual_seed(0)
    network = build_network(backbone, channels, len(KNOWN), make_recipe(recipe).adapt)
    run, prepared = root / RUN, f"{SCENES}/manifest.json"
    (run / "current").mkdir(parents=True)
    about = {"backbone": backbone, "recipe": recipe, "unknown": ["sofa"], "columns": KNOWN}
    save_weights(run / "bbbbbbbbbbbb/weights.npz", network, {**about, "untaught": 0, "in_channels": channels})
    generator = np.random.default_rng(0)
    (run / "cccccccccccc").mkdir()
    np.savez(
        run / "cccccccccccc/sample.npz",
        logits=generator.normal(0, 1, (50, 2)).astype(np.float32),
        target=np.zeros(50, np.uint8),
        weight=np.ones(50),
    )
    bounds = {"inference_voxels": 5000, "inference_pairs": 10**6, "recipe": {"kind": "closed_set"}}
    write_json(run / "cccccccccccc/sample.provenance.json", {"parts": {"config": bounds}})
    record = {"step": "train", "records": [f"{SCENES}/manifest.provenance.json"], "outputs": {}}
    write_json(run / "bbbbbbbbbbbb/weights.provenance.json", record)
    for key, name in (("b", "weights"), ("c", "sample")):
        for ending in (".npz", ".provenance.json"):
            (run / "current" / (name + ending)).symlink_to(f"../{key * 12}/{name}{ending}")
    config = {"layout": layout, "classes": CLASSES, "keys": keys}
    made = {"step": "prepare", "records": [], "outputs": {prepared: {}}, "parts": {"config": config}}
    write_json(root / SCENES / "manifest.provenance.json", made)
    (root / prepared).write_text(json.dumps({"scenes": [{"name": "hall", "appearance": appearance}]}))
    return run
