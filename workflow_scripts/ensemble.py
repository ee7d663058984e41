"""Join the outputs of networks that differ only in their seeds into those of their ensemble."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import torch

from openworld3d.errors import UserError, run_command
from openworld3d.files import whole_folder
from openworld3d.inference.outputs import BESIDE, read_outputs, save_manifest, save_outputs
from openworld3d.networks.averaging import Passes
from openworld3d.scenes.manifests import read_manifest, scene_names


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, fromfile_prefix_chars="@")
    parser.add_argument("--config", type=json.loads, required=True, help="JSON: stored_precision")
    parser.add_argument("--members", type=Path, nargs="+", required=True, help="manifests of the networks' outputs")
    parser.add_argument("--out", type=Path, required=True, help="manifest.json, the outputs beside it")
    arguments = parser.parse_args()
    first = read_manifest(arguments.members[0], ["coverage", "columns"])
    entries = []
    with whole_folder(arguments.out.parent) as folder:
        for name in scene_names(arguments.members[0]):
            outputs = joined([manifest.with_name(f"{name}.npz") for manifest in arguments.members])
            entries.append(save_outputs(folder, name, outputs, arguments.config["stored_precision"]))
        save_manifest(folder / arguments.out.name, first["coverage"], first["columns"], entries)


def joined(files: list[Path]) -> dict[str, np.ndarray]:
    """Return the outputs of one scene: those of `Passes` over the members' logits, and the arrays that all share."""
    passes, alike = Passes(), read_beside(files[0])
    for file in files:
        if not np.array_equal(read_beside(file)["inverse"], alike["inverse"]):
            raise UserError(f"{file}: its rows differ from those of {files[0]}, expected the same; infer both again")
        passes.add(torch.from_numpy(read_outputs(file, ["logits"])["logits"]))
    return {**{name: value.numpy() for name, value in passes.outputs().items()}, **alike}


def read_beside(file: Path) -> dict[str, np.ndarray]:
    """Return what lies beside the outputs of one scene."""
    with np.load(file) as arrays:
        return {name: arrays[name] for name in BESIDE if name in arrays.files}


if __name__ == "__main__":
    run_command(main)
