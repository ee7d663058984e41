"""A scene: one room or one scan, as `prepare` writes it and every later step reads it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Sequence

import numpy as np

from openworld3d.arrays import write_arrays
from openworld3d.errors import UserError
from openworld3d.scenes.voxels import voxelise

VOID = 255
NO_INSTANCE = -1
ODD = np.uint64(0x9E3779B97F4A7C15)  # 2**64 over the golden ratio, which spreads what it multiplies over 64 bits
STRANGE_LABEL = "a point has the label {label}, expected 0 to {last} or 255 for void ({count} such points)"
STRANGE_LABEL_REMEDY = (
    "map every raw id to a class or void and prepare the scenes again: scatter and one_hot have no ignore index"
)


@dataclass
class Scene:
    """Points of one scene, in the order of the raw file.

    coord (N, 3) float32 in metres; color (N, 3) uint8 or None; intensity (N,) float32 in 0..1 or None;
    normal (N, 3) float32, of length 1 or, where there is none, 0, or None;
    label (N,) uint8, the index in the dataset's list of classes, 255 where void;
    raw (N,) uint16, the id that the file has, whose class `label` is: it tells apart what the dataset's map merges
    or voids; None where the layout's `CLASS_OF_RAW_ID` is empty;
    instance (N,) int32, -1 where none; origin_is_sensor: whether one sensor saw it all, from the origin;
    is_point (R,) bool, the N rows of the raw file that are these points, where others are left out; else None.
    """

    coord: np.ndarray
    label: np.ndarray
    instance: np.ndarray
    color: np.ndarray | None = None
    intensity: np.ndarray | None = None
    normal: np.ndarray | None = None
    raw: np.ndarray | None = None
    origin_is_sensor: bool = False
    is_point: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.coord)

    def take(self, kept: np.ndarray) -> Scene:
        """Return the scene of the kept points: (N,) bool."""
        arrays = {name: value for name, value in vars(self).items() if isinstance(value, np.ndarray)}
        is_point = arrays.pop("is_point", None)
        if is_point is not None:
            is_point = is_point.copy()
            is_point[is_point] = kept
        return replace(self, **{name: array[kept] for name, array in arrays.items()}, is_point=is_point)

    @property
    def appearance(self) -> str | None:
        """Return what a network sees of the points besides their coordinates: `color`, `intensity` or None."""
        return next((name for name in ("color", "intensity") if getattr(self, name) is not None), None)


def ranges(coord: np.ndarray) -> np.ndarray:
    """Return how far points are from the sensor in metres, where that is the origin: (R, 3) -> (R, 1) float32."""
    return np.linalg.norm(coord, axis=1, keepdims=True).astype(np.float32)


def save_scene(path: Path, scene: Scene) -> None:
    """Write a scene as an uncompressed `.npz`."""
    write_arrays(path, {name: value for name, value in vars(scene).items() if value is not None})


def load_scene(path: Path, classes: Sequence[str], labels: Path | None = None) -> Scene:
    """Read a scene, its labels from a file of their own where there is one; raises UserError for a strange label.

    A label is a class or void. On a GPU another one ends in a device-side assert of some later line; in a table
    look-up it goes unnoticed.
    """
    with np.load(path) as arrays:
        scene = Scene(**{name: arrays[name] for name in arrays.files})
    scene.origin_is_sensor = bool(scene.origin_is_sensor)
    if labels is not None:
        with np.load(labels) as arrays:
            scene.label = arrays["label"]
    strange = scene.label[(scene.label >= len(classes)) & (scene.label != VOID)]
    if len(strange):
        found = STRANGE_LABEL.format(label=strange[0], count=len(strange), last=len(classes) - 1)
        raise UserError(f"{path}: {found}; {STRANGE_LABEL_REMEDY}")
    return scene


def load_is_point(path: Path) -> np.ndarray | None:
    """Return which rows of a scene's raw file are its points, (R,) bool; None where all are."""
    with np.load(path) as arrays:
        return arrays["is_point"] if "is_point" in arrays.files else None


def describe(scene: Scene, classes: list[str]) -> dict[str, Any]:
    """Return a scene's entry of a manifest: points, points per class, void points, extent in metres, appearance.

    And the points of each raw id, None for a scene without, how many cubic metres, of a grid from its lowest
    corner, hold a point, and the extent without the outermost points.
    """
    return {
        "points": len(scene),
        **count_labels(scene.label, classes),
        "raw_points": None if scene.raw is None else points_of_ids(scene.raw),
        "cubic_metres": int(voxelise(scene.coord, 1.0).max()) + 1,
        "extent": (scene.coord.max(0) - scene.coord.min(0)).astype(np.float64).round(3).tolist(),
        "extent_within": extent_within(scene.coord),
        "appearance": scene.appearance,
    }


def extent_within(coord: np.ndarray) -> list[float]:
    """Return the extent in metres without the outermost points, one in 2,000 at each end of each axis: (N, 3)."""
    outside = len(coord) // 2000 + 1
    if len(coord) <= 2 * outside:
        return np.ptp(coord, axis=0).astype(np.float64).round(3).tolist()
    ends = [outside, len(coord) - 1 - outside]
    return [round(float(np.ptp(np.partition(axis, ends)[ends])), 3) for axis in coord.T]


def digest_of_points(coord: np.ndarray) -> str:
    """Return the SHA-256 of the points of a scene, the same in any order: (N, 3) float32."""
    x, y, z = (coord + np.float32(0)).view(np.uint32).astype(np.uint64).T  # -0.0 is 0.0
    # Sorting one number for each point takes a hundredth of the time of sorting rows.
    return hashlib.sha256(np.sort((x << np.uint64(32) | y) + z * ODD).tobytes()).hexdigest()


def count_labels(label: np.ndarray, classes: list[str]) -> dict[str, Any]:
    """Return the points of each class that has some, and the void ones: (N,) uint8."""
    count = np.bincount(label, minlength=VOID + 1)
    return {
        "class_points": {name: int(count[index]) for index, name in enumerate(classes) if count[index]},
        "void_points": int(count[VOID]),
    }


def points_of_ids(raw: np.ndarray) -> dict[str, int]:
    """Return the points of each raw id: (N,) integer."""
    ids, counts = np.unique(raw, return_counts=True)
    return {str(raw_id): count for raw_id, count in zip(ids.tolist(), counts.tolist())}
