"""Compute a post-hoc score of saved outputs: a file of one number per point for each scene."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from openworld3d.commands.methods import method_of
from openworld3d.commands.out_folder import check_out
from openworld3d.errors import UserError
from openworld3d.files import whole_folder, write_json
from openworld3d.plugins import declared, plugin_names
from openworld3d.saved_outputs.arrays import read_array
from openworld3d.saved_outputs.folder import SavedFolder, open_saved
from openworld3d.saved_outputs.sample import OF_ACTIVATIONS, read_sample, warn_of_negative_features
from openworld3d.saved_outputs.scenes import read_scene
from openworld3d.scenes.scene import VOID
from openworld3d.scoring.apply import score_rows
from openworld3d.scoring.scenes import check_finite, threshold_of
from openworld3d.workflow.check_scores import OF_CLASSES, OF_SCENES

ABOUT = "score.json"


def score(root: Path, kind: str, out: Path) -> None:
    """Write a score of each scene of a saved folder as SCENE.npy, (N,) for the N points that it speaks of.

    `score.json` beside them has the score's name, the training sample's threshold, and the points of each file.
    Raises UserError.
    """
    saved = open_saved(root)
    if not saved.scenes:
        raise UserError(
            f"{root}: has no scenes, expected scenes/SCENE/logits.npy, or SCENE.npy for each; give the folder of "
            "saved outputs as --saved"
        )
    check_out(out, ABOUT, {"--saved": root})
    columns = columns_of(saved)
    sample = read_sample(saved, columns)
    check_dataset(kind)
    if kind in OF_ACTIVATIONS:
        warn_of_negative_features(saved, sample)
    method = method_of(kind, saved.outputs, sample, str(root))
    points: dict[str, int] = {}
    with whole_folder(out) as folder:
        for name in saved.scenes:
            scene = read_scene(saved, name, columns, sample=sample)
            found = score_rows(method.scorer, {read: scene.outputs[read] for read in method.reads})
            check_finite(root / name, found)
            file = folder / f"{name}.npy"
            np.save(file, found[scene.inverse])
            points[file.name] = len(scene.inverse)
        write_json(folder / ABOUT, {"score": kind, "threshold": threshold_of(method, sample), "points": points})


def check_dataset(kind: str) -> None:
    """Raise UserError for a score that needs what a dataset says, which is not given here."""
    if kind not in plugin_names("scores"):
        return
    of_dataset = {*declared("scores", kind, "READS"), *declared("scores", kind, "FITS")} & (OF_SCENES | OF_CLASSES)
    if of_dataset:
        raise UserError(
            f"score {kind} needs the {' and '.join(sorted(of_dataset))} that a dataset gives, and openworld3d score "
            "has none; run the pipeline with recipe saved_outputs, or choose another score"
        )


def columns_of(saved: SavedFolder) -> list[str]:
    """Return the class of each column of the logits: as meta.json says, or else its number.

    Raises UserError where meta.json does not say and each scene has more columns than rows, but for single rows, or
    the first more than there are labels.
    """
    if saved.classes or "logits" not in saved.outputs:
        return saved.classes
    paths = [files["logits"] for files in saved.scenes.values()]
    first = read_array(paths[0])
    if first.ndim != 2:
        return []
    shapes = (read_array(path).shape for path in paths)
    if first.shape[1] > VOID or (len(first) > 1 and all(len(shape) < 2 or shape[0] < shape[1] for shape in shapes)):
        raise UserError(
            f"{paths[0]}: holds {first.dtype} {first.shape}, which seems to be (columns, points); save its "
            "transpose, as by array.T, or name the class of each column in meta.json"
        )
    return [str(column) for column in range(first.shape[1])]
