"""The geometry that a point network needs: samples, neighbours and attention windows, in numpy and scipy.

The clouds of a batch are concatenated; `offset` (B,) is where each ends.
"""

from __future__ import annotations

import math
from typing import Callable, Iterator, Sequence

import numpy as np
from scipy.sparse import csc_matrix, csr_matrix
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

    In a cloud of fewer than k points, what is missing has the index N and an infinite distance.
    """
    distance = np.full((len(query), k), np.inf, np.float32)
    index = np.full((len(query), k), len(coord), np.int64)
    for part, query_part in zip(clouds(offset), clouds(query_offset)):
        there = min(k, part.stop - part.start)
        if there and query_part.stop > query_part.start:
            tree = cKDTree(coord[part])
            found = tree.query(query[query_part], k=np.arange(1, there + 1))
            distance[query_part, :there], index[query_part, :there] = found[0], part.start + found[1]
    return distance, index


def interpolation(
    coord: np.ndarray, offset: np.ndarray, query: np.ndarray, query_offset: np.ndarray, k: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return which k points a query interpolates, and their weights: (M, k) int64 and (M, k) float32.

    A weight is proportional to 1 / (distance + 1e-8). A missing point has the index N and no weight, where the
    reference implementations give it one of about a millionth.
    """
    distance, index = nearest(coord, offset, query, query_offset, k)
    closeness = 1 / (distance + np.float32(1e-8))
    total = closeness.sum(1, keepdims=True)
    return index, np.divide(closeness, total, out=closeness, where=total > 0)


def ball_neighbors(coord: np.ndarray, offset: np.ndarray, radius: float, most: int) -> np.ndarray:
    """Return the first `most` points by index within `radius`, padded with N: (N, m) int32, m <= `most`."""
    points = len(coord)
    pairs = np.concatenate(
        [part.start + cKDTree(coord[part]).query_pairs(radius, output_type="ndarray") for part in clouds(offset)]
    ).astype(np.int32)
    before, after = partners(pairs, points)
    earlier = np.diff(before.indptr)
    table = np.full((points, min(most, int((earlier + np.diff(after.indptr)).max()) + 1)), points, np.int32)
    enter(table, before, np.zeros(points, np.int32))
    own = np.flatnonzero(earlier < table.shape[1])
    table[own, earlier[own]] = own
    enter(table, after, earlier + 1)
    return table


def partners(pairs: np.ndarray, points: int) -> tuple[csc_matrix, csr_matrix]:
    """Return each point's partners of lower and of higher index, ascending: pairs (P, 2) int32, the lower first.

    Transposing a sparse matrix sorts its indices in linear time.
    """
    is_pair = np.ones(len(pairs), np.int8)
    number = np.arange(len(pairs) + 1, dtype=np.int32)
    by_lower = csr_matrix((is_pair, pairs[:, 0], number), (len(pairs), points)).tocsc()
    higher = csr_matrix((is_pair, pairs[by_lower.indices, 1], by_lower.indptr), (points, points))
    before = higher.tocsc()
    return before, before.tocsr()


def enter(table: np.ndarray, partner: csc_matrix | csr_matrix, place: np.ndarray) -> None:
    """Write each point's partners into its row of a table (N, m) from a place (N,) on, as many as it can hold."""
    count = np.clip(table.shape[1] - place, 0, np.diff(partner.indptr))
    rank = np.arange(count.sum(), dtype=np.int32) - np.repeat(np.cumsum(count) - count, count)
    found = partner.indices[np.repeat(partner.indptr[:-1], count) + rank]
    table[np.repeat(np.arange(len(table)), count), np.repeat(place, count) + rank] = found


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
    sides = (shifted.max(0) + 1).tolist()
    if math.prod(sides) > np.iinfo(np.int64).max:  # numbers the same rows alike, many times as slowly
        return np.unique(rows, axis=0, return_inverse=True)[1].reshape(-1)
    key = np.ravel_multi_index(tuple(shifted.T), sides)
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
