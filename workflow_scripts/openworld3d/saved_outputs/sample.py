"""Read the training sample that somebody saved, with the last layer, as `inference.training_sample` describes one."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Mapping, Sequence

import numpy as np

from openworld3d.errors import UserError
from openworld3d.inference.outputs import as_float
from openworld3d.saved_outputs.arrays import read_array
from openworld3d.saved_outputs.checks import check_classifier, check_finite, check_logits, negative_share
from openworld3d.saved_outputs.folder import SAMPLE, SavedFolder
from openworld3d.saved_outputs.labels import check_columns_of_labels
from openworld3d.saved_outputs.shapes import Rows, check_array

BY_SHAPE = ("target", "weight", "range", "features", "logits")  # those that are surely no transposes first
OF_ACTIVATIONS = ("ash", "ash_p", "scale")  # scores that suppose features as after a ReLU
LAST_LAYER = {"last_weight": "weight", "last_bias": "bias"}


def read_sample(folder: SavedFolder, columns: Sequence[str]) -> dict[str, np.ndarray]:
    """Return a folder's training sample: what it has of `logits` (S, K), `features` (S, F), `target` (S,) uint8, and
    `range` (S, 1); `weight` (S,) float64; and `last_weight` (K, F), `last_bias` (K,); {} where it has none of them.

    columns: the class of each column of the logits. Raises UserError where an array does not fit the others, or
    is not what it should be.
    """
    sample = read_classifier(folder.classifier, len(columns)) if folder.classifier else {}
    files = folder.sample
    if not files:
        return sample
    arrays = {name: read_array(file) for name, file in files.items()}
    lengths = [len(arrays[name]) for name in BY_SHAPE if name in arrays and arrays[name].ndim]
    if lengths[:1] == [0]:
        raise UserError(f"{folder.root / SAMPLE}: has no training point; save some, or leave the folder out")
    rows = Rows(lengths[:1] or [0], "training points", "save all arrays of the sample with the same points")
    for name in ("logits", "features"):
        if name in arrays:
            check_array(files[name], arrays[name], name, rows, len(columns) if name == "logits" else None)
            sample[name] = as_float(np.asarray(arrays[name]))
    for name in ("range", "weight"):
        if name in arrays:
            sample[name] = read_numbers(files[name], arrays[name], rows, name == "weight")
    sample["weight"] = sample.get("weight", np.ones(rows.counts[0]))
    with np.errstate(over="ignore"):
        total = sample["weight"].sum()
    if total == np.inf:
        raise UserError(
            f"{files['weight']}: has the sum {total:g}, expected one that is finite; save how many training points "
            "each stands for, or leave the file out"
        )
    if "range" in sample:
        sample["range"] = sample["range"].astype(np.float32).reshape(-1, 1)
    if "logits" in sample:
        check_logits(files["logits"], arrays["logits"])
    if "features" in sample:
        check_finite(files["features"], arrays["features"])
    if {"logits", "features"} <= set(sample):
        check_classifier(files["features"].parent, sample, sample)
    if "target" in arrays:
        sample["target"] = read_labels(files["target"], arrays["target"], rows, columns)
        if "logits" in sample:
            check_columns_of_labels(files["logits"], sample["logits"], sample["target"], sample["weight"], columns)
    return sample


def read_classifier(path: Path, classes: int) -> dict[str, np.ndarray]:
    """Return `last_weight` (K, F) and `last_bias` (K,), of K classes."""
    try:
        with np.load(path, allow_pickle=False) as stored:
            arrays = {name: stored[key] for name, key in LAST_LAYER.items() if key in stored.files}
    except OSError:
        raise
    except Exception:  # no archive; numpy has no one exception for it
        raise UserError(
            f"{path}: is not an archive of arrays; save it with numpy.savez(file, weight=, bias=)"
        ) from None
    missing = [key for name, key in LAST_LAYER.items() if name not in arrays]
    if missing:
        raise UserError(f"{path}: lacks {' and '.join(missing)}; save weight (K, F) and bias (K,), zeros without one")
    weight, bias = arrays["last_weight"], arrays["last_bias"]
    if weight.ndim != 2 or bias.shape != (classes,) or weight.shape[0] != classes:
        remedy = (
            "save the transpose of weight"
            if weight.ndim == 2 and weight.shape[0] != classes == weight.shape[1]
            else "leave out the rows of other columns than those of the classes"
        )
        raise UserError(
            f"{path}: weight is {weight.shape} and bias {bias.shape}, expected ({classes}, F) and ({classes},), a "
            f"row for each class; {remedy}"
        )
    for key, array in (("weight", weight), ("bias", bias.reshape(1, -1))):
        if array.dtype.kind not in "fiub":
            raise UserError(f"{path}: {key} is of type {array.dtype}, expected real numbers; save it as float32")
        check_finite(path, array)
    return {name: as_float(array) for name, array in arrays.items()}


def read_numbers(path: Path, array: np.ndarray, rows: Rows, above_0: bool) -> np.ndarray:
    """Return a number for each training point, (S,) float64, none negative, or all above 0."""
    if (
        array.shape not in [(count, *one) for count in rows.counts for one in ((), (1,))]
        or array.dtype.kind not in "fiu"
    ):
        raise UserError(
            f"{path}: holds {array.dtype} {array.shape}, expected a number for each of {rows.counts[0]} points"
        )
    numbers = np.asarray(array, np.float64).reshape(-1)
    if not np.all(np.isfinite(numbers) & ((numbers > 0) if above_0 else (numbers >= 0))):
        expected = "above 0; leave out training points that stand for none" if above_0 else "that are not negative"
        raise UserError(f"{path}: has {numbers.min()}, expected finite numbers {expected}")
    return numbers


def read_labels(path: Path, array: np.ndarray, rows: Rows, columns: Sequence[str]) -> np.ndarray:
    """Return the column of each training point's class, (S,) uint8."""
    if array.shape not in [(count,) for count in rows.counts] or array.dtype.kind not in "iu":
        raise UserError(
            f"{path}: holds {array.dtype} {array.shape}, expected integers ({rows.counts[0]},), the column of each "
            "point's class"
        )
    labels = np.asarray(array, np.int64)
    strange = np.unique(labels[(labels < 0) | (labels >= len(columns))])
    if len(strange):
        found = ", ".join(map(str, strange[:3].tolist()))
        raise UserError(
            f"{path}: has the label {found}, expected 0 to {len(columns) - 1}, the columns of the logits; leave out "
            "points that are void or of an unknown class, which no score may be fitted on"
        )
    return labels.astype(np.uint8)


def warn_of_negative_features(folder: SavedFolder, sample: Mapping[str, np.ndarray]) -> None:
    """Say which share of the sample's features is negative, where scores may suppose that none is."""
    share = negative_share(sample["features"]) if {"features", "last_weight"} <= set(sample) else 0
    if share:
        print(
            f"{folder.sample['features']}: {share:.0%} of its numbers are negative, but {', '.join(OF_ACTIVATIONS)} "
            "suppose features as after a ReLU; do not trust these scores",
            file=sys.stderr,
        )
