"""Points counted by scene, group and bin of their score; such counts add up.

The bits of a float32, sign, exponent and mantissa, order numbers of one sign; inverted for negative ones, they order
all numbers. The first `bits` of them are a bin, so that bins are finer where numbers are smaller, no range has to be
known in advance, and the counts of different points add up (radix sort of floats, Herf 2001). Rounded to float32,
numbers of float64 keep their order or tie, and those beyond its range have its first or last bin.
"""

from __future__ import annotations

from typing import NamedTuple, Sequence

import numpy as np

MOST_BITS = 32
SIGN = np.uint32(1 << 31)
# The bits at which group and scene begin in a row's number; below them is the bin.
GROUP, SCENE = 32, 40


def ordered(score: np.ndarray) -> np.ndarray:
    """Return integers that are ordered as the scores in float32: (N,) without NaN -> (N,) uint32; -0 equals 0."""
    with np.errstate(over="ignore"):
        pattern = (score.astype(np.float32) + np.float32(0)).view(np.uint32)  # -0 + 0 is 0
    return np.where(pattern & SIGN, ~pattern, pattern | SIGN)


def bin_of(score: np.ndarray, bits: int) -> np.ndarray:
    """Return the bin of each score, which rises with it: (N,) -> (N,) uint32 below 2^bits."""
    return ordered(score) >> np.uint32(MOST_BITS - bits)


class Counts(NamedTuple):
    """Rows in rising order of scene, then group, then bin.

    scene (R,) int32; group (R,) uint8, such as a class; bin (R,) uint32; points (R,) int64, how many.
    """

    scene: np.ndarray
    group: np.ndarray
    bin: np.ndarray
    points: np.ndarray


class Ends(NamedTuple):
    """The least and greatest score of each bin that has a point: bin (B,) uint32, rising, least and most (B,)."""

    bin: np.ndarray
    least: np.ndarray
    most: np.ndarray

    @property
    def tied(self) -> np.ndarray:
        """Return the bins whose points all have one score: (T,) uint32."""
        return self.bin[self.least == self.most]


NONE_TIED = np.zeros(0, np.uint32)


def ends_of(score: np.ndarray, bits: int) -> Ends:
    """Return the ends of the bins, which are the first `bits`, of scores (N,)."""
    values = np.unique(score.astype(np.float64))
    bins = bin_of(values, bits)
    first = np.flatnonzero(np.diff(bins.astype(np.int64), prepend=-1))
    last = np.append(first, len(values))[1:] - 1
    return Ends(bins[first], values[first] + 0.0, values[last] + 0.0)  # no -0


def join_ends(parts: Sequence[Ends]) -> Ends:
    """Return the ends of the points of all parts."""
    bins, place = np.unique(np.concatenate([part.bin for part in parts]), return_inverse=True)
    least, most = np.full(len(bins), np.inf), np.full(len(bins), -np.inf)
    np.minimum.at(least, place, np.concatenate([part.least for part in parts]))
    np.maximum.at(most, place, np.concatenate([part.most for part in parts]))
    return Ends(bins, least, most)


def count(group: np.ndarray, value: np.ndarray, bits: int) -> Counts:
    """Count the points of one scene: group (N,) in 0..255, value (N,), whose first `bits` are its bin."""
    row = group.astype(np.int64) << GROUP | bin_of(value, bits).astype(np.int64)
    return of_rows(*np.unique(row, return_counts=True))


def add(parts: Sequence[Counts], places: Sequence[np.ndarray]) -> Counts:
    """Return the sum of some counts; places: for each of them, the indices of its scenes among all scenes."""
    scene = np.concatenate([place[part.scene] for part, place in zip(parts, places)])
    group, bins, points = (np.concatenate([part[column] for part in parts]) for column in (1, 2, 3))
    row = scene.astype(np.int64) << SCENE | group.astype(np.int64) << GROUP | bins
    order = np.argsort(row, kind="stable")  # fast where scenes are in order, as they mostly are
    begins = np.flatnonzero(np.diff(row[order], prepend=-1))
    return of_rows(row[order[begins]], np.add.reduceat(points[order], begins) if len(begins) else points)


def of_rows(row: np.ndarray, points: np.ndarray) -> Counts:
    """Return the counts of rows that are encoded as numbers."""
    return Counts(
        scene=(row >> SCENE).astype(np.int32),
        group=(row >> GROUP & 0xFF).astype(np.uint8),
        bin=(row & 0xFFFFFFFF).astype(np.uint32),
        points=points.astype(np.int64),
    )


def of_one(counts: Counts, scene: int) -> Counts:
    """Return the counts of one scene."""
    begin, end = np.searchsorted(counts.scene, [scene, scene + 1])
    part = Counts(*(column[begin:end] for column in counts))
    return part._replace(scene=np.zeros_like(part.scene))


def of_all(counts: Counts) -> Counts:
    """Return the counts of all scenes together, as one scene."""
    return add([counts], [np.zeros(counts.scene.max(initial=0) + 1, np.int64)])


def histograms(
    counts: Counts, groups: Sequence[Sequence[int]], scenes: int, most: int, tied: np.ndarray = NONE_TIED
) -> tuple[list[np.ndarray], np.ndarray]:
    """Return the points of each set of groups by scene and bin, (S, B) float64 each, and which bins are tied, (B,).

    Neighbouring bins are joined to about `most`, the highest first, each with about the same share of every set; a
    bin with such a share or more stays alone. tied: the bins whose points all have one score.
    """
    wanted = [np.isin(counts.group, members) for members in groups]
    bins, place = np.unique(counts.bin, return_inverse=True)
    totals = [np.bincount(place[rows], counts.points[rows], len(bins)) for rows in wanted]
    share = sum((total / max(1, total.sum()) for total in totals), np.zeros(len(bins)))[::-1] / len(groups)
    slot = 2 * np.floor((np.cumsum(share) - share) * most) + (share * most >= 1)
    joined = np.unique(slot, return_inverse=True)[1][::-1]
    size = int(joined.max(initial=0)) + 1  # one empty bin where there is no point
    points = [
        np.bincount(
            counts.scene[rows] * np.int64(size) + joined[place[rows]], counts.points[rows], scenes * size
        ).reshape(scenes, size)
        for rows in wanted
    ]
    is_alone = np.bincount(joined, minlength=size) == 1
    return points, is_alone & (np.bincount(joined, np.isin(bins, tied), size) == 1)
