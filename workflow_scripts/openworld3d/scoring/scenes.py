"""Score the scenes of a run's outputs."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple, Sequence, cast

import numpy as np

from openworld3d import plugins
from openworld3d.arrays import write_arrays
from openworld3d.errors import UserError, nearest
from openworld3d.files import sha256_of
from openworld3d.inference.outputs import index_of_columns, read_inverse, read_outputs
from openworld3d.networks.confidence import log_odds_of_error
from openworld3d.scenes.manifests import SceneFile, Scenes, read_manifest, scene_names
from openworld3d.scenes.scene import ranges
from openworld3d.scenes.voxels import first_points
from openworld3d.scores import Score
from openworld3d.scoring.apply import Scorer, known_threshold, make_scorer, score_rows
from openworld3d.scoring.scored_scenes import ScoredScene
from openworld3d.scoring.smoothing import mean_over_neighbors


class Method(NamedTuple):
    """A score's function, the outputs that it reads, and over how many rows it is averaged."""

    scorer: Scorer
    reads: Sequence[str]
    neighbors: int


def read_sample(paths: Sequence[Path]) -> dict[str, np.ndarray]:
    """Return the arrays of a training sample, none where the run has no sample."""
    sample: dict[str, np.ndarray] = {}
    for path in paths:
        with np.load(path) as stored:
            sample.update({name: stored[name] for name in stored.files})
    return sample


def make_method(config: dict[str, Any], sample: dict[str, np.ndarray]) -> Method:
    """Return the method of an entry of `scores`, fitted on a training sample where its score is."""
    module = cast(Score, plugins.load("scores", config["kind"]))
    scorer = make_scorer(module, {name: config[name] for name in module.KEYS}, sample)
    return Method(scorer, module.READS, config["neighbors"])


def group_of_columns(groups: dict[str, list[str]], outputs: Path) -> dict[str, np.ndarray]:
    """Return `group` as `numbers_of_groups` does, of the columns of a run's logits."""
    return numbers_of_groups(groups, read_manifest(outputs, ["columns"])["columns"], str(outputs)) if groups else {}


def numbers_of_groups(groups: dict[str, list[str]], columns: Sequence[str], place: str) -> dict[str, np.ndarray]:
    """Return `group` (K,) int64, the number of the group of each column; nothing without groups.

    A group has the classes that the network knows: those that are held out are no columns. Raises UserError for a
    column whose class is in no group; place: what the sentence begins with.
    """
    if not groups:
        return {}
    number_of = {name: number for number, names in enumerate(groups.values()) for name in names}
    for name in columns:
        if name not in number_of:
            raise UserError(
                f"{place}: its class {name!r} is in no group{nearest(name, number_of)}; correct the groups"
            )
    return {"group": np.array([number_of[name] for name in columns], np.int64)}


def threshold_of(method: Method, sample: dict[str, np.ndarray]) -> float | None:
    """Return the score above which a point is flagged.

    None without a training sample of what the score reads, and where scores are averaged over neighbours, which a
    sample lacks.
    """
    if not {"weight", *method.reads} <= set(sample) or method.neighbors > 1:
        return None
    return known_threshold(score_rows(method.scorer, {name: sample[name] for name in method.reads}), sample["weight"])


def score_scenes(method: Method, outputs: Path, scenes: Scenes, folder: Path) -> list[dict[str, str]]:
    """Write the scores of every scene of the outputs that counts to a folder; return its entries of the manifest."""
    columns = len(index_of_columns(outputs, scenes.classes))
    written = []
    for name in scene_names(outputs):
        if name in scenes.skipped:
            continue
        path = folder / f"{name}.npz"
        score_scene(outputs.with_name(path.name), path, method, columns, scenes.find(name))
        written.append({"name": name, "sha256": sha256_of(path)})
    return written


def score_scene(source: Path, target: Path, method: Method, columns: int, scene: SceneFile) -> None:
    """Write `score` (R,) of the rows of one scene's outputs; columns: how many its logits must have."""
    stored = [name for name in method.reads if name != "range"]
    outputs, inverse = read_outputs(source, stored), read_inverse(source, scene.points)
    if "logits" in outputs:
        check_logits(source, outputs["logits"], columns)
    if "range" in method.reads:
        outputs["range"] = ranges(coord_of_rows(scene, inverse))
    score = score_rows(method.scorer, {name: outputs[name] for name in method.reads})
    check_finite(source, score, outputs.get("logits"))
    if method.neighbors > 1:
        score = mean_over_neighbors(score, coord_of_rows(scene, inverse), method.neighbors)
    write_arrays(target, {"score": score})


def check_finite(source: Path, score: np.ndarray, logits: np.ndarray | None = None) -> None:
    """Raise UserError for a score that is not finite; score (R,), logits (R, K)."""
    if not np.isfinite(score).all():
        row = int(np.flatnonzero(~np.isfinite(score))[0])
        remedy = ""
        if logits is not None and np.isneginf(logits[row]).any():
            remedy = "; its logits have -inf, which this score cannot take: save a finite number such as -1e4 in its "
            remedy += "place, or choose another score"
        raise UserError(f"{source}: the score of row {row} is {score[row]}, expected a finite number{remedy}")


def coord_of_rows(scene: SceneFile, inverse: np.ndarray) -> np.ndarray:
    """Return the coordinates of the first point of each row of the outputs: (R, 3) float32 in metres."""
    with np.load(scene.path) as arrays:
        return arrays["coord"][first_points(inverse)]


def check_logits(source: Path, logits: np.ndarray, columns: int) -> None:
    """Raise UserError for logits of other classes, and for those without a softmax: NaN, +inf, or all -inf."""
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
            f"class that is impossible; {diverged}"
        )
    impossible = np.isneginf(logits).all(axis=1)
    if impossible.any():
        raise UserError(
            f"{source}: logits[{int(impossible.argmax())}] are all -inf, expected a finite one; {diverged}"
        )


def log_odds_of(scored: ScoredScene) -> np.ndarray | None:
    """Return the log-odds that each point's prediction is right, (N,); None without two logits or more."""
    logits = scored.taught_logits()
    if logits is None or logits.shape[1] < 2:
        return None
    odds = -score_rows(lambda rows: log_odds_of_error(rows["logits"]), {"logits": logits})
    return odds[read_inverse(scored.outputs, scored.file.points)]
