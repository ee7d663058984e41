"""The second half of PDF's pseudo labels: cut the grown region where it is uneven, and keep its large parts.

PDF: Probability-Driven Framework, CVPR 2024, arXiv 2404.00979. Its released code is not what one would write to find
a boundary, so there are two readings. Either makes a spanning forest of a graph whose weights say how alike two
neighbours are, fits two Gaussians to the forest's weights, and cuts at two spreads below the mean of the upper one:

- `as_released`: a minimum forest, the variance for a spread, and the edges at or above the threshold are deleted;
- `textbook`: a maximum forest, the standard deviation, and the edges below the threshold are deleted.
"""

from __future__ import annotations

from typing import Callable

import numpy as np
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import connected_components, minimum_spanning_tree

from openworld3d.pseudo_labels.growing import SOFTENING, alike
from openworld3d.pseudo_labels.mixture import fit_mixture

SPREADS = 2.0  # below the mean of the upper Gaussian
DEVIATIONS = 2.0  # above the mean size of a part


def large_parts(
    region: np.ndarray, coord: np.ndarray, probability: np.ndarray, neighbor: np.ndarray, reading: str
) -> np.ndarray:
    """Return the points of the region's large parts, (N,) bool; region (N,) bool, the rest as for `grow`.

    A part is large where its size is above mean + 2 std of all sizes, those of the region's neighbours among them,
    which are parts of one point. So none is where all are equal or, as a size is then never so far from the mean,
    where there are fewer than six. Nothing is cut of a region without an edge, whose parts are all equal. Where all
    weights of the forest are equal, as of one edge, `as_released` deletes every edge and `textbook` none.
    """
    member = np.flatnonzero(region)
    graph = alikeness(member, coord, probability, neighbor)
    part = connected_components(CUTS[reading](graph) if graph.nnz else graph, directed=False)[1]
    around = np.unique(neighbor[member])
    around = around[around < len(coord)]
    size = np.bincount(part)
    outside = np.count_nonzero(~region[around])
    parts, total, squares = len(size) + outside, size.sum() + outside, (size**2).sum() + outside
    # Times the number of parts, all but the root are whole numbers: among five, one is exactly at the bound.
    is_large = parts * size - total > DEVIATIONS * np.sqrt(parts * squares - total**2)
    large = np.zeros(len(coord), bool)
    large[member] = is_large[part]
    return large


def alikeness(member: np.ndarray, coord: np.ndarray, probability: np.ndarray, neighbor: np.ndarray) -> csr_matrix:
    """Return how alike neighbours of a region are, one way and the other: member (G,) -> (G, G), all weights > 0.2.

    w_ij = 0.4 (1 - d_ij / (max_k d_ik + 1 mm)) + 0.6 e^{-|p_i - p_j|}, the maximum over all neighbours k of i.
    """
    points = len(coord)
    near = neighbor[member]  # (G, m)
    row, column = np.nonzero((near < points) & (near != member[:, None]))
    other = near[row, column]
    distance = np.linalg.norm(coord[other] - coord[member[row]], axis=1)
    table = np.zeros(near.shape, distance.dtype)
    table[row, column] = distance
    farthest = table.max(axis=1)[row]
    weight = alike(1 - distance / (farthest + SOFTENING), probability[other] - probability[member[row]])
    place = np.full(points, -1)
    place[member] = np.arange(len(member))
    within = place[other] >= 0
    return csr_matrix((weight[within], (row[within], place[other][within])), (len(member), len(member)))


def cut_as_released(graph: csr_matrix) -> csr_matrix:
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


CUTS: dict[str, Callable[[csr_matrix], csr_matrix]] = {"as_released": cut_as_released, "textbook": cut_textbook}
