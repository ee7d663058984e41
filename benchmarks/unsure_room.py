"""A generated room whose sofa is held out, and logits as of a network that is unsure there, for pseudo labels.

What the tests and the benchmark of the pseudo labels know the answer of. No network made these logits: how sure they
are, and where, is made up below.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.spatial import cKDTree

from openworld3d.generators.rooms.generation import generate_room
from openworld3d.pseudo_labels.growing import Growing
from openworld3d.scenes.voxels import first_points, voxelise
from openworld3d.scoring.smoothing import mean_over_neighbors

HELD_OUT = "sofa"
LIVING_ROOM = 0
SURE = 6.0  # by how much the winning logit leads
LESS_NEAR_HELD_OUT, REACH_OF_HELD_OUT = 4.5, 0.15  # metres
LESS_AT_BORDERS, REACH_OF_BORDERS = 1.5, 0.1
SMOOTH_NOISE, NOISE = 1.0, 0.5
SMOOTHED_OVER = 64  # points


class Room(NamedTuple):
    """coord (N, 3) float32 in metres; logits (N, K) float32 of the known kinds of object; held_out (N,) bool."""

    coord: np.ndarray
    logits: np.ndarray
    held_out: np.ndarray


def settings(voxel: float) -> dict[str, Growing]:
    """Return what PDF's released code grows with on S3DIS, whose voxels are 4 cm, for voxels of so many metres.

    A point of a room has about 95 neighbours within ST's radius, so that 34 leave most out and 200 nearly none.
    """
    st = Growing(radius=5 * voxel, neighbors=34, beta=2.0, seed_share=0.05, seeds=50)
    return {
        "PT S3DIS": Growing(radius=2.5 * voxel, neighbors=34, beta=1.5, seed_share=0.01, seeds=20),
        "ST S3DIS": st,
        "ST S3DIS, 200 neighbours": st._replace(neighbors=200),
    }


def unsure_room(seed: int, voxel: float) -> Room:
    """Return a living room in voxels of so many metres, one point of each; equal seeds, equal rooms and logits."""
    scanned = generate_room(seed, 0, LIVING_ROOM, voxel / 2)
    point = first_points(voxelise(scanned.coord, voxel))
    kinds, of_object = np.unique([kind for kind, _ in scanned.objects], return_inverse=True)
    kind = of_object[scanned.object_id[point]]
    held_out = kind == kinds.tolist().index(HELD_OUT)
    coord = scanned.coord[point]
    logits = make_logits(coord, kind, held_out, np.random.default_rng(seed))
    return Room(coord, np.delete(logits, kinds.tolist().index(HELD_OUT), 1), held_out)


def make_logits(
    coord: np.ndarray, kind: np.ndarray, held_out: np.ndarray, generator: np.random.Generator
) -> np.ndarray:
    """Return logits (N, K) float32 that take a held-out point for the nearest known kind.

    The lead of the winner shrinks around held-out points, less so where two kinds meet, and has noise that is alike
    at neighbours and noise that is not.
    """
    known = np.flatnonzero(~held_out)
    winner = kind[known[cKDTree(coord[known]).query(coord)[1]]]
    lead = SURE - LESS_NEAR_HELD_OUT * fading(coord, held_out, REACH_OF_HELD_OUT)
    for number in np.unique(kind):
        of_kind = kind == number
        lead[~of_kind] -= LESS_AT_BORDERS * fading(coord, of_kind, REACH_OF_BORDERS)[~of_kind]
    lead += SMOOTH_NOISE * smooth_noise(coord, generator) + NOISE * generator.normal(size=len(coord))
    logits = NOISE * generator.normal(size=(len(coord), kind.max() + 1))
    logits[np.arange(len(coord)), winner] += lead
    return logits.astype(np.float32)


def fading(coord: np.ndarray, of_kind: np.ndarray, reach: float) -> np.ndarray:
    """Return e^{-(d / reach)^2}, d the distance to the nearest point of a kind: (N,) bool -> (N,) float64."""
    return np.exp(-((cKDTree(coord[of_kind]).query(coord)[0] / reach) ** 2))


def smooth_noise(coord: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """Return noise that neighbours share, with mean 0 and variance 1: (N,) float32."""
    noise = mean_over_neighbors(generator.normal(size=len(coord)), coord, SMOOTHED_OVER)
    return (noise - noise.mean()) / noise.std()
