"""Scores and predictions of a scene's points, from outputs and scores whose rows stand for several points each.

Scores are an `.npz` per scene beside their manifest: `score` (R,), one for each row of the outputs, in float32, or in
float64 where the outputs were saved so.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple, Sequence

import numpy as np

from openworld3d.errors import UserError
from openworld3d.inference.outputs import index_of_columns, read_inverse, read_outputs
from openworld3d.scenes.manifests import SceneFile, Scenes, scene_names
from openworld3d.scenes.scene import VOID


class ScoredScene(NamedTuple):
    """The files of a scene of N points, of a run's outputs for it, and of their scores.

    columns (K,) uint8: the index in the dataset's classes of each column of the logits, void at the end where no
    label trains it, so that it is never predicted.
    """

    name: str
    file: SceneFile
    outputs: Path
    scores: Path
    columns: np.ndarray

    def score(self) -> np.ndarray:
        """Return the score of each point, (N,); raises UserError where outputs and scores do not match."""
        inverse = read_inverse(self.outputs, self.file.points)
        with np.load(self.outputs) as outputs, np.load(self.scores) as scores:
            rows, score = len(outputs["visits"]), scores["score"]
        if len(score) != rows:
            raise UserError(f"{self.scores}: it has {len(score)} rows, {self.outputs} has {rows}; score it again")
        return score[inverse]

    def instance(self) -> np.ndarray | None:
        """Return the unknown object that each point is predicted to be of, (N,) int32; None without such outputs."""
        with np.load(self.outputs) as outputs:
            return outputs["instance"] if "instance" in outputs.files else None

    def prediction(self) -> np.ndarray:
        """Return the predicted class of each point, (N,) uint8, void where the outputs have no logits."""
        inverse, logits = read_inverse(self.outputs, self.file.points), self.taught_logits()
        if logits is None:
            return np.full(len(inverse), VOID, np.uint8)
        return self.columns[logits.argmax(axis=1)][inverse]

    def taught_logits(self) -> np.ndarray | None:
        """Return the logits of the columns that are of a class, one row for several points; None without logits."""
        outputs = read_outputs(self.outputs, [])
        return outputs["logits"][:, : np.count_nonzero(self.columns != VOID)] if "logits" in outputs else None


def scored_scenes(scores: Sequence[Path], outputs: Sequence[Path], scenes: Scenes) -> list[ScoredScene]:
    """Return the scenes that the scores of some shards list, in the order of the scenes manifests.

    scores, outputs: manifests. Raises UserError for a scene that is in none of the outputs or scenes manifests.
    """
    columns = {manifest: index_of_columns(manifest, scenes.classes) for manifest in outputs}
    manifest_of = {name: manifest for manifest in outputs for name in scene_names(manifest)}
    found = {}
    for manifest in scores:
        for name in scene_names(manifest):
            if name not in manifest_of:
                raise UserError(
                    f"{manifest}: its scene {name!r} is in none of the outputs manifests; give those that were scored"
                )
            of = manifest_of[name]
            file, scene = f"{name}.npz", scenes.find(name)
            found[name] = ScoredScene(name, scene, of.with_name(file), manifest.with_name(file), columns[of])
    return [found[name] for name in scenes.files if name in found]
