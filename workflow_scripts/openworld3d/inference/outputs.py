"""The outputs of a run: a manifest, and beside it an `.npz` per evaluation scene.

Each holds the outputs of its recipe by name, (R, C) in float32 or float16, or in float64 where they were saved so;
`inverse` (N,) int32, the row of each point; `visits` (R,) int32, over how many visits of a point a row is averaged;
and `halved_crops` () int64, how many crops had more attention pairs than the bounds allow.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Sequence

import numpy as np

from openworld3d.arrays import write_arrays
from openworld3d.errors import UserError, nearest
from openworld3d.files import sha256_of, write_json
from openworld3d.scenes.manifests import read_manifest
from openworld3d.scenes.scene import VOID

BESIDE = ("inverse", "instance", "visits", "halved_crops")
INFER_AGAIN = "infer this run again"


def save_outputs(
    folder: Path, name: str, outputs: dict[str, np.ndarray], precision: str | None = None
) -> dict[str, Any]:
    """Write the outputs of one scene in float32, float16 or as they are, and return its entry of the manifest."""
    file = folder / f"{name}.npz"
    stored = {
        key: array if key in BESIDE or precision is None else rounded(array, precision, f"scene {name!r}: {key}")
        for key, array in outputs.items()
    }
    write_arrays(file, stored)
    points, rows, halved = len(outputs["inverse"]), len(outputs["visits"]), int(outputs["halved_crops"])
    return {"name": name, "points": points, "rows": rows, "halved_crops": halved, "sha256": sha256_of(file)}


def rounded(array: np.ndarray, precision: str, place: str) -> np.ndarray:
    """Return an output (R, C) in a precision; raises UserError where a finite number would become infinite."""
    with np.errstate(over="ignore"):
        result = array.astype(precision)
    lost = np.isinf(result) & np.isfinite(array)
    if lost.any():
        row, column = np.argwhere(lost)[0]
        raise UserError(
            f"{place}[{row}, {column}] is {array[row, column]:g}, expected at most {np.finfo(precision).max:g} in "
            f"size, which is what {precision} holds; set evaluation.stored_precision to float32"
        )
    return result


def save_manifest(
    path: Path,
    coverage: str,
    columns: Sequence[str | None],
    scenes: list[dict[str, Any]],
    predicts_instances: bool = False,
) -> None:
    """Write the manifest: the class of each column of the logits, None at the end where it is of none, and what
    `save_outputs` returned.

    predicts_instances: whether the outputs of each scene have `instance` (N,), the unknown objects of its points.
    """
    said = {"predicts_instances": True} if predicts_instances else {}
    write_json(path, {"coverage": coverage, "columns": list(columns), **said, "scenes": scenes})


def index_of_columns(manifest: Path, classes: list[str]) -> np.ndarray:
    """Return (K,) uint8, the index in the dataset's classes of each column of the logits, void where of none."""
    columns = read_manifest(manifest, ["columns"])["columns"]
    for name in columns:
        if name is not None and name not in classes:
            raise UserError(
                f"{manifest}: its class {name!r} is no class of the scenes{nearest(name, classes)}; "
                "give the scenes that the outputs were made from"
            )
    return np.array([VOID if name is None else classes.index(name) for name in columns], dtype=np.uint8)


def read_outputs(source: Path, reads: Sequence[str]) -> dict[str, np.ndarray]:
    """Return what a score reads and, where they are stored, the logits: (R, C) float32 or float64 each."""
    with np.load(source) as arrays:
        stored = [name for name in arrays.files if name not in BESIDE]
        for name in reads:
            if name not in stored:
                raise UserError(
                    f"{source}: the score reads {name}, but the outputs of this run have: {', '.join(stored)}; "
                    f"take another score, or a recipe whose outputs have {name}"
                )
        return {
            name: as_float(of_rows(arrays[name], len(arrays["visits"]), f"{source}: {name}"))
            for name in stored
            if name in ("logits", *reads)
        }


def as_float(array: np.ndarray) -> np.ndarray:
    """Return floats as float32, or as float64 where they have that precision, of the same shape."""
    return array.astype(np.result_type(array.dtype.newbyteorder("="), np.float32), copy=False)


def read_inverse(source: Path, points: int) -> np.ndarray:
    """Return which row of the outputs speaks for each of a scene's points, (N,) int32.

    Raises `UserError` where the scene has another number of points, or a point's row is none.
    """
    with np.load(source) as arrays:
        inverse, rows = arrays["inverse"], len(arrays["visits"])
    if len(inverse) != points:
        raise UserError(f"{source}: inverse has {len(inverse)} points, the scene has {points}; {INFER_AGAIN}")
    if points and not 0 <= inverse.min() <= inverse.max() < rows:
        raise UserError(f"{source}: inverse names a row outside the {rows} rows of the outputs; {INFER_AGAIN}")
    return inverse


def of_rows(array: np.ndarray, rows: int, place: str) -> np.ndarray:
    """Return an output, (R, C), that has as many rows as all others."""
    if len(array) != rows:
        raise UserError(f"{place} has {len(array)} rows, expected those of visits, {rows}; {INFER_AGAIN}")
    return array
