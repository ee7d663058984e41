"""Raw scans of one split to scenes, each checked, and a manifest of what they hold."""

from __future__ import annotations

import argparse
import json
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

from openworld3d.errors import UserError, run_command
from openworld3d.files import sha256_of, whole_folder, write_json
from openworld3d.manifests import RAW_FILES
from openworld3d.plugins import load
from openworld3d.scene import describe, save_scene


def prepare_scene(task: tuple[str, Path, str, Path]) -> tuple[dict[str, Any], dict[str, str]]:
    """Read one raw scene and write it; return what it holds, and the SHA-256 of each raw file."""
    layout, root, name, file = task
    dataset = load("datasets", layout)
    scene = dataset.read_scene(root, name)
    save_scene(file, scene)
    raw = {str(path.relative_to(root)): sha256_of(path) for path in dataset.files_of_scene(root, name)}
    return {"name": name, "sha256": sha256_of(file), **describe(scene, dataset.CLASSES)}, raw


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--config", type=json.loads, required=True, help="JSON: dataset, layout, root, split")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--out", type=Path, required=True, help="manifest.json, the scenes beside it")
    arguments = parser.parse_args()
    config = arguments.config
    root, layout = Path(config["root"]), config["layout"]
    dataset = load("datasets", layout)
    if not root.is_dir():
        raise UserError(f"{root}: is not a folder; set datasets.{config['dataset']}.root to where the raw scans are")
    names = dataset.scenes_of_split(root, config["split"])
    with whole_folder(arguments.out.parent) as folder, ProcessPoolExecutor(arguments.workers) as pool:
        tasks = [(layout, root, name, folder / f"{name}.npz") for name in names]
        prepared = list(pool.map(prepare_scene, tasks))
        scenes = [scene for scene, _ in prepared]
        manifest = {
            "dataset": config["dataset"],
            "split": config["split"],
            "classes": dataset.CLASSES,
            "scenes": scenes,
        }
        write_json(folder / arguments.out.name, manifest)
        # Not in the manifest: a raw file that changes and gives the same scene is no reason to train again.
        write_json(folder / RAW_FILES, {path: digest for _, raw in prepared for path, digest in raw.items()})
    print(f"{len(scenes)} scenes, {sum(scene['points'] for scene in scenes)} points")


if __name__ == "__main__":
    run_command(main)
