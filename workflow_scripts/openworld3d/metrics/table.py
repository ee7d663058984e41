"""The table of all metrics: to add one, add a row and the function that computes it.

Everything else follows from the rows: what `metrics` of a table may name, what `measure` computes and draws anew, the
sentence under a table, and which row of it is the best.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Callable, Dict

import numpy as np

from openworld3d.metrics import segmentation
from openworld3d.metrics.calibration import area_under_risk, calibration_error
from openworld3d.metrics.exact import PointRanking
from openworld3d.metrics.measures import STANDARD_PREVALENCE, Measures
from openworld3d.metrics.ranking_bounds import ranking_of_bins

# For each metric, low, value and high of R draws of the scenes: (3, R) float64.
Measured = Dict[str, np.ndarray]
Compute = Callable[[Measures], np.ndarray]
Exact = Callable[[PointRanking], float]
HIGHER, LOWER = True, False


@dataclass(frozen=True)
class Metric:
    """A metric, a column of the tables.

    name: its word in the config, in metrics.json and at the head of its column.
    definition: what it is, in a clause that a caption puts after the name.
    higher_is_better: `HIGHER` or `LOWER`.
    compute: its values for R draws of the evaluation scenes, (R,) float64, or where the counts by bin leave it open,
        between which two numbers it lies: low, value and high, (3, R). NaN where it is not defined.
    exact: its value from the points themselves, of which some are unknown and some known; None where the counts
        tell it exactly.
    percent: whether tables print it in percent, as a share, or as it is, as a count.
    """

    name: str
    definition: str
    higher_is_better: bool
    compute: Compute
    exact: Exact | None = None
    percent: bool = True


def ranked(name: str) -> Compute:
    """Return the function that takes a metric from the ranking of all points by bin."""
    return lambda measures: measures.ranking[name]


def pooled(name: str) -> Exact:
    """Return the function that takes a metric from the exact ranking of all points."""
    return lambda points: getattr(points.pooled, name)


def of_scenes(name: str) -> tuple[Compute, Exact]:
    """Return the functions that take the mean of a ranking metric over the scenes, by bin and exactly."""
    return lambda measures: measures.mean_over_scenes(name), lambda points: points.mean_over_scenes(name)


def of_objects(name: str) -> Compute:
    """Return the function that takes a metric of the object level."""
    return lambda measures: getattr(measures.objects_found, name)


def lift(measures: Measures) -> np.ndarray:
    """Return AUPR over prevalence."""
    points = measures.unknown_points + measures.known_points
    with np.errstate(divide="ignore", invalid="ignore"):
        return measures.ranking["aupr"] * points / measures.unknown_points


def aupr_standard(measures: Measures) -> np.ndarray:
    """Return AUPR with the unknown points weighted as if they were 5 % of all."""
    odds = STANDARD_PREVALENCE / (1 - STANDARD_PREVALENCE)
    with np.errstate(divide="ignore", invalid="ignore"):
        weight = odds * measures.known_points / measures.unknown_points
        bins = measures.bins
        return ranking_of_bins(bins.unknown, bins.known, bins.tied, weight[..., None])["aupr"]


def forgetting(measures: Measures) -> np.ndarray:
    """Return the mean IoU of the old classes in the step before less that in this step."""
    if measures.confusion_before is None:
        return np.full(len(measures.drawn), np.nan)
    before = segmentation.miou_known(measures.confusion_before, measures.old)
    return before - segmentation.miou_known(measures.confusion, measures.old)


# Planning reads the names without importing this module: each is a literal, and the first argument.
ROWS: tuple[Metric, ...] = (
    Metric("aupr", "average precision, steps over distinct scores", HIGHER, ranked("aupr"), pooled("aupr")),
    Metric(
        "aupr_trapezoid",
        "area under straight lines between the points of the precision-recall curve (REAL, OpenOOD)",
        HIGHER,
        ranked("aupr_trapezoid"),
        pooled("aupr_trapezoid"),
    ),
    Metric("auroc", "area under the ROC curve, ties count half", HIGHER, ranked("auroc"), pooled("auroc")),
    Metric(
        "fpr95",
        "false-positive rate at the first threshold whose true-positive rate is at least 0.95",
        LOWER,
        ranked("fpr95"),
        pooled("fpr95"),
    ),
    Metric(
        "fpr95_strict",
        "false-positive rate at the first threshold whose true-positive rate is above 0.95 (REAL, STU)",
        LOWER,
        ranked("fpr95_strict"),
        pooled("fpr95_strict"),
    ),
    Metric(
        "fpr95_nearest",
        "false-positive rate at the true-positive rate nearest to 0.95 (PointCaM)",
        LOWER,
        ranked("fpr95_nearest"),
        pooled("fpr95_nearest"),
    ),
    Metric(
        "aupr_standard",
        "AUPR with unknown points weighted as if they were 5 % of all",
        HIGHER,
        aupr_standard,
        PointRanking.standard_aupr,
    ),
    Metric(
        "lift",
        "AUPR as a multiple of the prevalence",
        HIGHER,
        lift,
        lambda points: points.pooled.aupr * points.points / points.unknown_points,
        percent=False,
    ),
    Metric("aupr_scenes", "mean AUPR over the scenes that have unknown points (PDF)", HIGHER, *of_scenes("aupr")),
    Metric(
        "aupr_trapezoid_scenes",
        "mean aupr_trapezoid over the scenes that have unknown points",
        HIGHER,
        *of_scenes("aupr_trapezoid"),
    ),
    Metric("auroc_scenes", "mean AUROC over the scenes that have unknown points (PDF)", HIGHER, *of_scenes("auroc")),
    Metric("fpr95_scenes", "mean fpr95 over the scenes that have unknown points", LOWER, *of_scenes("fpr95")),
    Metric(
        "fpr95_strict_scenes",
        "mean fpr95_strict over the scenes that have unknown points",
        LOWER,
        *of_scenes("fpr95_strict"),
    ),
    Metric(
        "fpr95_nearest_scenes",
        "mean fpr95_nearest over the scenes that have unknown points",
        LOWER,
        *of_scenes("fpr95_nearest"),
    ),
    Metric(
        "miou_known",
        "mean IoU over the known classes present, unknown points count against them (PDF)",
        HIGHER,
        lambda measures: segmentation.miou_known(measures.confusion, measures.known),
    ),
    Metric(
        "miou_all",
        "mean IoU over all classes, unknown ones at 0 unless the network was trained on them (REAL)",
        HIGHER,
        lambda measures: segmentation.miou_all(measures.confusion, measures.classes),
    ),
    Metric(
        "miou_present",
        "mean IoU over all classes present, unknown ones at 0 unless the network was trained on them",
        HIGHER,
        lambda measures: segmentation.miou_present(measures.confusion, measures.classes),
    ),
    Metric(
        "miou_open",
        "mean IoU over known classes and unknown, where points above a threshold that 5 % of known training voxels "
        "exceed count as unknown",
        HIGHER,
        lambda measures: measures.open_set.miou,
    ),
    Metric(
        "iou_unknown",
        "IoU of unknown, where points above a threshold that 5 % of known training voxels exceed count as unknown",
        HIGHER,
        lambda measures: measures.open_set.iou_unknown,
    ),
    Metric(
        "ece",
        "expected calibration error of the predictions at points of known classes, 15 bins",
        LOWER,
        lambda measures: calibration_error(measures.calibration),
    ),
    Metric(
        "risk",
        "area under the risk-coverage curve of the predictions at points of known classes",
        LOWER,
        lambda measures: area_under_risk(measures.bins.right, measures.bins.wrong),
    ),
    Metric(
        "miou_old",
        "mean IoU over the classes known from the start",
        HIGHER,
        lambda measures: segmentation.miou_known(measures.confusion, measures.old),
    ),
    Metric(
        "miou_novel",
        "mean IoU over the classes that were unknown and have been learned since",
        HIGHER,
        lambda measures: segmentation.miou_known(measures.confusion, measures.taught),
    ),
    Metric("forgetting", "how much miou_old fell since the step before", LOWER, forgetting),
    Metric(
        "accuracy",
        "share of points predicted correctly, unknown points are always wrong",
        HIGHER,
        lambda measures: segmentation.accuracy(measures.confusion),
    ),
    Metric(
        "object_sq",
        "mean IoU of the matches between predicted and true unknown instances, which have an IoU above 0.5 (STU)",
        HIGHER,
        of_objects("sq"),
    ),
    Metric(
        "object_recallq",
        "share of true unknown instances that have a match (STU)",
        HIGHER,
        of_objects("recallq"),
    ),
    Metric("object_uq", "object_sq times object_recallq (STU)", HIGHER, of_objects("uq")),
    Metric("object_rq", "TP / (TP + FP / 2 + FN / 2) of the instances (STU)", HIGHER, of_objects("rq")),
    Metric("object_pq", "object_sq times object_rq (STU)", HIGHER, of_objects("pq")),
    Metric("object_tp", "true unknown instances that have a match (STU)", HIGHER, of_objects("tp"), percent=False),
    Metric(
        "object_fp",
        "predicted instances of 5 points or more without a match (STU)",
        LOWER,
        of_objects("fp"),
        percent=False,
    ),
    Metric(
        "object_fn",
        "true unknown instances of 5 points or more without a match (STU)",
        LOWER,
        of_objects("fn"),
        percent=False,
    ),
)
METRICS: dict[str, Metric] = {metric.name: metric for metric in ROWS}


def measured(measures: Measures) -> Measured:
    """Return low, value and high of every metric for each draw: (3, R)."""
    found = {name: metric.compute(measures) for name, metric in METRICS.items()}
    return {name: value if value.ndim == 2 else np.stack([value] * 3) for name, value in found.items()}


def exactly(points: PointRanking) -> dict[str, float]:
    """Return the metrics that the counts by bin leave open, from the points themselves."""
    rows = {name: metric.exact for name, metric in METRICS.items() if metric.exact is not None}
    return {name: exact(points) if points.defined else math.nan for name, exact in rows.items()}
