"""Instances from a score: DBSCAN over the points above a threshold, with the same labels as scikit-learn's.

Ester et al., A Density-Based Algorithm for Discovering Clusters, KDD 1996. With `min_samples` 1, as in STU's devkit,
every point is a core point, and the clusters are those of single linkage cut at `eps`.

scikit-learn 1.9 stores every neighbour of every point: 1.5 GB for the 123,000 points of a simulated street scan,
4.8 GB with a wall 2.6 m from the sensor. This one joins all points of a grid cell whose diagonal is `eps` without
computing their distances, as Gunawan's grid algorithm (TU Eindhoven, 2013) does, so that its memory is linear in the
points: 13 MB for either scan, 300 MB for 130,000 points of which almost every one is alone in its cell.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from openworld3d.scenes.scene import NO_INSTANCE
from openworld3d.scenes.voxels import first_points, voxelise

# Just below eps / sqrt(3): rounding must not put points farther apart than eps into one cell.
CELL_SIDE = (1 - 1e-6) / math.sqrt(3)
# Points within eps of each other lie at most so many cells apart along each axis.
REACH = 2


@dataclass(frozen=True)
class Clustering:
    """DBSCAN's parameters.

    eps: in metres; min_samples: how many points within eps, itself included, a point needs to be a core point.
    """

    eps: float = 1.0
    min_samples: int = 1


def instances_above(threshold: float, score: np.ndarray, coord: np.ndarray, clustering: Clustering) -> np.ndarray:
    """Return the instance of each point, -1 for noise and for points not above the threshold: (N,) int32.

    score (N,) float32 or float64; coord (N, 3) in metres. Pass only the points that count, as STU's devkit does:
    another point could link two instances.
    """
    instance = np.full(len(score), NO_INSTANCE, np.int32)
    flagged = score > score.dtype.type(threshold)
    instance[flagged] = dbscan(coord[flagged], clustering)
    return instance


def dbscan(coord: np.ndarray, clustering: Clustering) -> np.ndarray:
    """Return each point's cluster, numbered in order of their first core points, -1 for noise: (N, 3) -> (N,) int32.

    A border point joins the lowest-numbered cluster that has a core point within eps, as in scikit-learn. Memory is
    linear in N times `min_samples`.
    """
    coord = coord.astype(np.float64)
    if clustering.min_samples == 1 or not len(coord):
        return linked(coord, clustering.eps)
    tree = cKDTree(coord)
    core = core_points(tree, coord, clustering)
    none = len(coord)  # above all numbers of clusters, and where the tree places neighbours that do not exist
    cluster = np.full(len(coord) + 1, none, np.int32)
    cluster[:-1][core] = linked(coord[core], clustering.eps)
    others = np.flatnonzero(~core)
    # They have fewer neighbours than a core point.
    distance, near = tree.query(coord[others], np.arange(1, clustering.min_samples))
    cluster[others] = np.where(distance <= clustering.eps, cluster[near], none).min(axis=1)
    return np.where(cluster[:-1] == none, np.int32(NO_INSTANCE), cluster[:-1])


def core_points(tree: cKDTree, coord: np.ndarray, clustering: Clustering) -> np.ndarray:
    """Return which points have at least `min_samples` points within eps: (N, 3), and their tree -> (N,) bool."""
    cell = voxelise(coord, clustering.eps * CELL_SIDE)
    core = np.bincount(cell)[cell] >= clustering.min_samples  # a query among many equal points would be slow
    others = np.flatnonzero(~core)
    core[others] = tree.query(coord[others], [clustering.min_samples])[0][:, 0] <= clustering.eps
    return core


def linked(coord: np.ndarray, eps: float) -> np.ndarray:
    """Return each point's cluster by single linkage cut at eps, in order of first points: (N, 3) -> (N,) int32.

    Exact: two cells whose bounding boxes are within eps are joined if their first points are; if not, and no chain of
    other cells joins them, by their nearest points.
    """
    if not len(coord):
        return np.zeros(0, np.int32)
    cells = Cells(coord, eps)
    one, other = cells.neighbors()
    sure = cells.one_pair_within(one, other)
    component = components(one[sure], other[sure], len(cells.first))
    for a, b in zip(one[~sure].tolist(), other[~sure].tolist()):
        if component[a] != component[b] and cells.any_pair_within(a, b):
            component[component == component[b]] = component[a]
    _, first, cluster = np.unique(component[cells.of_point], return_index=True, return_inverse=True)
    return np.argsort(np.argsort(first))[cluster.reshape(-1)].astype(np.int32)


class Cells:
    """The occupied cells of a grid with a diagonal just below eps, over points (N, 3) float64."""

    def __init__(self, coord: np.ndarray, eps: float) -> None:
        self.coord, self.eps = coord, eps
        self.of_point = voxelise(coord, eps * CELL_SIDE)
        self.first = first_points(self.of_point)
        self.order = np.argsort(self.of_point, kind="stable")
        self.begin = np.flatnonzero(np.diff(self.of_point[self.order], prepend=-1, append=len(self.first)))
        self.low, self.high = (
            extreme.reduceat(coord[self.order], self.begin[:-1]) for extreme in (np.minimum, np.maximum)
        )

    def neighbors(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the pairs of cells whose points' bounding boxes are within eps of each other: (P,) int64 each."""
        corner = np.floor((self.coord[self.first] - self.coord.min(axis=0)) / (self.eps * CELL_SIDE))
        one, other = cKDTree(corner).query_pairs(REACH, p=np.inf, output_type="ndarray").T
        apart = np.maximum(self.low[one] - self.high[other], self.low[other] - self.high[one])
        near = square_sum(np.maximum(apart, 0)) <= self.eps**2
        return one[near], other[near]

    def one_pair_within(self, one: np.ndarray, other: np.ndarray) -> np.ndarray:
        """Return for which pairs of cells (P,) their first points are within eps of each other: (P,) bool."""
        return square_sum(self.coord[self.first[one]] - self.coord[self.first[other]]) <= self.eps**2

    def any_pair_within(self, one: int, other: int) -> bool:
        """Tell whether any point of one cell is within eps of one of the other."""
        a, b = (self.coord[self.order[self.begin[cell] : self.begin[cell + 1]]] for cell in (one, other))
        return bool(cKDTree(b).query(a)[0].min() <= self.eps)


def square_sum(vectors: np.ndarray) -> np.ndarray:
    """Return the squared length of each vector: (P, 3) -> (P,)."""
    return (vectors**2).sum(axis=1)


def components(one: np.ndarray, other: np.ndarray, count: int) -> np.ndarray:
    """Return the connected component of each of `count` nodes, given edges (E,): (count,) int32."""
    edges = coo_matrix((np.ones(len(one), bool), (one, other)), shape=(count, count))
    return connected_components(edges, directed=False)[1]
