"""The geometry that a point network needs: samples, neighbours and attention windows, in numpy and scipy.

The clouds of a batch are concatenated; `offset` (B,) is where each ends.
"""

from __future__ import annotations

from typing import Callable, Iterator, Sequence

import numpy as np
from scipy.sparse import coo_matrix
from scipy.spatial import cKDTree

from openworld3d.networks.layers.sampling import farthest_points


def clouds(offset: np.ndarray) -> Iterator[slice]:
    """Yield the slice of each cloud of a batch."""
    start = 0
    for end in offset.tolist():
        yield slice(start, end)
        start = end


def sample_clouds(
    coord: np.ndarray, offset: np.ndarray, counts: Sequence[Callable[[int], int]]
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Sample `count(n)` farthest points of each cloud, for each count in one pass: their indices and new offset."""
    sizes = [[count(part.stop - part.start) for part in clouds(offset)] for count in counts]
    longest = [
        part.start + farthest_points(coord[part], max(of_cloud))
        for part, of_cloud in zip(clouds(offset), zip(*sizes))
    ]
    return [
        (np.concatenate([chosen[:size] for chosen, size in zip(longest, of_count)]), np.cumsum(of_count))
        for of_count in sizes
    ]


def nearest(
    coord: np.ndarray, offset: np.ndarray, query: np.ndarray, query_offset: np.ndarray, k: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return the k nearest points of the same cloud: distance (M, k) float32 and index (M, k) int64.

    In a cloud of fewer than k points, the nearest is repeated.
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
    """Return the first `most` points by index within `radius`, padded with N: (N, m) int32, m <= `most`."""
    points = len(coord)
    pairs = np.concatenate(
        [part.start + cKDTree(coord[part]).query_pairs(radius, output_type="ndarray") for part in clouds(offset)]
    ).astype(np.int32)
    own = np.arange(points, dtype=np.int32)
    center = np.concatenate([pairs[:, 0], pairs[:, 1], own])
    neighbor = np.concatenate([pairs[:, 1], pairs[:, 0], own])
    near = coo_matrix((np.ones(len(center), bool), (center, neighbor)), (points, points)).tocsr()  # sorts both
    count = np.diff(near.indptr)
    rank = np.arange(near.nnz, dtype=np.int32) - np.repeat(near.indptr[:-1], count)
    table = np.full((points, min(most, count.max())), points, np.int32)
    kept = rank < most
    table[np.repeat(own, count)[kept], rank[kept]] = near.indices[kept]
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
    """Number the distinct rows from 0, and return each row's number: (N, D) int64 -> (N,) int64."""
    shifted = rows - rows.min(0)
    key = np.ravel_multi_index(tuple(shifted.T), tuple(shifted.max(0) + 1))
    return np.unique(key, return_inverse=True)[1].reshape(-1)


def members_of_groups(group: np.ndarray, member: np.ndarray, groups: int) -> tuple[np.ndarray, np.ndarray]:
    """Pair every point with the members of its group: query (M,), key (M,), both int32.

    group (N,) in 0..groups-1 for every point; member (S,) indices of the points that serve as keys.
    """
    order = member[np.argsort(group[member], kind="stable")].astype(np.int32)
    count = np.bincount(group[member], minlength=groups)
    keys_of_query = count[group]
    # A query's keys are consecutive in `order`: the shift is where its group begins, less where its pairs begin.
    shift = (np.cumsum(count) - count)[group] - (np.cumsum(keys_of_query) - keys_of_query)
    place = np.repeat(shift.astype(np.int32), keys_of_query)
    place += np.arange(len(place), dtype=np.int32)
    return np.repeat(np.arange(len(group), dtype=np.int32), keys_of_query), order[place]


def stratified_pairs(
    coord: np.ndarray, offset: np.ndarray, sparse: np.ndarray, side: float, shifted: bool
) -> tuple[np.ndarray, np.ndarray]:
    """Return the attention pairs of one block (Stratified Transformer, section 3.2): query, rising, and key, int32.

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
