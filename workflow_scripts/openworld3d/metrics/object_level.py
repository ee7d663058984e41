"""The object level of a protocol: which true instances a score finds, where it is above a threshold."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Mapping, Sequence

import numpy as np

from openworld3d.errors import UserError
from openworld3d.metrics import statistics
from openworld3d.metrics.objects import count_objects, true_instances
from openworld3d.metrics.statistics import Points, Statistics
from openworld3d.scenes.scene import VOID, Scene
from openworld3d.scoring.clusters import Clustering, instances_above


@dataclass(frozen=True)
class ObjectLevel:
    """How objects are told apart: the unknown classes, the score above which points are clustered, and how.

    threshold: NaN where the method has none, so that it has no object metrics unless it predicts_instances.
    """

    unknown: Sequence[str]
    threshold: float
    clustering: Clustering
    predicts_instances: bool


def read_object_level(
    config: Mapping[str, Any] | None, chosen: float | None, predicts_instances: bool
) -> ObjectLevel | None:
    """Read the JSON of `objects`: unknown, threshold, eps, min_samples; None where the protocol has no objects.

    chosen: the threshold that was chosen on training data, for a `threshold` of `trained`. A method that predicts
    instances needs none.
    """
    if config is None:
        return None
    threshold = chosen if config["threshold"] == "trained" else config["threshold"]
    if predicts_instances:
        threshold = None
    clustering = Clustering(config["eps"], config["min_samples"])
    return ObjectLevel(
        config["unknown"], math.nan if threshold is None else threshold, clustering, predicts_instances
    )


def objects_in_scene(
    name: str,
    scene: Scene,
    score: np.ndarray,
    classes: Sequence[str],
    level: ObjectLevel,
    instance: np.ndarray | None,
) -> np.ndarray | None:
    """Return what `count_objects` counts of the points that are not void, (4,) int64; None without a threshold.

    instance: those that the method predicts, in place of clusters. Raises UserError where it predicts none here and
    some elsewhere.
    """
    if level.predicts_instances and instance is None:
        raise UserError(
            f"scene {name}: has no instance.npy, which other scenes have; save it for each scene that counts, with "
            "zeros where no object is predicted"
        )
    if instance is None and math.isnan(level.threshold):
        return None
    counted = scene.label != VOID
    unknown = np.isin(scene.label, [classes.index(name) for name in level.unknown])
    true = true_instances(scene.label, scene.instance, unknown)[counted]
    if instance is not None:
        return count_objects(true, instance[counted])
    return count_objects(
        true, instances_above(level.threshold, score[counted], scene.coord[counted], level.clustering)
    )


def statistics_of_scene(
    name: str,
    scene: Scene,
    points: Points,
    classes: Sequence[str],
    known: Sequence[int],
    bits: int,
    threshold: float,
    level: ObjectLevel | None,
    instance: np.ndarray | None = None,
) -> Statistics:
    """Return the statistics of a scene's points, with its objects where the protocol has some.

    known: the indices of the classes that can be predicted; threshold: the score above which a point is flagged, or
    NaN; instance (N,): what the method predicts, None where it predicts none.
    """
    objects = objects_in_scene(name, scene, points.score, classes, level, instance) if level else None
    above = level.threshold if level else math.nan
    return statistics.of_scene(name, classes, known, points, bits, threshold, objects, above)
