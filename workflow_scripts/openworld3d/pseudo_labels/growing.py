"""The first half of PDF's pseudo labels: a region grows from unsure points until it is about as sure as the cloud.

PDF: Probability-Driven Framework, CVPR 2024, arXiv 2404.00979. The constants are those of its released code.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

# The weights of place and confidence in the similarity of two points.
OF_PLACE, OF_CONFIDENCE = 0.4, 0.6
SOFTENING = 1e-3  # metres, added to a distance that others are divided by
ADDED_SHARE = 0.4  # of the candidates, in one round
WINDOW = (0.1, 0.6)  # between these quantiles lies the confidence that candidates are held against
LEAST_SHARE, LEAST_POINTS = 0.01, 50
# No part of the method: a room of 80,000 points takes under 50 rounds, but points in a line take one for each.
MOST_ROUNDS = 1000


class Growing(NamedTuple):
    """How a region grows.

    radius: of a point's neighbourhood, in metres; neighbors: at most so many points are in it, itself counted, and
    where more lie within the radius, those that come first in a drawn order, so that the last are never reached;
    beta: it stops at the mean confidence less beta standard deviations; seeds: so many are drawn, with replacement,
    from the `seed_share` of the points whose largest logit is lowest.
    """

    radius: float
    neighbors: int
    beta: float
    seed_share: float
    seeds: int


def draw_seeds(logits: np.ndarray, options: Growing, generator: np.random.Generator) -> np.ndarray:
    """Draw the points that the region starts from, with replacement: logits (N, K) float32 -> (seeds,) int64.

    Of a cloud so small that its share is no point, the one point is drawn whose largest logit is lowest.
    """
    order = np.argsort(logits.max(axis=1), kind="stable")
    lowest = order[: max(1, int(options.seed_share * len(order)))]
    return lowest[generator.integers(0, len(lowest), options.seeds)]


def stopping_confidence(probability: np.ndarray, beta: float) -> float:
    """Return tau = mean(p) - beta std(p), std unbiased and 0 for one point: p (N,) float32, the maximum softmax."""
    deviation = probability.std(dtype=np.float64, ddof=1) if len(probability) > 1 else 0.0
    return float(probability.mean(dtype=np.float64) - beta * deviation)


def grow(
    coord: np.ndarray, probability: np.ndarray, neighbor: np.ndarray, seeds: np.ndarray, stop_at: float
) -> np.ndarray:
    """Return the points of the region that grows from the seeds (S,): (G,) int64.

    coord (N, 3) float32 in metres; probability (N,) float32, the maximum softmax; neighbor (N, m), padded with N. In
    each round, 40 % of the candidates join, the region's neighbours that are not in it yet: those with the highest
    0.4 D + 0.6 e^{-|p - c|}, where D falls from 1 to 0 with the distance to the region's centroid and c is its
    typical confidence. It stops when it is as sure as `stop_at` and large enough, when fewer than three candidates
    are left, of which 40 % are none, or after 1000 rounds. A small cloud may so be in it as a whole.

    Repeated seeds count as often as they occur until the first round is over, and stay repeated in a region that
    grows no further. As in the released code, a round that leaves the number of members unchanged is undone and the
    last one, even if it only replaces repetitions by new points.
    """
    points = len(coord)
    distinct = np.unique(seeds)
    reached = np.zeros(points + 1, bool)  # members and candidates
    reached[distinct] = True
    reached[points] = True  # what pads the table
    member, added = seeds, distinct
    candidate = distinct[:0]
    for _ in range(MOST_ROUNDS):
        if has_grown(probability[member], stop_at, points):
            break
        near = np.unique(neighbor[added])
        candidate = np.concatenate([candidate, near[~reached[near]]])
        reached[near] = True
        joins = joining(candidate, member, coord, probability)
        added, candidate = candidate[joins], candidate[~joins]
        distinct = np.concatenate([distinct, added])
        if len(distinct) == len(member):
            break
        member = distinct
    return member


def joining(candidate: np.ndarray, member: np.ndarray, coord: np.ndarray, probability: np.ndarray) -> np.ndarray:
    """Tell which candidates (C,) join the region's members (G,) in a round: (C,) bool."""
    count = int(ADDED_SHARE * len(candidate))
    if not count:
        return np.zeros(len(candidate), bool)
    distance = np.linalg.norm(coord[candidate] - coord[member].mean(0, dtype=np.float64), axis=1)
    closeness = 1 - (distance - distance.min()) / (np.ptp(distance) + SOFTENING)
    return highest(alike(closeness, probability[candidate] - typical(probability[member])), count)


def has_grown(confidence: np.ndarray, stop_at: float, points: int) -> bool:
    """Tell whether a region, confidence (G,), is surer than `stop_at`, and larger than 1 % of the points and 50."""
    large = len(confidence) > max(LEAST_SHARE * points, LEAST_POINTS)
    return large and bool(confidence.mean(dtype=np.float64) > stop_at)


def typical(confidence: np.ndarray) -> float:
    """Return the mean of those between the 10 % and the 60 % order statistic, the lowest at least: (G,) float32."""
    ends = [max(1, int(share * len(confidence))) - 1 for share in WINDOW]
    low, high = np.partition(confidence, ends)[ends]
    return float(confidence[(low <= confidence) & (confidence <= high)].mean(dtype=np.float64))


def alike(closeness: np.ndarray, difference: np.ndarray) -> np.ndarray:
    """Return 0.4 closeness + 0.6 e^{-|difference|}: closeness in 0..1, and the difference of two confidences."""
    return OF_PLACE * closeness + OF_CONFIDENCE * np.exp(-np.abs(difference))


def highest(value: np.ndarray, count: int) -> np.ndarray:
    """Tell which are the `count` >= 1 highest, of equal ones the first: (C,) -> (C,) bool."""
    bound = np.partition(value, len(value) - count)[len(value) - count]
    chosen = value > bound
    equal = np.flatnonzero(value == bound)
    chosen[equal[: count - np.count_nonzero(chosen)]] = True
    return chosen
