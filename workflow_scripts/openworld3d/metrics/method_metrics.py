"""Every metric of a method: its value, its bounds, its bootstrap interval and its breakdowns."""

from __future__ import annotations

import math
from typing import Any, Iterable, Mapping, NamedTuple, Sequence

import numpy as np

from openworld3d.errors import UserError, nearest
from openworld3d.metrics import segmentation
from openworld3d.metrics.bootstrap import interval, replicate
from openworld3d.metrics.breakdowns import by_known, by_scene, by_unknown
from openworld3d.metrics.exact import Parts, PointRanking
from openworld3d.metrics.measures import Evaluation
from openworld3d.metrics.ranking import Ranking
from openworld3d.metrics.statistics import Statistics
from openworld3d.metrics.table import Measured, exactly, measured


class Result(NamedTuple):
    """What `metrics.json` and `replicates.npz` hold: metrics by name, None where not defined, and those of draws."""

    metrics: dict[str, Any]
    replicates: dict[str, np.ndarray]


def measure(evaluation: Evaluation, replicates: int, points: Parts | None, names: Iterable[str] = ()) -> Result:
    """Return every metric of a method, and those of so many draws of its scenes.

    points: to rank them exactly, of the scenes of these names; None for values from bins.
    """
    found = measured(evaluation.of_all())
    of_scenes: dict[str, Ranking] = {}
    if points is not None:
        exact = PointRanking(points)
        found.update({name: np.full((3, 1), value) for name, value in exactly(exact).items()})
        of_scenes = dict(zip(names, exact.of_each_scene))
    drawn = replicate(lambda draws: measured(evaluation.of_draws(draws)), evaluation.scenes, replicates)
    scenes = evaluation.statistics.scenes
    return Result(without_nan(by_name(evaluation, found, drawn, of_scenes)), {"scenes": scenes, **drawn})


def by_name(
    evaluation: Evaluation, found: Measured, drawn: Measured, of_scenes: dict[str, Ranking]
) -> dict[str, Any]:
    """Return every metric by name, its bounds, its bootstrap interval, and its breakdowns."""
    points = evaluation.statistics.class_points().sum(axis=0)
    unknown_points, all_points = int(points[evaluation.unknown].sum()), int(points.sum())
    # Of known and unknown points: inliers, whose class nobody gives, count in no IoU.
    confusion = evaluation.confusion_of(np.ones((1, evaluation.scenes), np.int64), evaluation.statistics.confusion)[0]
    iou = segmentation.iou(confusion)
    iou[[index for index in range(len(iou)) if index not in evaluation.classes]] = math.nan
    return {
        "points": all_points,
        "unknown_points": unknown_points,
        "prevalence": unknown_points / all_points if all_points else math.nan,
        **{name: float(value[1, 0]) for name, value in found.items()},
        "between": {name: [float(value[0, 0]), float(value[2, 0])] for name, value in found.items()},
        "object_threshold": float(evaluation.statistics.object_threshold),
        "bootstrap": {name: list(interval(value[0], value[2])) for name, value in drawn.items()},
        "iou": dict(zip(evaluation.statistics.classes.tolist(), iou.tolist())),
        "by_unknown": by_unknown(evaluation),
        "by_known": by_known(evaluation),
        "by_scene": by_scene(evaluation, of_scenes),
    }


def check(place: str, of_method: Statistics, unknown: Sequence[str]) -> None:
    """Raise UserError for statistics of no scene, and for unknown classes that do not exist or have no point.

    place: what the sentence begins with.
    """
    if not len(of_method.scenes):
        raise UserError(f"{place}: no shard has a scene, expected one or more; evaluate splits that have scenes")
    classes = of_method.classes.tolist()
    points = of_method.class_points()
    for name in unknown:
        if name not in classes:
            raise UserError(
                f"{place}: there is no class {name!r}{nearest(name, classes)}; choose one of {', '.join(classes)}"
            )
        if not points[:, classes.index(name)].any():
            raise UserError(
                f"{place}: no evaluation scene has a point of the unknown class {name!r}; "
                "choose evaluation scenes that contain it, or leave it out of the protocol's unknown classes"
            )


def evaluation_of(of_method: Statistics, config: Mapping[str, Any], before: Statistics | None = None) -> Evaluation:
    """Return the evaluation that the JSON of `measure` asks for: unknown, taught, beyond, inliers."""
    return Evaluation(of_method, config["unknown"], config["taught"], before, config["beyond"], config["inliers"])


def without_nan(value: Any) -> Any:
    """Return the value with None for NaN, which JSON does not have."""
    if isinstance(value, dict):
        return {key: without_nan(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [without_nan(inner) for inner in value]
    return None if isinstance(value, float) and math.isnan(value) else value
