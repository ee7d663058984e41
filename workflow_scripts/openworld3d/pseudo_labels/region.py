"""PDF's pseudo labels of one cloud."""

from __future__ import annotations

import numpy as np

from openworld3d.networks.confidence import max_probability
from openworld3d.networks.layers.geometry import ball_neighbors
from openworld3d.pseudo_labels.boundary import CUTS, large_parts
from openworld3d.pseudo_labels.growing import Growing, draw_seeds, grow, stopping_confidence

WHOLE = "none"
BOUNDARIES = (WHOLE, *CUTS)


def region_mask(
    coord: np.ndarray, logits: np.ndarray, options: Growing, boundary: str, generator: np.random.Generator
) -> np.ndarray:
    """Return which points to take for unknown, (N,) bool, N >= 1.

    coord (N, 3) float32 in metres, logits (N, K), taken as float32 whatever a training computes in; boundary `none`
    for all of the grown region, or a reading of `openworld3d.pseudo_labels.boundary`. A cloud without an unknown
    object has such points too: they are the least sure of it, however sure that is.
    Source: PDF, CVPR 2024, arXiv 2404.00979.
    """
    # Of too many neighbours the first count, as in the released code, whose clouds are shuffled; in the order of
    # voxels they would all lie on one side.
    order = generator.permutation(len(coord))
    coord, logits = coord[order], logits[order].astype(np.float32)
    probability = max_probability(logits)
    neighbor = ball_neighbors(coord, np.array([len(coord)]), options.radius, options.neighbors)
    seeds = draw_seeds(logits, options, generator)
    region = grow(coord, probability, neighbor, seeds, stopping_confidence(probability, options.beta))
    if boundary != WHOLE:
        region = large_parts(region, coord, probability, neighbor, boundary)
    mask = np.empty(len(coord), bool)
    mask[order] = region
    return mask
