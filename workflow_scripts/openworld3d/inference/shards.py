"""Shards: parts of a protocol's evaluation scenes for parallel jobs, with about equally many points each."""

from __future__ import annotations

import re

from openworld3d.errors import UserError
from openworld3d.scenes.manifests import SceneFile, Scenes


def shard_names(count: int) -> list[str]:
    """Return the names of so many shards, `1of4` to `4of4`."""
    return [f"{number}of{count}" for number in range(1, count + 1)]


def scenes_of_shard(scenes: Scenes, shard: str) -> dict[str, SceneFile]:
    """Return the scenes of a shard in the order of the manifests, none where there are more shards than scenes.

    The largest scene comes first, and each goes to the shard with the fewest points so far, of equals to the first:
    no shard has more points than the mean and the largest scene together. (Graham, Bounds on Multiprocessing Timing
    Anomalies, SIAM J. Appl. Math. 1969.) Raises `UserError` where there is no scene at all, and for a shard that is
    none.
    """
    number, count = number_and_count(shard)
    if not scenes.files:
        raise UserError("the scenes manifests list no scene; the protocol must name scenes to evaluate on")
    points = [0] * count
    chosen = set()
    for name, file in sorted(scenes.files.items(), key=lambda named: -named[1].points):
        emptiest = points.index(min(points))
        points[emptiest] += file.points
        if emptiest == number - 1:
            chosen.add(name)
    return {name: file for name, file in scenes.files.items() if name in chosen}


def number_and_count(shard: str) -> tuple[int, int]:
    """Return which of how many shards a name means, counted from 1."""
    match = re.fullmatch(r"(\d+)of(\d+)", shard)
    if match is None or not 1 <= int(match[1]) <= int(match[2]):
        raise UserError(f"the shard is {shard!r}, expected 1of4 to 4of4 or others of their kind; correct --shard")
    return int(match[1]), int(match[2])
