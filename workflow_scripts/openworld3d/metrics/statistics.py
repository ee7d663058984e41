"""Statistics of a method: per scene, what its metrics are computed from. Those of other points or scenes add up.

One `.npz` with S scenes and C classes of the dataset; void points are in none of its arrays:
- `score_*`: points by true class and bin of their score (histograms.py), a bin being the first `bits` of its pattern;
- `ends_*`: the least and greatest score of each bin, which tell bins whose points are tied;
- `confidence_*`: points of known classes, by whether their prediction is right and the bin of its log-odds;
- `calibration` (S, 15, 3) int64: the same points in 15 equal bins of confidence from 0 to 1: how many, how many of
  them right, and the sum of their confidence in units of 2^-32, an integer so that sums have no order;
- `confusion` (S, C, C) int64: points by true and predicted class, without those that have no prediction;
- `unflagged` (S, C, C) int64: those of them whose score is not above the `threshold`, NaN where there is none;
- `objects` (S, 4) int64: what `objects.py` counts, zeros where no instances are compared, and `object_threshold`: the
  score above which points were made into instances, NaN where there is none, as of instances that a network predicts;
- `classes` (C,) and `scenes` (S,) text: their names, the latter in alphabetical order.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Sequence

import numpy as np

from openworld3d.arrays import write_arrays
from openworld3d.errors import UserError
from openworld3d.metrics.histograms import Counts, Ends, add, count, ends_of, join_ends
from openworld3d.scenes.scene import VOID

CONFIDENCE_BINS = 15
OBJECT_COUNTS = 4
UNIT = 2.0**32
WRONG, RIGHT = 0, 1
COLUMNS: dict[str, type[Counts] | type[Ends]] = {"score": Counts, "ends": Ends, "confidence": Counts}


@dataclass
class Statistics:
    """The arrays of the module's docstring."""

    bits: np.ndarray
    threshold: np.ndarray
    score: Counts
    ends: Ends
    confidence: Counts
    calibration: np.ndarray
    confusion: np.ndarray
    unflagged: np.ndarray
    objects: np.ndarray
    object_threshold: np.ndarray
    classes: np.ndarray
    scenes: np.ndarray

    def index(self, names: Sequence[str]) -> list[int]:
        """Return the index of each class name in the dataset's list of classes."""
        classes = self.classes.tolist()
        return [classes.index(name) for name in names]

    def class_points(self) -> np.ndarray:
        """Return how many points of each true class each scene has: (S, C) int64."""
        scenes, size = self.confusion.shape[:2]
        cell = self.score.scene * np.int64(size) + self.score.group
        return np.bincount(cell, self.score.points, scenes * size).astype(np.int64).reshape(scenes, size)


@dataclass
class Points:
    """Labels and predictions of points (N,) uint8, and their scores (N,) float32 or float64.

    log_odds (N,): of the predicted class against all others, None for a method without predictions.
    """

    label: np.ndarray
    prediction: np.ndarray
    score: np.ndarray
    log_odds: np.ndarray | None = None

    def take(self, chosen: np.ndarray) -> Points:
        """Return some of the points."""
        return Points(**{name: value[chosen] for name, value in vars(self).items() if value is not None})


def of_scene(
    name: str,
    classes: Sequence[str],
    known: Sequence[int],
    points: Points,
    bits: int,
    threshold: float,
    objects: np.ndarray | None = None,
    object_threshold: float = math.nan,
) -> Statistics:
    """Return the statistics of some points of one scene; known: the indices of the classes that can be predicted.

    A prediction of 255 means none, as of a method that only scores. objects (4,) int64: from `count_objects`, None
    where no instances are compared.
    """
    points = points.take(points.label != VOID)
    predicted = points.take(points.prediction != VOID)
    of_known = predicted.take(np.isin(predicted.label, known))
    right = of_known.label == of_known.prediction
    log_odds = np.zeros(0, np.float32) if of_known.log_odds is None else of_known.log_odds
    right = right[: len(log_odds)]
    return Statistics(
        bits=np.array(bits),
        threshold=np.array(threshold, np.float64),
        score=count(points.label, points.score, bits),
        ends=ends_of(points.score, bits),
        confidence=count(right, log_odds, bits),
        calibration=calibrate(right, log_odds)[None],
        confusion=confuse(predicted, len(classes))[None],
        unflagged=confuse(predicted.take(predicted.score <= predicted.score.dtype.type(threshold)), len(classes))[
            None
        ],
        objects=(np.zeros(OBJECT_COUNTS, np.int64) if objects is None else objects)[None],
        object_threshold=np.array(object_threshold, np.float64),
        classes=np.array(classes, dtype=str),
        scenes=np.array([name], dtype=str),
    )


