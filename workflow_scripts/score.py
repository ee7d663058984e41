"""Turn the outputs of a run into one score per original point."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import NamedTuple, Sequence

import numpy as np

from openworld3d import plugins
from openworld3d.errors import UserError, nearest, run_command
from openworld3d.files import sha256_of, whole_file, whole_folder, write_json
from openworld3d.manifests import SceneFile, read_manifest, read_scenes, scene_names
from openworld3d.outputs import read_outputs
from openworld3d.scene import VOID
from openworld3d.scoring import Score, make_score, score_rows
from openworld3d.smoothing import mean_over_neighbors
from openworld3d.thresholds import known_threshold
from openworld3d.voxel import first_points


class Method(NamedTuple):
    """A score, fitted where it fits, which outputs it reads, and over how many rows it is smoothed."""

    score: Score
    reads: Sequence[str]
    neighbors: int


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
    columns = index_of_columns(arguments.outputs, scenes.classes)
    written = []
    with whole_folder(arguments.out.parent) as folder:
        for name in scene_names(arguments.outputs):
            scene, path = scenes.find(name), folder / f"{name}.npz"
            score_scene(arguments.outputs.with_name(path.name), path, method, columns, scene)
            written.append({"name": name, "points": scene.points, "sha256": sha256_of(path)})
        manifest = {"score": arguments.config, "threshold": threshold_of(method, sample), "scenes": written}
        write_json(folder / arguments.out.name, manifest)


def read_sample(paths: Sequence[Path]) -> dict[str, np.ndarray]:
    """Return the arrays of a training sample, none where there is none."""
    sample: dict[str, np.ndarray] = {}
    for path in paths:
        with np.load(path) as stored:
            sample.update({name: stored[name] for name in stored.files})
    return sample


def make_method(config: dict[str, float], sample: dict[str, np.ndarray]) -> Method:
    """Return the score that a config describes, fitted on a training sample where it fits."""
    module = plugins.load("scores", str(config["kind"]))
    score = make_score(module, {name: config[name] for name in module.OPTIONS}, sample)
    return Method(score, module.READS, int(config["neighbors"]))


def threshold_of(method: Method, sample: dict[str, np.ndarray]) -> float | None:
    """Return above which score a point is flagged; None without a sample, and for means over rows, which it lacks."""
    if not sample or method.neighbors > 1:
        return None
    return known_threshold(score_rows(method.score, {name: sample[name] for name in method.reads}), sample["weight"])


def index_of_columns(manifest: Path, classes: list[str]) -> np.ndarray:
    """Return (K,) uint8, the index in the dataset's classes of each column of the logits."""
    columns = read_manifest(manifest, ["columns"])["columns"]
    for name in columns:
        if name not in classes:
            raise UserError(
                f"{manifest}: its class {name!r} is no class of the scenes{nearest(name, classes)}; "
                "give the scenes that the outputs were made from"
            )
    return np.array([classes.index(name) for name in columns], dtype=np.uint8)


def score_scene(source: Path, target: Path, method: Method, columns: np.ndarray, scene: SceneFile) -> None:
    """Write `score` (N,) float32 and `prediction` (N,) uint8 on the original points of one scene.

    The prediction is void where the outputs are without logits.
    """
    outputs, inverse = read_outputs(source, method.reads)
    check(source, outputs, inverse, len(columns), scene.points)
    row_score = score_rows(method.score, {name: outputs[name] for name in method.reads})
    if not np.isfinite(row_score).all():
        row = int(np.flatnonzero(~np.isfinite(row_score))[0])
        raise UserError(f"{source}: the score of row {row} is {row_score[row]}, expected a finite number")
    if method.neighbors > 1:
        row_score = mean_over_neighbors(row_score, coord_of_rows(scene, inverse), method.neighbors)
    row_prediction = (
        columns[outputs["logits"].argmax(axis=1)] if "logits" in outputs else np.full(len(row_score), VOID)
    )
    prediction = row_prediction.astype(np.uint8)[inverse]
    with whole_file(target) as temporary, open(temporary, "wb") as file:
        np.savez(file, score=row_score[inverse], prediction=prediction)


def coord_of_rows(scene: SceneFile, inverse: np.ndarray) -> np.ndarray:
    """Return where each row of the outputs is, the place of the first of its points: (R, 3) float32 in metres."""
    with np.load(scene.path) as arrays:
        return arrays["coord"][first_points(inverse)]


def check(source: Path, outputs: dict[str, np.ndarray], inverse: np.ndarray, columns: int, points: int) -> None:
    """Refuse outputs that do not fit the scene, or whose logits have no softmax."""
    advice = "infer this run again"
    if len(inverse) != points:
        raise UserError(f"{source}: inverse has {len(inverse)} points, the scene has {points}; {advice}")
    for name, array in outputs.items():
        if points and not 0 <= inverse.min() <= inverse.max() < len(array):
            raise UserError(f"{source}: inverse names a row outside the {len(array)} rows of {name}; {advice}")
    if "logits" in outputs:
        check_logits(source, outputs["logits"], columns)


def check_logits(source: Path, logits: np.ndarray, columns: int) -> None:
    """Refuse logits of other classes, or that have no softmax.

    -inf is the logit of a class that cannot be, as long as another class can; +inf and NaN are those of no class.
    """
    if logits.shape[1] != columns:
        raise UserError(
            f"{source}: logits have {logits.shape[1]} columns for {columns} classes; infer this run again"
        )
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
