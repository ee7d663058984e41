"""Farthest point sampling (Eldar et al., IEEE Transactions on Image Processing 1997), many points at once.

A point's distance is that from the nearest chosen point, squared, float32. The next chosen point is the farthest, the
first by index of several.
"""

from __future__ import annotations

import numpy as np
from scipy.spatial import cKDTree

FIRST = 128  # points chosen one by one: at first, every point is near every other
CROWD = 16  # pairs of near candidates per point of the cloud, above which one by one is faster
FLOOR = np.float32(0.75)  # of the largest distance: points from it on are candidates
SLACK = 1.0001  # factor on radii, as trees compute in float64


def farthest_points(coord: np.ndarray, count: int) -> np.ndarray:
    """Sample `count` farthest points, beginning with the first: (N, 3) float32 -> (count,) int64.

    A shorter sample is the beginning of a longer one. Once every position is chosen, the first point is repeated.
    On scans the time grows about as N log N, not as N * count.
    """
    distance = np.full(len(coord), np.inf, np.float32)
    chosen = choose_one_by_one(coord, distance, min(count, FIRST))
    tree = cKDTree(coord) if len(chosen) < count else None
    while len(chosen) < count and distance.any():
        candidate = np.flatnonzero(distance >= FLOOR * distance.max())
        reach = SLACK * np.sqrt(distance.max())
        candidates = cKDTree(coord[candidate])
        if candidates.count_neighbors(candidates, reach) > CROWD * len(coord):
            following = choose_one_by_one(coord, distance, min(len(chosen), count - len(chosen)))
        else:
            pair = candidates.query_pairs(reach, output_type="ndarray")
            following = candidate[choose_together(coord[candidate], distance[candidate], pair)]
            near = cKDTree(coord[following]).sparse_distance_matrix(tree, reach, output_type="ndarray")
            square = squares(coord[following[near["i"]]], coord[near["j"]])
            np.minimum.at(distance, near["j"], square)
        chosen = np.concatenate([chosen, following])
    chosen = chosen[:count]
    return np.concatenate([chosen, np.zeros(count - len(chosen), np.int64)])


def choose_one_by_one(coord: np.ndarray, distance: np.ndarray, count: int) -> np.ndarray:
    """Choose the farthest point `count` times, updating `distance` (N,) in place after each: (count,) int64."""
    x, y, z = np.ascontiguousarray(coord.T)
    square, term = np.empty_like(distance), np.empty_like(distance)
    chosen = np.zeros(count, np.int64)
    for turn in range(count):
        last = chosen[turn] = distance.argmax()
        np.subtract(x, x[last], out=square)
        np.multiply(square, square, out=square)
        for axis in (y, z):
            np.subtract(axis, axis[last], out=term)
            np.multiply(term, term, out=term)
            np.add(square, term, out=square)
        np.minimum(distance, square, out=distance)
    return chosen


def choose_together(coord: np.ndarray, distance: np.ndarray, pair: np.ndarray) -> np.ndarray:
    """Choose candidates until all others are below the floor: (C,) int64, in the order of `choose_one_by_one`.

    coord (K, 3), distance (K,), none below the floor; pair (P, 2), the candidates near enough to reduce each other's
    distance, the lower index on the left. Distances only decrease, so a candidate that is farther than all near it
    will be chosen at its present distance, whatever is chosen before it. All of these are chosen at once, the
    distances near them are reduced, and so on.
    """
    floor = FLOOR * distance.max()
    left, right = pair.T
    square = squares(coord[left], coord[right])
    waiting = np.ones(len(coord), bool)
    chosen: list[np.ndarray] = []
    distances: list[np.ndarray] = []
    while waiting.any():
        farthest = waiting.copy()
        farthest[np.where(distance[left] >= distance[right], right, left)] = False
        chosen.append(np.flatnonzero(farthest))
        distances.append(distance[farthest])
        for one, other in ((left, right), (right, left)):
            lowered = farthest[one]
            np.minimum.at(distance, other[lowered], square[lowered])
        waiting &= ~farthest & (distance >= floor)
        kept = waiting[left] & waiting[right]
        left, right, square = left[kept], right[kept], square[kept]
    order = np.lexsort((np.concatenate(chosen), -np.concatenate(distances)))
    return np.concatenate(chosen)[order]


def squares(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Return squared distances, equal to the bit to those of `choose_one_by_one`: (M, 3), (M, 3) -> (M,)."""
    x, y, z = np.square(one - other).T
    return x + y + z
