"""Samples and neighbours of the network's geometry beside compiled packages, on one thread of the CPU.

    pip install --no-deps --target ../beside fpsample pykdtree
    PYTHONPATH=../beside python benchmarks/neighbors.py [--voxels 4000 40000 80000] [--rounds 5]

Farthest points: a quarter of a cloud, as from one level to the next. Neighbours: the 3 nearest of those for each
point, as a decoder interpolates. Ball: the first 34 by index within 2.5 voxels, as the stem has them. The cloud is
generated rooms in 10 cm voxels, in random order. Prints a Markdown table: CPU seconds, medians of rounds in which all
take turns, and how many samples, or of how many points the neighbours, differ from ours.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path
from statistics import median
from typing import Callable, Dict

for variable in ("OMP_NUM_THREADS", "RAYON_NUM_THREADS"):
    os.environ.setdefault(variable, "1")
ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "workflow_scripts")]

import fpsample
import numpy as np
from pykdtree.kdtree import KDTree as FloatTree
from sklearn.neighbors import KDTree

from benchmarks.attention import rooms
from openworld3d.networks.layers.geometry import ball_neighbors, nearest
from openworld3d.networks.layers.sampling import farthest_points

GRID, RADIUS, MOST, NEAREST = 0.1, 0.25, 34, 3
Ways = Dict[str, Callable[[], np.ndarray]]


def farthest(coord: np.ndarray) -> Ways:
    """Return the ways to sample a quarter of the points, from the first on, each (S,) of indices."""
    count = len(coord) // 4 + 1
    return {
        "openworld3d": lambda: farthest_points(coord, count),
        "fpsample, vanilla": lambda: fpsample.fps_sampling(coord, count, start_idx=0),
        "fpsample, k-d tree": lambda: fpsample.bucket_fps_kdtree_sampling(coord, count, start_idx=0),
        "fpsample, k-d line, h = 7": lambda: fpsample.bucket_fps_kdline_sampling(coord, count, 7, start_idx=0),
    }


def nearest_three(coord: np.ndarray) -> Ways:
    """Return the ways to find the nearest of a quarter of the points for all, each (N, 3) of indices."""
    coarse = coord[farthest_points(coord, len(coord) // 4 + 1)]
    ends = np.array([len(coarse)]), np.array([len(coord)])
    return {
        "openworld3d": lambda: nearest(coarse, ends[0], coord, ends[1], NEAREST)[1],
        "pykdtree": lambda: FloatTree(coarse).query(coord, k=NEAREST)[1],
        "scikit-learn": lambda: KDTree(coarse).query(coord, NEAREST, return_distance=False),
    }


def balls(coord: np.ndarray) -> Ways:
    """Return the ways to list the first points by index within a radius, each (N, 34), N where there are no more."""

    def listed() -> np.ndarray:
        table = np.full((len(coord), MOST), len(coord))
        for row, found in zip(table, KDTree(coord).query_radius(coord, RADIUS)):
            first = np.sort(found)[:MOST]
            row[: len(first)] = first
        return table

    return {
        "openworld3d": lambda: ball_neighbors(coord, np.array([len(coord)]), RADIUS, MOST),
        "scikit-learn": listed,
    }


def compare(what: str, ways: Ways, voxels: int, rounds: int) -> list[str]:
    """Let the ways take turns, and return their rows of the table."""
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    found: dict[str, np.ndarray] = {}
    for _ in range(rounds):
        for name, way in ways.items():
            began = time.process_time()
            found[name] = np.asarray(way()).astype(np.int64)
            seconds[name].append(time.process_time() - began)
    ours = median(seconds["openworld3d"])
    lines = []
    for name in ways:
        differ = (found[name] != found["openworld3d"]).reshape(len(found[name]), -1).any(1).sum()
        taken = median(seconds[name])
        lines.append(f"| {what} | {voxels:,} | {name} | {taken:.4f} | {taken / ours:.2f} | {differ:,} |")
    return lines


def main() -> None:
    """Print a row for each way, of each part and each number of voxels."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--voxels", type=int, nargs="+", default=[4000, 40000, 80000])
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    print("| what | voxels | way | seconds | to ours | differ |\n|---|---:|---|---:|---:|---:|")
    for what, ways_of in (("farthest points", farthest), ("nearest", nearest_three), ("ball", balls)):
        for voxels in arguments.voxels:
            coord = np.random.default_rng(0).permutation(rooms(voxels, GRID))
            print("\n".join(compare(what, ways_of(coord), voxels, arguments.rounds)), flush=True)


if __name__ == "__main__":
    main()
