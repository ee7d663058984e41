"""Which points of an evaluation scene count, and whether the scene counts at all.

STU (CVPR 2025, kumuji/stu_dataset b1d8146, compute_point_level_ood.py) and LIDO (CVPR 2026) count points between 2.5
and 50 metres from the sensor, in scans that have at least 5 unknown points there.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Counting:
    """What a protocol counts; by default every labelled point of every scene.

    range: the least and the greatest distance from the sensor in metres, both included; None for any distance.
    min_unknown_points: scenes with fewer unknown points within the range are skipped.
    """

    range: tuple[float, float] | None = None
    min_unknown_points: int = 0


def counted_points(coord: np.ndarray, void: np.ndarray, unknown: np.ndarray, counting: Counting) -> np.ndarray | None:
    """Return which points of a scene count, (N,) bool, or None if the scene is skipped.

    coord (N, 3) in metres, relative to the sensor; void, unknown (N,) bool. Distances have the precision of coord: in
    float32, as in STU's devkit, a point whose distance rounds to an end of the range counts.
    """
    counted = ~void
    if counting.range is not None:
        nearest, farthest = counting.range
        distance = np.linalg.norm(coord, axis=1)
        counted &= (distance >= nearest) & (distance <= farthest)
    return counted if np.count_nonzero(counted & unknown) >= counting.min_unknown_points else None
