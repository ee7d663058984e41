"""Time and memory of going from points to one point, or the centroid, of each voxel, beside other ways, on the CPU.

    python benchmarks/voxels.py [--points 10000000] [--sizes 0.02 0.04] [--rounds 5]

The points lie on noisy surfaces of furnished rooms, surface after surface, and are given as float32; to Open3D as its
own float64 vector, made before the clock starts. The ways take turns in one process, after a turn each to warm up,
and may use every core. Peak memory is what the peak of a process of its own rises by in one way at the first
size. Prints a Markdown table of medians. Open3D takes part where `pip install open3d-cpu` put it.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any, Callable, NamedTuple

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "workflow_scripts")]

import numpy as np

from benchmarks.own_process import in_own_process, peak
from openworld3d.scenes.voxels import first_points, pick_points, voxelise

OPEN3D = "Open3D voxel_down_sample"
ROOM = np.array([6.0, 5.0, 3.0])
GAP = 0.2
ROOMS = (4, 2)
BOXES = 16  # a room
NOISE = 0.003
FNV_OFFSET, FNV_PRIME = np.uint64(14695981039346656037), np.uint64(1099511628211)


class Way(NamedTuple):
    """From what `prepare` makes of the points, and a voxel's side, to the points or centroids that stay: (V, 3)."""

    downsample: Callable[[Any, float], np.ndarray]
    gives: str
    prepare: Callable[[np.ndarray], Any] = lambda coord: coord


def surfaces(points: int) -> np.ndarray:
    """Return points of the floors, ceilings and walls of some rooms, and of boxes in them: (points, 3) float32."""
    generator = np.random.default_rng(0)
    lows, sides = [], []
    for place in np.ndindex(ROOMS):
        low = np.append(place, 0) * (ROOM + GAP)
        side = np.concatenate([ROOM[None], generator.uniform([0.3, 0.3, 0.2], [1.8, 1.8, 1.2], (BOXES, 3))])
        shift = generator.uniform(0, 1, side.shape) * (ROOM - side) * [1, 1, 0]
        lows.append(low + shift)
        sides.append(side)
    low, side = np.concatenate(lows), np.concatenate(sides)  # (B, 3)
    area = np.stack([side[:, 1] * side[:, 2], side[:, 0] * side[:, 2], side[:, 0] * side[:, 1]], 1).repeat(2, 1)
    end = np.rint(area.cumsum() / area.sum() * points).astype(int)  # (6B,)
    face = np.arange(area.size).repeat(np.diff(end, prepend=0))  # (points,)
    box, axis, upper = face // 6, face % 6 // 2, face % 2
    share = generator.random((points, 3))
    share[np.arange(points), axis] = upper
    return (low[box] + share * side[box] + generator.normal(0, NOISE, share.shape)).astype(np.float32)


def first(coord: np.ndarray, size: float) -> np.ndarray:
    """Keep the first point of each voxel."""
    return coord.take(first_points(voxelise(coord, size)), 0)


def drawn(coord: np.ndarray, size: float) -> np.ndarray:
    """Keep a random point of each voxel, as training does."""
    return coord.take(pick_points(voxelise(coord, size), np.random.default_rng(0)), 0)


def centroids(coord: np.ndarray, size: float) -> np.ndarray:
    """Average the points of each voxel."""
    voxel = voxelise(coord, size)
    count = np.bincount(voxel)
    return np.stack([np.bincount(voxel, axis) / count for axis in coord.T], 1)


def hashed(coord: np.ndarray, size: float) -> np.ndarray:
    """Sort FNV hashes of the cells, whose collisions nobody notices, and keep a random point of each."""
    cell = np.floor(coord / np.float64(size)).astype(np.int64)
    cell -= cell.min(0)
    key = np.full(len(cell), FNV_OFFSET)
    for axis in cell.astype(np.uint64).T:
        key = (key * FNV_PRIME) ^ axis
    order = np.argsort(key)
    _, _, count = np.unique(key[order], return_inverse=True, return_counts=True)
    chosen = np.random.default_rng(0).integers(0, count.max(), len(count)) % count
    return coord.take(order[np.cumsum(count) - count + chosen], 0)


def ways() -> dict[str, Way]:
    """Return the ways by name, ours first; without Open3D where it cannot be imported."""
    found = {
        "openworld3d, first point": Way(first, "map of points to voxels, a point of each"),
        "openworld3d, random point": Way(drawn, "map of points to voxels, a point of each"),
        "openworld3d, centroid": Way(centroids, "map of points to voxels, centroids"),
        "numpy hash and unique": Way(hashed, "map of points to voxels, a point of each"),
    }
    try:
        import open3d
    except ImportError:
        return found

    def cloud(coord: np.ndarray) -> Any:
        return open3d.geometry.PointCloud(open3d.utility.Vector3dVector(coord.astype(np.float64)))

    def downsample(points: Any, size: float) -> np.ndarray:
        return np.asarray(points.voxel_down_sample(size).points)

    found[OPEN3D] = Way(downsample, "centroids", cloud)
    return found


def times(coord: np.ndarray, sizes: list[float], rounds: int) -> dict[str, list[float]]:
    """Return the median of each way at each size, in seconds."""
    found = ways()
    given = {name: way.prepare(coord) for name, way in found.items()}
    seconds: dict[str, list[list[float]]] = {name: [[] for _ in sizes] for name in given}
    for _ in range(rounds + 1):
        for number, size in enumerate(sizes):
            for name, way in found.items():
                began = time.perf_counter()
                way.downsample(given[name], size)
                seconds[name][number].append(time.perf_counter() - began)
    return {name: [median(taken[1:]) for taken in of_size] for name, of_size in seconds.items()}


def rise(name: str, points: Path, size: float) -> float:
    """Return by how many GB the peak of this process rises when it goes one way."""
    way = ways()[name]
    given = way.prepare(np.load(points))
    before = peak()
    way.downsample(given, size)
    return peak() - before


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--points", type=int, default=10_000_000)
    parser.add_argument("--sizes", type=float, nargs="+", default=[0.02, 0.04])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--one", type=json.loads, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.one:
        print(rise(args.one[0], Path(args.one[1]), args.one[2]))
        return
    if OPEN3D not in ways():
        print("Open3D cannot be imported and is left out; `pip install open3d-cpu` adds it.", file=sys.stderr)
    coord = surfaces(args.points)
    with tempfile.TemporaryDirectory() as folder:
        points = Path(folder) / "points.npy"
        np.save(points, coord)
        of_ways = {name: json.dumps([name, str(points), args.sizes[0]]) for name in ways()}
        grown = {name: in_own_process(__file__, "--one", way) for name, way in of_ways.items()}
    medians = times(coord, args.sizes, args.rounds)
    voxels = [voxelise(coord, size).max() + 1 for size in args.sizes]
    heads = [f"{size} m ({count:,} voxels) s | to ours" for size, count in zip(args.sizes, voxels)]
    print(f"| way | {' | '.join(heads)} | peak GB | gives |\n|---|{'---:|' * (2 * len(heads) + 1)}---|")
    ours = next(iter(medians.values()))
    for name, way in ways().items():
        cells = [f"{taken:.2f} | {taken / least:.1f}" for taken, least in zip(medians[name], ours)]
        print(f"| {name} | {' | '.join(cells)} | {grown[name]:.2f} | {way.gives} |")


if __name__ == "__main__":
    main()
