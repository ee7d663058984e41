"""Turn the outputs of a run into one score for each of their rows."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from openworld3d.errors import run_command
from openworld3d.files import sha256_of, whole_folder, write_json
from openworld3d.inference.outputs import index_of_columns
from openworld3d.scenes.manifests import read_scenes, scene_names
from openworld3d.scoring.scenes import make_method, read_sample, score_scene, threshold_of


def main() -> None:
    """Read the arguments, score every scene of the outputs, write a folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--config",
        required=True,
        type=json.loads,
        help='JSON: {"kind": a file of openworld3d/scores, "neighbors": rows to smooth over, OPTION: number, ...}',
    )
    parser.add_argument("--outputs", required=True, type=Path, help="manifest of a run's outputs")
    parser.add_argument("--sample", required=True, type=Path, nargs="*", help="its training sample, where it has one")
    parser.add_argument("--scenes", required=True, type=Path, nargs="+", help="manifests of scenes")
    parser.add_argument("--out", required=True, type=Path, help="manifest.json, the scores beside it")
    arguments = parser.parse_args()

    sample = read_sample(arguments.sample)
    method = make_method(arguments.config, sample)
    scenes = read_scenes(arguments.scenes)
    columns = len(index_of_columns(arguments.outputs, scenes.classes))
    written = []
    with whole_folder(arguments.out.parent) as folder:
        for name in scene_names(arguments.outputs):
            path = folder / f"{name}.npz"
            score_scene(arguments.outputs.with_name(path.name), path, method, columns, scenes.find(name))
            written.append({"name": name, "sha256": sha256_of(path)})
        manifest = {"score": arguments.config, "threshold": threshold_of(method, sample), "scenes": written}
        write_json(folder / arguments.out.name, manifest)


if __name__ == "__main__":
    run_command(main)
