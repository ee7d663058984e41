"""Run a trained network over clouds without labels, and write each again with what it says of every point."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple, Sequence

import numpy as np

from openworld3d.commands.methods import method_of
from openworld3d.commands.out_folder import check_out
from openworld3d.commands.trained import RunFolder
from openworld3d.errors import UserError
from openworld3d.files import whole_folder, write_json
from openworld3d.inference.model import Trained, infer_scene, load_trained
from openworld3d.inference.outputs import BESIDE
from openworld3d.networks.confidence import max_probability
from openworld3d.networks.weights import read_about
from openworld3d.plugins import declared, plugin_names
from openworld3d.raw.files import entries
from openworld3d.raw.more_columns import Columns, write_again
from openworld3d.raw.unlabelled import ENDINGS, Sensing, read_unlabelled
from openworld3d.scenes.scene import VOID, Scene, ranges
from openworld3d.scenes.voxels import first_points
from openworld3d.scoring.apply import score_rows
from openworld3d.scoring.scenes import Method, check_finite, numbers_of_groups, read_sample, threshold_of

COVERAGE = "single"  # every voxel once, as training saw them
LEGEND = "predictions.json"
PREDICTION, PROBABILITY = "prediction", "probability"


class Predictor(NamedTuple):
    """A trained network, the methods that score its outputs by name, and how clouds are read.

    classes: those that predictions are indices of; thresholds: the score above which training flags a point, None
    where no training sample is there.
    """

    trained: Trained
    methods: dict[str, Method]
    classes: list[str]
    sensing: Sensing
    thresholds: dict[str, float | None]


def predict(run: Path, clouds: Path, scores: Sequence[str], out: Path) -> None:
    """Write every cloud of a folder to another, with `prediction`, `probability` and each score as columns.

    `predictions.json` beside them names the classes and the threshold of each score. Raises UserError.
    """
    files = clouds_in(clouds)
    check_out(out, LEGEND, {"--clouds": clouds, "--run": run})
    predictor = load_predictor(run, scores)
    points: dict[str, int] = {}
    with whole_folder(out) as folder:
        for file in files:
            name = file.relative_to(clouds)
            scene = read_unlabelled(file, predictor.sensing)
            columns = of_rows(columns_of_points(predictor, scene, file), scene)
            write_again(file, folder / name, columns, predictor.sensing)
            points[str(name)] = len(scene)
            print(f"{name}  {len(scene)} points", flush=True)
        write_json(folder / LEGEND, legend(run, predictor, points))


def clouds_in(folder: Path) -> list[Path]:
    """Return the clouds of a folder and of those in it, sorted; raises UserError where there are none."""
    if not folder.is_dir():
        raise UserError(f"{folder}: is not a folder; give that of the clouds, as --clouds")
    found = [file for file in entries(folder, "**") if file.suffix.lower() in ENDINGS and file.is_file()]
    if not found:
        raise UserError(f"{folder}: has no cloud, expected {', '.join(ENDINGS)}; give the folder of some")
    return found


def load_predictor(run: Path, scores: Sequence[str]) -> Predictor:
    """Load a run's network and fit its scores."""
    folder = RunFolder(run)
    recipe = read_about(folder.weights)["recipe"]
    sensing = folder.sensing()
    trained = load_trained(folder.weights, folder.inference(recipe))
    outputs = set(declared("recipes", recipe["kind"], "OUTPUTS")) | ({"range"} if sensing.origin_is_sensor else set())
    sample = read_sample(folder.sample)
    needs_groups = any(
        "group" in declared("scores", name, "FITS") for name in scores if name in plugin_names("scores")
    )
    groups = numbers_of_groups(folder.groups, trained.columns, str(run)) if needs_groups else {}
    fits = {**sample, **groups}
    methods = {name: method_of(name, outputs, fits, str(run)) for name in scores}
    thresholds = {name: threshold_of(method, sample) for name, method in methods.items()}
    return Predictor(trained, methods, folder.classes, sensing, thresholds)


def columns_of_points(predictor: Predictor, scene: Scene, file: Path) -> Columns:
    """Return prediction (N,) uint8, probability (N,) float32, and each score (N,) float32 of a cloud's points."""
    trained = predictor.trained
    outputs = infer_scene(trained.model, scene, COVERAGE, trained.bounds)
    inverse = outputs["inverse"]
    outputs = {name: value for name, value in outputs.items() if name not in BESIDE}
    if scene.origin_is_sensor:
        outputs["range"] = ranges(scene.coord[first_points(inverse)])
    taught = outputs["logits"][:, : len(trained.columns)]
    index = np.array([predictor.classes.index(name) for name in trained.columns], np.uint8)
    rows = {PREDICTION: index[taught.argmax(axis=1)], PROBABILITY: max_probability(taught)}
    for name, method in predictor.methods.items():
        rows[name] = score_rows(method.scorer, {read: outputs[read] for read in method.reads}).astype(np.float32)
        check_finite(file, rows[name])
    return {name: row[inverse] for name, row in rows.items()}


def of_rows(columns: Columns, scene: Scene) -> Columns:
    """Return columns of all rows of a file: void and NaN for those that are no points."""
    if scene.is_point is None:
        return columns
    found: Columns = {}
    for name, column in columns.items():
        found[name] = np.full(len(scene.is_point), VOID if column.dtype == np.uint8 else np.nan, column.dtype)
        found[name][scene.is_point] = column
    return found


def legend(run: Path, predictor: Predictor, points: dict[str, int]) -> dict[str, Any]:
    """Return what a person or program needs to know of the columns."""
    return {
        "run": str(run),
        "columns": [PREDICTION, PROBABILITY, *predictor.methods],
        "classes": predictor.classes,
        "predicted": predictor.trained.columns,
        "void": VOID,
        "thresholds": predictor.thresholds,
        "points": points,
    }
