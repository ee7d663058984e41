"""A scene: one room or one scan, as `prepare` writes it and every later step reads it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Sequence

import numpy as np

from openworld3d.errors import UserError
from openworld3d.files import whole_file

VOID = 255
NO_INSTANCE = -1
STRANGE_LABEL = "a point has the label {label}, expected 0 to {last} or 255 for void ({count} such points)"
STRANGE_LABEL_REMEDY = (
    "map every raw id to a class or void and prepare the scenes again: scatter and one_hot have no ignore index"
)


@dataclass
class Scene:
    """Points of one scene, in the order of the raw file.

    coord (N, 3) float32 in metres; color (N, 3) uint8 or None; intensity (N,) float32 in 0..1 or None;
    label (N,) uint8, the index in the dataset's list of classes, 255 where void;
    instance (N,) int32, -1 where none; origin_is_sensor: whether one sensor saw it all, from the origin.
    """

    coord: np.ndarray
    label: np.ndarray
    instance: np.ndarray
    color: np.ndarray | None = None
    intensity: np.ndarray | None = None
    origin_is_sensor: bool = False

    def __len__(self) -> int:
        return len(self.coord)

    def take(self, kept: np.ndarray) -> Scene:
        """Return the scene of the kept points: (N,) bool."""
        return replace(
            self, **{name: value[kept] for name, value in vars(self).items() if isinstance(value, np.ndarray)}
        )

    @property
    def appearance(self) -> str | None:
        """Return what a network sees of the points besides their coordinates: `color`, `intensity` or None."""
        return next((name for name in ("color", "intensity") if getattr(self, name) is not None), None)


def save_scene(path: Path, scene: Scene) -> None:
    """Write a scene as an uncompressed `.npz`."""
    arrays = {name: value for name, value in vars(scene).items() if value is not None}
    with whole_file(path) as temporary, open(temporary, "wb") as file:
        np.savez(file, **arrays)


def load_scene(path: Path, classes: Sequence[str]) -> Scene:
    """Read a scene; raises UserError for a label that is neither a class nor void.

    On a GPU such a label ends in a device-side assert of some later line; in a table look-up it goes unnoticed.
    """
    with np.load(path) as arrays:
        scene = Scene(**{name: arrays[name] for name in arrays.files})
    scene.origin_is_sensor = bool(scene.origin_is_sensor)
    strange = scene.label[(scene.label >= len(classes)) & (scene.label != VOID)]
    if len(strange):
        found = STRANGE_LABEL.format(label=strange[0], count=len(strange), last=len(classes) - 1)
        raise UserError(f"{path}: {found}; {STRANGE_LABEL_REMEDY}")
    return scene


def describe(scene: Scene, classes: list[str]) -> dict[str, Any]:
    """Return a scene's entry of a manifest: points, points per class, void points, extent in metres, appearance."""
    count = np.bincount(scene.label, minlength=VOID + 1)
    return {
        "points": len(scene),
        "class_points": {name: int(count[index]) for index, name in enumerate(classes) if count[index]},
        "void_points": int(count[VOID]),
        "extent": (scene.coord.max(0) - scene.coord.min(0)).astype(np.float64).round(3).tolist(),
        "appearance": scene.appearance,
    }
