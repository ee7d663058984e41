"""The second half of PDF's pseudo labels: cut the grown region where it is uneven, and keep its large parts.

PDF: Probability-Driven Framework, CVPR 2024, arXiv 2404.00979. Its released code is not what one would write to find
a boundary, so there are three readings. Each makes a spanning forest of a graph whose weights say how alike two
neighbours are, fits two Gaussians to the forest's weights, and cuts at two spreads below the mean of the upper one:

- `minimum_forest`: a minimum forest, the variance for a spread, and the edges at or above the threshold are deleted;
- `as_released`: the same with the released code's slips (see `alikeness` and `large_parts`);
- `textbook`: a maximum forest, the standard deviation, and the edges below the threshold are deleted.
"""

from __future__ import annotations

from typing import Callable

import numpy as np
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import connected_components, minimum_spanning_tree

from openworld3d.pseudo_labels.growing import SOFTENING, alike
from openworld3d.pseudo_labels.mixture import fit_mixture

AS_RELEASED = "as_released"
SPREADS = 2.0  # below the mean of the upper Gaussian
DEVIATIONS = 2.0  # above the mean size of a part


def large_parts(
    member: np.ndarray, coord: np.ndarray, probability: np.ndarray, neighbor: np.ndarray, reading: str
) -> np.ndarray:
    """Return the points of a region's large parts, (N,) bool; member (G,) as returned by `grow`, the rest as for it.

    A part is large where its size is above mean + 2 std of all sizes, those of the region's neighbours among them,
    which are parts of one point. So none is where all are equal or, as a size is then never so far from the mean,
    where there are fewer than six. Nothing is cut of a region without an edge, whose parts are all equal. Where all
    weights of the forest are equal, as of one edge, a minimum forest loses every edge and a maximum forest none.
    As released, the first point of the region and its neighbours is not counted unless one of their lists is padded.
    """
    graph = alikeness(member, coord, probability, neighbor, reading == AS_RELEASED)
    part = connected_components(CUTS[reading](graph) if graph.nnz else graph, directed=False)[1]
    distinct = np.unique(member)
    counted = np.union1d(distinct, neighbor[member])
    if counted[-1] == len(coord):
        counted = counted[:-1]
    elif reading == AS_RELEASED:
        counted = counted[1:]  # the released code drops the first index, expecting padding there
    is_member = np.zeros(len(coord), bool)
    is_member[distinct] = True
    outside = np.count_nonzero(~is_member[counted])
    size = np.bincount(part[np.isin(distinct, counted)], minlength=part.max() + 1)
    parts, total, squares = np.count_nonzero(size) + outside, size.sum() + outside, (size**2).sum() + outside
    # Times the number of parts, all but the root are whole numbers: among five, one is exactly at the bound.
    is_large = parts * size - total > DEVIATIONS * np.sqrt(parts * squares - total**2)
    large = np.zeros(len(coord), bool)
    large[distinct] = is_large[part]
    return large


def alikeness(
    member: np.ndarray, coord: np.ndarray, probability: np.ndarray, neighbor: np.ndarray, as_released: bool
) -> csr_matrix:
    """Return how alike neighbours of a region are, one way and the other: member (G,) -> (P, P), P distinct points.

    w_ij = 0.4 (1 - (d_ij - m_i) / (max_k d_ik - m_i + 1 mm)) + 0.6 e^{-|p_i - p_j|} > 0.2, the maximum over all
    neighbours k of i. m_i is 0. As released it is the minimum over the list of i, where i itself and padding count as
    0, so above 0 where the list is full and lacks i. Repeated members add up their weights.
    """
    points = len(coord)
    near = neighbor[member]  # (G, m)
    row, column = np.nonzero((near < points) & (near != member[:, None]))
    other = near[row, column]
    distance = np.linalg.norm(coord[other] - coord[member[row]], axis=1)
    table = np.zeros(near.shape, distance.dtype)
    table[row, column] = distance
    least = table.min(axis=1)[row] if as_released else 0
    closeness = 1 - (distance - least) / (table.max(axis=1)[row] - least + SOFTENING)
    weight = alike(closeness, probability[other] - probability[member[row]])
    distinct = np.unique(member)
    place = np.full(points, -1)
    place[distinct] = np.arange(len(distinct))
    within = place[other] >= 0
    ends = place[member[row]][within], place[other][within]
    return csr_matrix((weight[within], ends), (len(distinct), len(distinct)))


def cut_minimum_forest(graph: csr_matrix) -> csr_matrix:
    """Return the minimum spanning forest without its edges of w >= mean - 2 variance."""
    forest = minimum_spanning_tree(graph)
    upper = fit_mixture(forest.data)
    return without(forest, forest.data >= upper.mean[1] - SPREADS * upper.variance[1])


def cut_textbook(graph: csr_matrix) -> csr_matrix:
    """Return the maximum spanning forest without its edges of w < mean - 2 standard deviations, weights negated."""
    forest = minimum_spanning_tree(-graph)
    upper = fit_mixture(-forest.data)
    return without(forest, -forest.data < upper.mean[1] - SPREADS * np.sqrt(upper.variance[1]))


def without(forest: csr_matrix, deleted: np.ndarray) -> csr_matrix:
    """Return a forest without some of its edges: deleted (E,) bool."""
    forest.data[deleted] = 0
    forest.eliminate_zeros()
    return forest


CUTS: dict[str, Callable[[csr_matrix], csr_matrix]] = {
    AS_RELEASED: cut_minimum_forest,
    "minimum_forest": cut_minimum_forest,
    "textbook": cut_textbook,
}
