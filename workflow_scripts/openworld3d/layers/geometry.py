"""What a point network asks of the points alone: samples, neighbours and windows, in numpy and scipy.

Clouds of a batch lie one after the other; `offset` (B,) says where each ends.
"""

from __future__ import annotations

from typing import Callable, Iterator

import numpy as np
from scipy.spatial import cKDTree


def clouds(offset: np.ndarray) -> Iterator[slice]:
    """Yield the slice of each cloud of a batch."""
    start = 0
    for end in offset.tolist():
        yield slice(start, end)
        start = end


def farthest_points(coord: np.ndarray, count: int) -> np.ndarray:
    """Farthest point sampling from the first point: (N, 3) float32 -> (count,) int64."""
    x, y, z = np.ascontiguousarray(coord.T)
    distance = np.full(len(coord), np.inf, np.float32)
    square, term = np.empty_like(distance), np.empty_like(distance)
    chosen = np.zeros(count, np.int64)
    for turn in range(1, count):
        last = chosen[turn - 1]
        np.subtract(x, x[last], out=square)
        np.multiply(square, square, out=square)
        for axis in (y, z):
            np.subtract(axis, axis[last], out=term)
            np.multiply(term, term, out=term)
            np.add(square, term, out=square)
        np.minimum(distance, square, out=distance)
        chosen[turn] = distance.argmax()
    return chosen


def sample_clouds(
    coord: np.ndarray, offset: np.ndarray, count: Callable[[int], int]
) -> tuple[np.ndarray, np.ndarray]:
    """Farthest point sampling of `count(n)` points per cloud; returns their indices and the new offset."""
    chosen = [part.start + farthest_points(coord[part], count(part.stop - part.start)) for part in clouds(offset)]
    return np.concatenate(chosen), np.cumsum([len(part) for part in chosen])


def nearest(
    coord: np.ndarray, offset: np.ndarray, query: np.ndarray, query_offset: np.ndarray, k: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return the k nearest points of the same cloud: distance (M, k) float32 and index (M, k) int64.

    A cloud of fewer than k points repeats its nearest.
    """
    distances: list[np.ndarray] = []
    indices: list[np.ndarray] = []
    for part, query_part in zip(clouds(offset), clouds(query_offset)):
        size = part.stop - part.start
        distance, index = cKDTree(coord[part]).query(query[query_part], k=np.arange(1, min(k, size) + 1))
        missing = ((0, 0), (0, k - distance.shape[1]))
        if missing[1][1]:
            place = np.concatenate([np.arange(distance.shape[1]), np.zeros(missing[1][1], int)])
            distance, index = distance[:, place], index[:, place]
        distances.append(distance.astype(np.float32))
        indices.append(part.start + index.astype(np.int64))
    return np.concatenate(distances), np.concatenate(indices)


def ball_neighbors(coord: np.ndarray, offset: np.ndarray, radius: float, most: int) -> np.ndarray:
    """Return the first `most` points by index within `radius`, padded with N: (N, m) int64, m <= most as needed."""
    pairs = np.concatenate(
        [part.start + cKDTree(coord[part]).query_pairs(radius, output_type="ndarray") for part in clouds(offset)]
    )
    own = np.arange(len(coord), dtype=np.int64)
    center = np.concatenate([pairs[:, 0], pairs[:, 1], own])
    neighbor = np.concatenate([pairs[:, 1], pairs[:, 0], own])
    order = np.argsort(center * np.int64(len(coord)) + neighbor)
    center, neighbor = center[order], neighbor[order]
    count = np.bincount(center, minlength=len(coord))
    rank = np.arange(len(center)) - np.repeat(np.cumsum(count) - count, count)
    table = np.full((len(coord), min(most, count.max())), len(coord), np.int64)
    kept = rank < most
    table[center[kept], rank[kept]] = neighbor[kept]
    return table


def window_coordinates(coord: np.ndarray, offset: np.ndarray, side: float, shift: float) -> np.ndarray:
    """Return each point's window as (cloud, x, y, z): (N, 4) int64.

    All clouds share one origin, the minimum over the whole batch; float32 arithmetic, as the reference's.
    """
    moved = coord + np.float32(shift) if shift else coord
    cell = np.floor((moved - coord.min(0)) / np.float32(side)).astype(np.int64)  # (N, 3)
    cloud = np.searchsorted(offset, np.arange(len(coord)), side="right")
    return np.concatenate([cloud[:, None], cell], 1)


def number_rows(rows: np.ndarray) -> np.ndarray:
    """Number equal rows alike, from 0: (N, D) int64 -> (N,) int64."""
    shifted = rows - rows.min(0)
    key = np.ravel_multi_index(tuple(shifted.T), tuple(shifted.max(0) + 1))
    return np.unique(key, return_inverse=True)[1].reshape(-1)


def members_of_groups(group: np.ndarray, member: np.ndarray, groups: int) -> tuple[np.ndarray, np.ndarray]:
    """Pair every point with the members of its group: query (M,), key (M,), both int64.

    group (N,) in 0..groups-1 for every point; member (S,) indices of the points that serve as keys.
    """
    order = member[np.argsort(group[member], kind="stable")]
    count = np.bincount(group[member], minlength=groups)
    start = np.cumsum(count) - count
    keys_of_query = count[group]
    query = np.repeat(np.arange(len(group)), keys_of_query)
    rank = np.arange(len(query)) - np.repeat(np.cumsum(keys_of_query) - keys_of_query, keys_of_query)
    return query, order[start[group][query] + rank]


def stratified_pairs(
    coord: np.ndarray, offset: np.ndarray, sparse: np.ndarray, side: float, shifted: bool
) -> tuple[np.ndarray, np.ndarray]:
    """Return the attention pairs (query, key) of one block, sorted by query (Stratified Transformer, section 3.2).

    A query's keys are the points of its window of `side` metres, and of the `sparse` sample those in its window of
    twice the side that lie in another small window. Shifted blocks move both grids by half their side.
    """
    small = window_coordinates(coord, offset, side, side / 2 if shifted else 0.0)
    large = window_coordinates(coord, offset, 2 * side, side if shifted else 0.0)
    small_number, large_number = number_rows(small), number_rows(large)
    near = members_of_groups(small_number, np.arange(len(coord)), small_number.max() + 1)
    far_query, far_key = members_of_groups(large_number, sparse, large_number.max() + 1)
    elsewhere = small_number[far_query] != small_number[far_key]
    query = np.concatenate([near[0], far_query[elsewhere]])
    key = np.concatenate([near[1], far_key[elsewhere]])
    order = np.argsort(query, kind="stable")
    return query[order], key[order]
