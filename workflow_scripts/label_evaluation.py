"""Give the points of an evaluated split the labels by which a protocol evaluates them."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from openworld3d.arrays import write_arrays
from openworld3d.errors import UserError, run_command
from openworld3d.files import whole_folder, write_json
from openworld3d.protocols.evaluation import labels_of_evaluation, read_labelling
from openworld3d.scenes.manifests import read_manifest, read_scenes
from openworld3d.scenes.scene import count_labels, load_scene


def main() -> None:
    """Write `label` (N,) uint8 of each scene that counts, and a manifest of those and of the skipped ones."""
    parser = argparse.ArgumentParser(description=__doc__, fromfile_prefix_chars="@")
    parser.add_argument(
        "--config", type=json.loads, required=True, help="JSON of a labelling (protocols/evaluation.py)"
    )
    parser.add_argument("--scenes", type=Path, required=True, help="the manifest of the split")
    parser.add_argument("--out", type=Path, required=True, help="manifest.json, the labels beside it")
    arguments = parser.parse_args()
    labelling, scenes = read_labelling(arguments.config), read_scenes([arguments.scenes])
    manifest = read_manifest(arguments.scenes, ["dataset", "scenes"])
    entries = {entry["name"]: entry for entry in manifest["scenes"]}
    counted, skipped = [], []
    with whole_folder(arguments.out.parent) as folder:
        for name, file in scenes.files.items():
            try:
                labels = labels_of_evaluation(load_scene(file.path, scenes.classes), scenes.classes, labelling)
            except UserError as error:
                raise UserError(f"{file.path}: {error}") from None
            if labels is None:
                skipped.append(name)
                continue
            write_arrays(folder / f"{name}.npz", {"label": labels.label})
            counts = count_labels(labels.label, labelling.classes)
            counted.append({**entries[name], **counts, "void_ids": labels.void_ids})
        write_json(
            folder / arguments.out.name,
            {"dataset": manifest["dataset"], "classes": labelling.classes, "scenes": counted, "skipped": skipped},
        )
    print(f"{len(counted)} scenes count, {len(skipped)} have too few unknown points")


if __name__ == "__main__":
    run_command(main)
