"""What a protocol counts is said beside its numbers."""

from __future__ import annotations

from typing import Any

import pytest
from tests.reports.made_up import row

from openworld3d.metrics.bootstrap import Row
from openworld3d.reports.counting import pooled, what_counts

ALL = "pooled over all original points of all evaluation scenes"


def with_threshold(method: str, threshold: float | None, **identity: Any) -> Row:
    """Return a row whose objects are points above a threshold."""
    made = row(method, **identity)
    return made._replace(metrics={**made.metrics, "object_threshold": threshold})


@pytest.mark.parametrize(
    ("keys", "called", "is_all"),
    [
        ({}, {}, True),
        ({}, {"aupr": "aupr_trapezoid"}, True),
        ({"objects": {"threshold": 0.5}}, {}, True),
        ({}, {"aupr": "aupr_scenes"}, False),
        ({"range": [2.5, 50]}, {}, False),
        ({"min_unknown_points": 5}, {}, False),
    ],
)
def test_numbers_of_some_points_or_scenes_are_not_of_all(
    keys: dict[str, Any], called: dict[str, str], is_all: bool
) -> None:
    said = pooled({"counting": {"plain": {}, "sofa": keys}, "conventions": {"plain": {}, "sofa": called}})
    assert said.startswith(ALL)
    assert (said == ALL) == is_all


@pytest.mark.parametrize(
    ("keys", "sentences"),
    [
        ({}, []),
        ({"range": [2.5, 50]}, ["In protocol sofa, only points 2.5 to 50 m from the sensor count."]),
        ({"min_unknown_points": 5}, ["In protocol sofa, only scenes with at least 5 unknown points count."]),
        (
            {"range": [0, 50], "min_unknown_points": 5},
            [
                "In protocol sofa, only points 0 to 50 m from the sensor, in scenes with at least 5 unknown ones, "
                "count."
            ],
        ),
        ({"objects": {"threshold": 0.5}}, []),
    ],
)
def test_points_and_scenes_that_count_are_named(keys: dict[str, Any], sentences: list[str]) -> None:
    assert what_counts({"sofa": keys}, ["aupr"], []) == sentences


def test_threshold_of_objects_is_printed() -> None:
    given = {"sofa": {"objects": {"threshold": 0.5}}}
    (said,) = what_counts(given, ["object_pq"], [])
    assert said == (
        "In protocol sofa, objects are clusters of points whose score is above 0.5, on whatever scale a method's "
        "scores are."
    )
    saved = with_threshold("saved", None)
    saved = saved._replace(metrics={**saved.metrics, "object_tp": 3.0})
    (said,) = what_counts(given, ["object_pq"], [with_threshold("msp", 0.5), saved])
    assert said.endswith("scores are; predicted instances for closed_set + saved.")
    trained = {"sofa": {"objects": {"threshold": "trained"}}, "bed": {}}
    rows = [with_threshold("msp", -3.25), with_threshold("msp", 2, seed=1), with_threshold("saved", None)]
    (said,) = what_counts(trained, ["object_pq"], rows)
    assert said.endswith(
        "above the score that 5 % of a method's training sample exceed: "
        "closed_set + msp -3.25 and 2; closed_set + saved n/a."
    )
