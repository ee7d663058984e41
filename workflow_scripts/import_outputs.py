"""Import logits or scores saved by other software as the outputs of a run."""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from openworld3d.errors import UserError, run_command
from openworld3d.files import whole_folder
from openworld3d.inference.outputs import save_manifest, save_outputs
from openworld3d.inference.shards import scenes_of_shard
from openworld3d.protocols.columns import check_columns
from openworld3d.protocols.protocol import make_protocol
from openworld3d.scenes.manifests import Scenes, read_scenes

DIMENSIONS = {"logits": "(points, columns)", "saved_score": "(points,)"}


@dataclass(frozen=True)
class ImportConfig:
    """What was saved.

    output: `logits` or `saved_score`; columns: the class of each logit, [] for the known classes in their order.
    """

    output: str
    columns: list[str]
    unknown: list[str]
    stored_precision: str


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--config",
        type=json.loads,
        required=True,
        help="JSON: output, which is logits or saved_score; columns, unknown, stored_precision",
    )
    parser.add_argument("--saved", type=Path, required=True, help="the folder of SCENE.npy")
    parser.add_argument("--scenes", type=Path, nargs="+", required=True, help="manifests of the evaluation splits")
    parser.add_argument("--shard", required=True, help="the shard of the scenes, such as 1of4")
    parser.add_argument("--out", type=Path, required=True, help="manifest.json, the outputs beside it")
    arguments = parser.parse_args()
    config, scenes = ImportConfig(**arguments.config), read_scenes(arguments.scenes)
    columns = columns_of(config, scenes)
    entries = []
    with whole_folder(arguments.out.parent) as folder:
        for name, scene in scenes_of_shard(scenes, arguments.shard).items():
            saved = read_saved(arguments.saved / f"{name}.npy", config.output, len(columns), scene.points)
            outputs = as_outputs(config.output, saved)
            entries.append(save_outputs(folder, name, outputs, config.stored_precision))
        save_manifest(folder / arguments.out.name, "saved", columns, entries)


def columns_of(config: ImportConfig, scenes: Scenes) -> list[str]:
    """Return the class of each column of the logits: the known classes, in any order."""
    protocol = make_protocol(scenes.classes, config.unknown)
    columns = config.columns or protocol.known
    check_columns("logits_classes", columns, protocol.classes, protocol.unknown)
    return columns


def read_saved(path: Path, output: str, columns: int, points: int) -> np.ndarray:
    """Read the array of one scene, (N, K) or (N,) of any float; raises UserError where it does not fit the scene."""
    try:
        saved = np.load(path, allow_pickle=False)
    except FileNotFoundError:
        raise UserError(f"{path}: does not exist; save one file for each evaluation scene, named after it") from None
    except ValueError:
        raise UserError(f"{path}: is not an array of numbers; save it with numpy.save, without pickle") from None
    expected = (points, columns) if output == "logits" else (points,)
    if not isinstance(saved, np.ndarray) or saved.shape != expected or saved.dtype.kind != "f":
        found = f"{saved.dtype} {saved.shape}" if isinstance(saved, np.ndarray) else "several arrays"
        raise UserError(
            f"{path}: holds {found}, expected floats {expected}, which is {DIMENSIONS[output]}; save the array "
            "of this scene, with every point in the order of its raw file"
        )
    return saved


def as_outputs(output: str, saved: np.ndarray) -> dict[str, np.ndarray]:
    """Return outputs with a row per point: saved (N, K) or (N,)."""
    points = len(saved)
    return {
        output: saved.astype(np.float32).reshape(points, -1),  # (N,) -> (N, 1)
        "inverse": np.arange(points, dtype=np.int32),
        "visits": np.ones(points, np.int32),
        "halved_crops": np.array(0),
    }


if __name__ == "__main__":
    run_command(main)
