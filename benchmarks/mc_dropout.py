"""Time of MC-Dropout's inference beside one plain pass of the same network, on the CPU.

    python benchmarks/mc_dropout.py [--voxels 20000 40000] [--passes 10] [--rounds 5] [--threads 1]

The network and the points are those of benchmarks/attention.py. The two sides take turns in one process, after a turn
each to warm up; the geometry, the same on both sides, is computed once before. Prints a Markdown table of medians.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "workflow_scripts")]

import numpy as np
import torch

from benchmarks.attention import CLASSES, S3DIS, rooms
from openworld3d.backbones.stratified_transformer import build
from openworld3d.recipes import closed_set, dropout

HEADER = (
    "| voxels | geometry s | one plain pass s | {passes} passes s | times a plain pass |\n|---:|---:|---:|---:|---:|"
)


def measure(voxels: int, passes: int, rounds: int) -> str:
    """Return a row of the table."""
    torch.manual_seed(0)
    network = build(S3DIS, 6, CLASSES).eval()
    coord = rooms(voxels)
    began = time.perf_counter()
    geometry = network.geometry(coord, np.array([voxels]))
    geometry_seconds = time.perf_counter() - began
    feature = torch.rand(voxels, 6)
    recipe = {"dropout": 0.5, "passes": passes}
    seconds: dict[str, list[float]] = {"plain": [], "dropout": []}
    for _ in range(rounds + 1):
        for side, module in (("plain", closed_set), ("dropout", dropout)):
            began = time.perf_counter()
            with torch.no_grad():
                module.outputs(network, feature, geometry, recipe, torch.Generator().manual_seed(0))
            seconds[side].append(time.perf_counter() - began)
    plain, dropped = (median(times[1:]) for times in seconds.values())
    return f"| {voxels:,} | {geometry_seconds:.2f} | {plain:.2f} | {dropped:.2f} | {dropped / plain:.2f} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--voxels", type=int, nargs="+", default=[20000, 40000])
    parser.add_argument("--passes", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=1)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    print(HEADER.format(passes=args.passes), flush=True)
    for voxels in args.voxels:
        print(measure(voxels, args.passes, args.rounds), flush=True)


if __name__ == "__main__":
    main()
