"""Turn the outputs of a run into one score per original point."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from types import ModuleType
from typing import Mapping, Sequence

import numpy as np

from openworld3d import plugins
from openworld3d.errors import UserError, nearest, run_command
from openworld3d.files import sha256_of, whole_file, whole_folder, write_json
from openworld3d.manifests import read_manifest, read_scenes, scene_names
from openworld3d.scoring import score_rows

# What inference writes beside the outputs of the recipe.
BESIDE_OUTPUTS = ("inverse", "visits", "halved_crops")


def main() -> None:
    """Read the arguments, score every scene of the outputs, write a folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--config",
        required=True,
        type=json.loads,
        help='JSON: {"kind": a file of openworld3d/scores, OPTION: number, ...}',
    )
    parser.add_argument("--outputs", required=True, type=Path, help="manifest of a run's outputs")
    parser.add_argument("--scenes", required=True, type=Path, nargs="+", help="manifests of scenes")
    parser.add_argument("--out", required=True, type=Path, help="manifest.json, the scores beside it")
    arguments = parser.parse_args()

    options = {name: value for name, value in arguments.config.items() if name != "kind"}
    module = plugins.load("scores", arguments.config["kind"])
    scenes = read_scenes(arguments.scenes)
    known = index_of_known(arguments.outputs, scenes.classes)
    written = []
    with whole_folder(arguments.out.parent) as folder:
        for name in scene_names(arguments.outputs):
            points = scenes.find(name).points
            path = folder / f"{name}.npz"
            score_scene(arguments.outputs.with_name(f"{name}.npz"), path, module, options, known, points)
            written.append({"name": name, "points": points, "sha256": sha256_of(path)})
        write_json(folder / arguments.out.name, {"score": arguments.config, "scenes": written})


def index_of_known(manifest: Path, classes: list[str]) -> np.ndarray:
    """Return (K,) uint8, the index in the dataset's classes of each column of the logits."""
    known = read_manifest(manifest, ["known"])["known"]
    for name in known:
        if name not in classes:
            raise UserError(
                f"{manifest}: its known class {name!r} is no class of the scenes{nearest(name, classes)}; "
                "give the scenes that the outputs were made from"
            )
    return np.array([classes.index(name) for name in known], dtype=np.uint8)


def score_scene(
    source: Path, target: Path, module: ModuleType, options: Mapping[str, float], known: np.ndarray, points: int
) -> None:
    """Write `score` (N,) float32 and `prediction` (N,) uint8 on the original points of one scene."""
    outputs, inverse = read_outputs(source, module.READS)
    logits = outputs["logits"]
    check(source, logits, inverse, len(known), points)
    row_score = score_rows(module, outputs, options)
    if not np.isfinite(row_score).all():
        row = int(np.flatnonzero(~np.isfinite(row_score))[0])
        raise UserError(f"{source}: the score of row {row} is {row_score[row]}, expected a finite number")
    prediction = known[logits.argmax(axis=1)]
    with whole_file(target) as temporary, open(temporary, "wb") as file:
        np.savez(file, score=row_score[inverse], prediction=prediction[inverse])


def read_outputs(source: Path, reads: Sequence[str]) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Return the logits and what else a score reads, (R, C) each, and the row of each point, (N,) int32."""
    with np.load(source) as arrays:
        stored = [name for name in arrays.files if name not in BESIDE_OUTPUTS]
        for name in reads:
            if name not in stored:
                raise UserError(
                    f"{source}: the score reads {name}, but the outputs of this run have: {', '.join(stored)}; "
                    f"take another score, or a recipe whose outputs have {name}"
                )
        return {name: arrays[name] for name in {"logits", *reads}}, arrays["inverse"]


def check(source: Path, logits: np.ndarray, inverse: np.ndarray, known: int, points: int) -> None:
    """Refuse outputs that do not fit the scene, or whose logits have no softmax.

    -inf is the logit of a class that cannot be, as long as another class can; +inf and NaN are those of no class.
    """
    advice = "infer this run again"
    if logits.shape[1] != known:
        raise UserError(f"{source}: logits have {logits.shape[1]} columns for {known} known classes; {advice}")
    if len(inverse) != points:
        raise UserError(f"{source}: inverse has {len(inverse)} points, the scene has {points}; {advice}")
    if points and not 0 <= inverse.min() <= inverse.max() < len(logits):
        raise UserError(f"{source}: inverse names a row outside the {len(logits)} rows of logits; {advice}")
    diverged = "the network has diverged: train it again with a lower learning rate"
    wrong = ~(logits < np.inf)
    if wrong.any():
        row, column = np.argwhere(wrong)[0]
        raise UserError(
            f"{source}: logits[{row}, {column}] is {logits[row, column]}, expected a finite number, or -inf for a "
            f"class that cannot be; {diverged}"
        )
    impossible = np.isneginf(logits).all(axis=1)
    if impossible.any():
        raise UserError(
            f"{source}: logits[{int(impossible.argmax())}] are all -inf, expected a finite one; {diverged}"
        )


if __name__ == "__main__":
    run_command(main)
