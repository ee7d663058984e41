"""Import what other software saved of a network's outputs as the outputs of a run."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np

from openworld3d.errors import run_command
from openworld3d.files import whole_folder
from openworld3d.inference.outputs import save_manifest, save_outputs
from openworld3d.inference.shards import scenes_of_shard
from openworld3d.saved_outputs.folder import columns_of, open_saved
from openworld3d.saved_outputs.sample import read_sample, warn_of_negative_features
from openworld3d.saved_outputs.scenes import Expected, SavedScene, read_scene
from openworld3d.scenes.manifests import read_scenes


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, fromfile_prefix_chars="@")
    parser.add_argument("--config", type=json.loads, required=True, help="JSON: classes, and which are unknown")
    parser.add_argument("--saved", type=Path, required=True, help="the folder of saved outputs")
    parser.add_argument("--scenes", type=Path, nargs="+", required=True, help="manifests of the evaluation splits")
    parser.add_argument("--shard", required=True, help="the shard of the scenes, such as 1of4")
    parser.add_argument("--out", type=Path, required=True, help="manifest.json, the outputs beside it")
    arguments = parser.parse_args()
    scenes = read_scenes(arguments.scenes)
    saved = open_saved(arguments.saved)
    columns = columns_of(saved, arguments.config["classes"], arguments.config["unknown"])
    sample = read_sample(saved, columns)
    warn_of_negative_features(saved, sample)
    entries = []
    with whole_folder(arguments.out.parent) as folder:
        for name, scene in scenes_of_shard(scenes, arguments.shard).items():
            outputs = as_outputs(read_scene(saved, name, columns, load_expected(scene.path), sample))
            entries.append(save_outputs(folder, name, outputs))
        save_manifest(folder / arguments.out.name, "saved", columns, entries, saved.has_instances)


def load_expected(path: Path) -> Expected:
    """Return what saved outputs of a scene are held against."""
    with np.load(path) as arrays:
        return Expected(arrays["coord"], arrays["is_point"] if "is_point" in arrays.files else None)


def as_outputs(scene: SavedScene) -> dict[str, Any]:
    """Return the outputs of a scene as those of our own networks are stored, with no number rounded."""
    rows = len(next(iter(scene.outputs.values()))) if scene.outputs else len(scene.inverse)
    return {
        **scene.outputs,
        "inverse": scene.inverse,
        **({} if scene.instance is None else {"instance": scene.instance}),
        "visits": np.ones(rows, np.int32),
        "halved_crops": np.array(0),
    }


if __name__ == "__main__":
    run_command(main)
