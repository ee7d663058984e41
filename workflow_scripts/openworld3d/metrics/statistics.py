"""Statistics of a method: what its metrics need, per scene and per class, without loss.

One `.npz` with S scenes, C classes of the dataset and P points that are not void:
- `sorted_score` (P,) float32: by scene, within a scene by true class, ascending within a class;
- `class_points` (S, C) int64: how many points of each true class, which says where each group starts;
- `confusion` (S, C, C) int64: points by true and predicted class, those without a prediction in none;
- `classes` (C,) and `scenes` (S,) text: their names.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Sequence

import numpy as np

from openworld3d.errors import UserError
from openworld3d.files import whole_file
from openworld3d.scene import VOID


@dataclass
class Statistics:
    """The arrays of the module's docstring."""

    sorted_score: np.ndarray
    class_points: np.ndarray
    confusion: np.ndarray
    classes: np.ndarray
    scenes: np.ndarray

    def index(self, names: Sequence[str]) -> list[int]:
        """Return the index of each class name in the dataset's list of classes."""
        classes = self.classes.tolist()
        return [classes.index(name) for name in names]

    def pooled(self, names: Sequence[str]) -> np.ndarray:
        """Return the scores of all points of these true classes over all scenes, ascending."""
        ends = np.cumsum(self.class_points).reshape(self.class_points.shape)  # (S, C)
        starts = ends - self.class_points
        parts = [
            self.sorted_score[starts[scene, group] : ends[scene, group]]
            for scene in range(len(self.scenes))
            for group in self.index(names)
        ]
        return np.sort(np.concatenate([self.sorted_score[:0], *parts]))


def of_scene(
    name: str, classes: Sequence[str], label: np.ndarray, prediction: np.ndarray, score: np.ndarray
) -> Statistics:
    """Return the statistics of one scene from label (N,), prediction (N,) and score (N,) of its points.

    A prediction of 255 is none, of a method that only scores.
    """
    size = len(classes)
    kept = label != VOID
    true, predicted = label[kept].astype(np.int64), prediction[kept]
    cell = (true * size + predicted)[predicted != VOID]
    score = score[kept].astype(np.float32)
    return Statistics(
        sorted_score=np.concatenate([score[:0], *(np.sort(score[true == group]) for group in range(size))]),
        class_points=np.bincount(true, minlength=size).reshape(1, size),
        confusion=np.bincount(cell, minlength=size * size).reshape(1, size, size),
        classes=np.array(classes, dtype=str),
        scenes=np.array([name], dtype=str),
    )


def merge(parts: Sequence[Statistics]) -> Statistics:
    """Return the statistics of all scenes of the parts, which share one list of classes."""
    for part in parts:
        if part.classes.tolist() != parts[0].classes.tolist():
            raise UserError(f"statistics of {', '.join(part.scenes)} have other classes than the first ones")
    return Statistics(
        sorted_score=np.concatenate([part.sorted_score for part in parts]),
        class_points=np.concatenate([part.class_points for part in parts]),
        confusion=np.concatenate([part.confusion for part in parts]),
        classes=parts[0].classes,
        scenes=np.concatenate([part.scenes for part in parts]),
    )


def save(path: Path, statistics: Statistics) -> None:
    """Write statistics as an uncompressed `.npz`."""
    with whole_file(path) as temporary, open(temporary, "wb") as file:
        np.savez(file, **vars(statistics))


def load(path: Path) -> Statistics:
    """Read statistics that `save` wrote."""
    with np.load(path) as arrays:
        return Statistics(**{name: arrays[name] for name in arrays.files})
