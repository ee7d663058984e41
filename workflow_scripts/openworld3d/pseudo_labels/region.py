"""PDF's pseudo labels of one cloud."""

from __future__ import annotations

import numpy as np

from openworld3d.networks.confidence import max_probability
from openworld3d.networks.layers.geometry import ball_neighbors
from openworld3d.pseudo_labels.boundary import AS_RELEASED, CUTS, large_parts
from openworld3d.pseudo_labels.growing import Growing, draw_seeds, grow, stopping_confidence

WHOLE = "none"
BOUNDARIES = (WHOLE, *CUTS)


def region_mask(
    coord: np.ndarray,
    logits: np.ndarray,
    options: Growing,
    boundary: str,
    generator: np.random.Generator,
    neighbor: np.ndarray | None = None,
) -> np.ndarray:
    """Return which points to take for unknown, (N,) bool, N >= 1.

    coord (N, 3) float32 in metres, logits (N, K), taken as float32 whatever a training computes in; boundary `none`
    for all of the grown region, or a reading of `openworld3d.pseudo_labels.boundary`. `as_released` also grows from
    repeated seeds, all others from distinct ones. A cloud without an unknown object has such points too: they are the
    least sure of it, however sure that is. neighbor: what `neighbors` returned with an equal generator.
    Source: PDF, CVPR 2024, arXiv 2404.00979.
    """
    order = shuffled(coord, generator)
    coord, logits = coord[order], logits[order].astype(np.float32)
    if neighbor is None:
        neighbor = table(coord, options)
    probability = max_probability(logits)
    seeds = draw_seeds(logits, options, generator)
    if boundary != AS_RELEASED:
        seeds = np.unique(seeds)
    region = grow(coord, probability, neighbor, seeds, stopping_confidence(probability, options.beta))
    mask = np.zeros(len(coord), bool)
    if boundary == WHOLE:
        mask[order[region]] = True
    else:
        mask[order] = large_parts(region, coord, probability, neighbor, boundary)
    return mask


def neighbors(coord: np.ndarray, options: Growing, generator: np.random.Generator) -> np.ndarray:
    """Return the neighbours of each point of a cloud, in the order that `region_mask` draws: (N, 3) -> (N, m) int32.

    They are the most of its time, and can be made ahead, as they do not depend on what a network says.
    """
    return table(coord[shuffled(coord, generator)], options)


def shuffled(coord: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """Draw an order of the points: (N,) int64.

    Of too many neighbours the first count, as in the released code, whose clouds are shuffled; in the order of voxels
    they would all lie on one side.
    """
    return generator.permutation(len(coord))


def table(coord: np.ndarray, options: Growing) -> np.ndarray:
    """Return the neighbours of each point, padded with N, by one column at least where no list is full."""
    neighbor = ball_neighbors(coord, np.array([len(coord)]), options.radius, options.neighbors)
    missing = int(neighbor.shape[1] < options.neighbors)
    return np.pad(neighbor, ((0, 0), (0, missing)), constant_values=len(coord))
