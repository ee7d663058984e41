"""Read the saved outputs of scenes, checked against the scene and against one another."""

from __future__ import annotations

from pathlib import Path
from typing import Iterator, Mapping, NamedTuple, Sequence

import numpy as np

from openworld3d.errors import UserError
from openworld3d.inference.outputs import as_float
from openworld3d.saved_outputs.arrays import read_array
from openworld3d.saved_outputs.checks import (
    check_classifier,
    check_far_end,
    check_features,
    check_logits,
    check_score,
)
from openworld3d.saved_outputs.folder import INSTANCE, INVERSE, SavedFolder
from openworld3d.saved_outputs.shapes import Rows, check_array
from openworld3d.scenes.scene import NO_INSTANCE

Arrays = Mapping[str, np.ndarray]


class SavedScene(NamedTuple):
    """The saved outputs of a scene of N points.

    outputs: `logits` (R, K), `features` (R, F) and `saved_score` (R, 1), those that the folder has of every scene, in
    float32, or float64 where they are saved so; inverse (N,) int32: the row of each point; instance (N,) int32: the
    unknown object that it is predicted to be of, -1 where none, or None without predictions of objects.
    """

    name: str
    outputs: dict[str, np.ndarray]
    inverse: np.ndarray
    instance: np.ndarray | None = None


class Expected(NamedTuple):
    """A scene as prepared: its points, coord (N, 3), and which rows of its raw file they are, None for all."""

    coord: np.ndarray
    is_point: np.ndarray | None = None

    @property
    def counts(self) -> list[int]:
        """Return how many rows an array may have: one for each point, or one for each row of the raw file."""
        return [len(self.coord)] if self.is_point is None else [len(self.coord), len(self.is_point)]


def read_scenes(folder: SavedFolder, columns: Sequence[str] | None = None) -> Iterator[SavedScene]:
    """Yield the scenes of a folder in the order of their names; columns: as `read_scene` takes them."""
    for name in sorted(folder.scenes):
        yield read_scene(folder, name, columns)


def read_scene(
    folder: SavedFolder,
    name: str,
    columns: Sequence[str] | None = None,
    scene: Expected | None = None,
    sample: Arrays | None = None,
) -> SavedScene:
    """Return the saved outputs of a scene.

    columns: the class of each column of the logits, where it is known; scene: what the arrays are held against, if
    anything; sample: the training sample as `read_sample` returns it, against which features are checked. Raises
    UserError where an array does not fit the others, the scene, or what it should be.
    """
    files, sample = folder.files_of(name), sample or {}
    arrays = {output: read_array(files[output]) for output in sorted(folder.outputs)}
    inverse = read_inverse(files[INVERSE], scene) if INVERSE in files else None
    rows = expected_rows(arrays, inverse, scene)
    for output, array in arrays.items():
        check_array(files[output], array, output, rows, len(columns) if columns and output == "logits" else None)
    lengths = {len(array) for array in arrays.values()}
    if len(lengths) > 1:
        found = ", ".join(f"{files[output].name} {len(array)}" for output, array in arrays.items())
        raise UserError(
            f"{folder.root}: scene {name} has arrays of other numbers of rows: {found}; save one for each row"
        )
    instance = read_instances(files[INSTANCE], lengths) if INSTANCE in files else None
    is_point = None if scene is None else scene.is_point
    if inverse is None:
        if is_point is not None and lengths == {len(is_point)}:
            arrays = {output: array[is_point] for output, array in arrays.items()}
            instance = None if instance is None else instance[is_point]
        inverse = np.arange(len(next(iter(arrays.values()))) if arrays else 0)
    elif is_point is not None and len(inverse) == len(is_point):
        inverse = inverse[is_point]
    if "logits" in arrays:
        check_logits(files["logits"], arrays["logits"])
        if scene is not None:
            check_far_end(files["logits"], arrays["logits"], inverse, scene.coord)
    if "saved_score" in arrays:
        check_score(files["saved_score"], arrays["saved_score"])
    if "features" in arrays:
        check_features(files["features"], arrays["features"], sample.get("features"))
    if {"logits", "features"} <= set(arrays):
        check_classifier(files["features"].parent, arrays, sample)
    outputs = {output: as_float(np.asarray(array)).reshape(len(array), -1) for output, array in arrays.items()}
    used = np.unique(inverse)  # rows that only padding has, if any, are of no point
    outputs = {output: array[used] for output, array in outputs.items()}
    of_points = None if instance is None else instance[inverse]
    return SavedScene(name, outputs, np.searchsorted(used, inverse).astype(np.int32), of_points)


def expected_rows(arrays: Arrays, inverse: np.ndarray | None, scene: Expected | None) -> Rows:
    """Return how many rows the arrays of a scene may have."""
    if inverse is not None:
        count = int(inverse.max()) + 1
        return Rows(
            [count], "rows", f"inverse.npy names the rows 0 to {count - 1}: save it with the arrays of this scene"
        )
    if scene is None:
        lengths = [len(array) for array in arrays.values() if array.ndim]
        return Rows(lengths[:1] or [0], "rows", "save all arrays of a scene with the same rows")
    return Rows(scene.counts, "points", "save the array of this scene, with every point in the order of its raw file")


def read_instances(path: Path, lengths: set[int]) -> np.ndarray:
    """Return the number of the predicted object of each row, -1 where none: (R,) int32."""
    array = np.asarray(read_array(path))
    if array.ndim != 1 or array.dtype.kind not in "iu" or {len(array)} != lengths:
        raise UserError(
            f"{path}: holds {array.dtype} {array.shape}, expected integers ({', '.join(map(str, lengths))},), the "
            "object of each row, 0 where none"
        )
    _, number = np.unique(array, return_inverse=True)
    return np.where(array > 0, number, NO_INSTANCE).astype(np.int32)


def read_inverse(path: Path, scene: Expected | None) -> np.ndarray:
    """Return the row of each point, or of each row of the raw file, (N,) integer."""
    inverse = np.asarray(read_array(path))
    if inverse.ndim != 1 or inverse.dtype.kind not in "iu":
        raise UserError(
            f"{path}: holds {inverse.dtype} {inverse.shape}, expected integers (N,), the row of each point"
        )
    if len(inverse) == 0:
        raise UserError(f"{path}: is empty, expected the row of each point; save it, or leave the file out")
    if scene is not None and len(inverse) not in scene.counts:
        raise UserError(
            f"{path}: has {len(inverse)} points, but the scene has {' or '.join(map(str, scene.counts))}; save the "
            "row of each point of the raw file, in its order"
        )
    if len(inverse) and inverse.min() < 0:
        point = int(np.argmin(inverse))
        raise UserError(
            f"{path}: point {point} has the row {inverse[point]}, expected 0 or more; give every point a row, also "
            "where the network left it out"
        )
    return inverse
