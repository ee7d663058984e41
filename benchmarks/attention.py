"""Time and memory of Stratified Transformer with the library's attention and with attention pair by pair, on the CPU.

    python benchmarks/attention.py [--voxels 10000 40000 80000] [--rounds 3] [--threads 2]

The network has S3DIS's configuration, its points are furnished rooms in voxels of 4 cm. Each measurement is one step
after one to warm up, in a process of its own; the two sides take turns. The geometry, the same on both sides, is
computed once before. Prints a Markdown table of medians.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "workflow_scripts")]

import numpy as np
import torch
import yaml

from benchmarks.flat_pairs import attend
from benchmarks.own_process import in_own_process, medians, peak
from openworld3d.backbones.stratified_transformer import build
from openworld3d.generators.rooms.generation import generate_room
from openworld3d.networks.layers.stratified_attention import WindowAttention
from openworld3d.scenes.voxels import nearest_to, pick_points, voxelise

S3DIS = yaml.safe_load((ROOT / "experiments/rooms_s3dis_scale.yaml").read_text())["backbones"]["stratified_s3dis"]
GRID = S3DIS["grid_size"]
CLASSES = 13
SIDES = ("flat pairs", "library")
PASSES = ("forward", "forward + backward")
HEADER = (
    "| voxels | step | side | geometry s | step s | peak GB | less before GB "
    "| times as fast | peak | peak less before |"
)


def rooms(voxels: int, grid: float = GRID) -> np.ndarray:
    """Put generated rooms side by side until they have enough voxels, and cut out so many: (voxels, 3) float32."""
    parts: list[np.ndarray] = []
    right = 0.0
    while sum(len(part) for part in parts) < voxels:
        coord = np.asarray(generate_room(0, 0, len(parts), grid / 2).coord, np.float32)
        picked = pick_points(voxelise(coord, grid), np.random.default_rng(0))
        part = coord[picked] - coord.min(0) + np.array([right, 0, 0], np.float32)
        right = float(part[:, 0].max()) + 1
        parts.append(part)
    coord = np.concatenate(parts)
    return coord[nearest_to(coord, len(coord) // 2, voxels)]


def measure(side: str, voxels: int, passes: str, threads: int) -> dict[str, float]:
    """Time the geometry and the second of two steps; the peak memory of the process, in GB, before and after them."""
    torch.set_num_threads(threads)
    torch.manual_seed(0)
    if side == "flat pairs":
        WindowAttention.forward = attend  # type: ignore[assignment,method-assign]
    network = build(S3DIS, 6, CLASSES)
    coord = rooms(voxels)
    began = time.perf_counter()
    geometry = network.geometry(coord, np.array([len(coord)]))
    geometry_seconds = time.perf_counter() - began
    feature = torch.rand(len(coord), 6)
    before = peak()
    seconds = 0.0
    for _ in range(2):
        network.zero_grad()
        began = time.perf_counter()
        with torch.set_grad_enabled(passes != "forward"):
            total = network(feature, geometry).sum()
        if passes != "forward":
            total.backward()
        seconds = time.perf_counter() - began
    return {"geometry": geometry_seconds, "seconds": seconds, "peak": peak(), "step": peak() - before}


def compare(voxels: int, passes: str, rounds: int, threads: int) -> list[str]:
    """Let the sides take turns, and return the two rows of the table."""
    options = passes, "--voxels", voxels, "--threads", threads
    middle = medians(SIDES, rounds, lambda side: in_own_process(__file__, "--one", side, *options))
    flat, library = middle.values()
    ratios = {
        "flat pairs": "| | |",
        "library": f"{flat['seconds'] / library['seconds']:.1f} | {library['peak'] / flat['peak']:.0%} | "
        f"{library['step'] / flat['step']:.0%} |",
    }
    return [
        f"| {voxels:,} | {passes} | {side} | "
        f"{row['geometry']:.2f} | {row['seconds']:.2f} | {row['peak']:.2f} | {row['step']:.2f} | {ratios[side]}"
        for side, row in middle.items()
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--voxels", type=int, nargs="+", default=[10000, 40000, 80000])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--one", nargs=2, metavar=("SIDE", "PASSES"), help="measure one side here, and print JSON")
    args = parser.parse_args()
    if args.one:
        print(json.dumps(measure(args.one[0], args.voxels[0], args.one[1], args.threads)))
        return
    print(HEADER + "\n" + "|---:|---|---|---:|---:|---:|---:|---:|---:|---:|", flush=True)
    for voxels in args.voxels:
        for passes in PASSES:
            print("\n".join(compare(voxels, passes, args.rounds, args.threads)), flush=True)


if __name__ == "__main__":
    main()