def of_no_scene(
    classes: Sequence[str], bits: int, threshold: float, object_threshold: float = math.nan
) -> Statistics:
    """Return the statistics of no scene, to which those of scenes can be added."""
    none = count(np.zeros(0, np.uint8), np.zeros(0, np.float32), bits)
    confusion = np.zeros((0, len(classes), len(classes)), np.int64)
    return Statistics(
        bits=np.array(bits),
        threshold=np.array(threshold, np.float64),
        score=none,
        ends=ends_of(np.zeros(0), bits),
        confidence=none,
        calibration=np.zeros((0, CONFIDENCE_BINS, 3), np.int64),
        confusion=confusion,
        unflagged=confusion,
        objects=np.zeros((0, OBJECT_COUNTS), np.int64),
        object_threshold=np.array(object_threshold, np.float64),
        classes=np.array(classes, dtype=str),
        scenes=np.zeros(0, dtype=str),
    )


def confuse(points: Points, classes: int) -> np.ndarray:
    """Return the points by true and predicted class: (C, C) int64."""
    cell = points.label.astype(np.int64) * classes + points.prediction
    return np.bincount(cell, minlength=classes * classes).reshape(classes, classes)


def calibrate(right: np.ndarray, log_odds: np.ndarray) -> np.ndarray:
    """Return points, right ones and summed confidence per bin: (N,) bool, (N,) float32 -> (15, 3) int64."""
    confidence = 1 / (1 + np.exp(-log_odds.astype(np.float64)))
    bins = np.minimum((confidence * CONFIDENCE_BINS).astype(np.int64), CONFIDENCE_BINS - 1)
    table = np.zeros((CONFIDENCE_BINS, 3), np.int64)
    np.add.at(
        table, bins, np.stack([np.ones(len(bins), np.int64), right, np.rint(confidence * UNIT).astype(np.int64)], 1)
    )
    return table


def merge(parts: Sequence[Statistics]) -> Statistics:
    """Return the sum of statistics that share classes, bits and thresholds; a scene may be in several."""
    first = parts[0]
    for part in parts:
        if not same_kind(part, first):
            raise UserError(
                f"statistics of {names_of(part)} differ in classes, bits or thresholds from those of "
                f"{names_of(first)}; score both again"
            )
    names, place = np.unique(np.concatenate([part.scenes for part in parts]), return_inverse=True)
    places = np.split(place, np.cumsum([len(part.scenes) for part in parts])[:-1])

    def summed(key: str) -> np.ndarray:
        arrays = [getattr(part, key) for part in parts]
        total = np.zeros((len(names), *arrays[0].shape[1:]), np.int64)
        np.add.at(total, place, np.concatenate(arrays))
        return total

    return Statistics(
        bits=first.bits,
        threshold=first.threshold,
        score=add([part.score for part in parts], places),
        ends=join_ends([part.ends for part in parts]),
        confidence=add([part.confidence for part in parts], places),
        calibration=summed("calibration"),
        confusion=summed("confusion"),
        unflagged=summed("unflagged"),
        objects=summed("objects"),
        object_threshold=first.object_threshold,
        classes=first.classes,
        scenes=names,
    )


def names_of(statistics: Statistics) -> str:
    """Return the names of the scenes, for a message."""
    return ", ".join(statistics.scenes) or "no scene"


def same_kind(one: Statistics, other: Statistics) -> bool:
    """Tell whether two statistics can be added."""
    keys = ("classes", "bits", "threshold", "object_threshold")
    return all(getattr(one, key).tobytes() == getattr(other, key).tobytes() for key in keys)


def save(path: Path, statistics: Statistics) -> None:
    """Write statistics as an uncompressed `.npz`."""
    arrays = {}
    for field in fields(statistics):
        value = getattr(statistics, field.name)
        columns = (
            {f"{field.name}_{name}": column for name, column in value._asdict().items()}
            if isinstance(value, (Counts, Ends))
            else {field.name: value}
        )
        arrays.update(columns)
    write_arrays(path, arrays)


def load(path: Path) -> Statistics:
    """Read statistics written by `save`."""
    with np.load(path) as arrays:
        columns: dict[str, Any] = {
            name: kind(*(arrays[f"{name}_{key}"] for key in kind._fields)) for name, kind in COLUMNS.items()
        }
        others = [field.name for field in fields(Statistics) if field.name not in columns]
        return Statistics(**columns, **{name: arrays[name] for name in others})
