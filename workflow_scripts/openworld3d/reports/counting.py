"""Sentences on what a protocol counts: which points, which scenes, and by which threshold objects."""

from __future__ import annotations

from typing import Any, Mapping, Sequence

from openworld3d.metrics.bootstrap import Row
from openworld3d.reports.numbers import MISSING

Counting = Mapping[str, Mapping[str, Any]]
OF_OBJECTS = "object_"
PREDICTED = "predicted instances"
BUT = ", unless a note says otherwise"


def pooled(config: Mapping[str, Any]) -> str:
    """Return over what the numbers of a table are pooled; config: `counting` and `conventions` of each protocol."""
    called = [name for of_protocol in config["conventions"].values() for name in of_protocol.values()]
    is_plain = not any(map(counted, config["counting"].values())) and not any(
        name.endswith("_scenes") for name in called
    )
    return f"pooled over all original points of all evaluation scenes{'' if is_plain else BUT}"


def what_counts(counting: Counting, metrics: Sequence[str], rows: Sequence[Row]) -> list[str]:
    """Return a sentence for each protocol that counts some points or scenes alone, or compares objects.

    counting: of each protocol `range`, `min_unknown_points` and `objects`, where it has them.
    """
    found = [f"In protocol {name}, only {said} count." for name, keys in counting.items() if (said := counted(keys))]
    if not any(metric.startswith(OF_OBJECTS) for metric in metrics):
        return found
    for name, keys in counting.items():
        if "objects" in keys:
            mine = [row for row in rows if row.identity["protocol"] == name]
            found.append(f"In protocol {name}, objects are clusters of points {above(keys['objects'], mine)}.")
    return found


def counted(keys: Mapping[str, Any]) -> str:
    """Return which points of which scenes count, nothing where all do."""
    least = keys.get("min_unknown_points", 0)
    if "range" not in keys:
        return f"scenes with at least {least} unknown points" if least else ""
    low, high = keys["range"]
    points = f"points {low:g} to {high:g} m from the sensor"
    return f"{points}, in scenes with at least {least} unknown ones," if least else points


def above(objects: Mapping[str, Any], rows: Sequence[Row]) -> str:
    """Return above which threshold points are clustered, and which methods predict objects in place of that."""
    of_method: dict[str, list[str]] = {}
    for row in (one for mean in rows for one in mean.of_seeds or (mean,)):
        of_method.setdefault(row.identity["method"], []).append(threshold_of(row))
    predicted = [method for method, values in of_method.items() if PREDICTED in values]
    if objects["threshold"] == "trained":
        listed = "; ".join(f"{method} {' and '.join(values)}" for method, values in of_method.items())
        return f"above the score that 5 % of a method's training sample exceed: {listed}"
    said = f"whose score is above {objects['threshold']:g}, on whatever scale a method's scores are"
    return f"{said}; {PREDICTED} for {' and '.join(predicted)}" if predicted else said


def threshold_of(row: Row) -> str:
    """Return the threshold of a row's objects as text, that it predicts them, or that it has none."""
    value = row.metrics.get("object_threshold")
    if value is not None:
        return f"{value:.4g}"
    return MISSING if row.metrics.get("object_tp") is None else PREDICTED
