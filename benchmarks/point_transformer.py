"""Time and memory of Point Transformer with the library's layers and with its formulas as written, on the CPU.

    python benchmarks/point_transformer.py [--voxels 10000 40000 80000] [--rounds 3] [--threads 1]

The network is that of PDF's S3DIS configuration, its points are furnished rooms in voxels of 4 cm. Each measurement
is one step after one to warm up, in a process of its own; the two sides take turns. The geometry, the same on both
sides, is computed once before. Seconds are of CPU time. Prints a Markdown table of medians.
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
from torch import Tensor, nn

from benchmarks.attention import rooms
from benchmarks.own_process import in_own_process, medians, peak
from openworld3d.backbones.point_transformer import build
from openworld3d.networks.layers.point_attention import SHARED, PointAttention
from openworld3d.networks.layers.point_transition import PointTransitionDown

S3DIS = yaml.safe_load((ROOT / "experiments/pdf_s3dis.yaml").read_text())["backbones"]["point_transformer_s3dis"]
CLASSES = 13
SIDES = ("formulas", "library")
PASSES = ("evaluation", "training")  # of which the latter goes backward too
HEADER = "| voxels | step | side | geometry CPU s | step CPU s | peak GB | times as fast | peak |"


def near(feature: Tensor, neighbor: Tensor) -> Tensor:
    """Return the features of neighbours, zeros where one is missing: (n, C), (m, k) -> (m, k, C)."""
    return torch.cat([feature, feature.new_zeros(1, feature.shape[1])])[neighbor]


def in_turn(layers: nn.Sequential, value: Tensor) -> Tensor:
    """Apply layers to all neighbours, batch norms over the channels in the middle: (m, k, C) -> (m, k, C')."""
    for layer in layers:
        if isinstance(layer, nn.BatchNorm1d):
            value = nn.BatchNorm1d.forward(layer, value.transpose(1, 2)).transpose(1, 2)
        else:
            value = layer(value)
    return value


def attend(attention: PointAttention, feature: Tensor, neighbor: Tensor, relative: Tensor) -> Tensor:
    """Return what `attention` returns (Zhao et al., ICCV 2021, equation 3): for all points at once, term by term."""
    position = in_turn(attention.linear_p, relative)  # (n, k, C)
    key, value = near(attention.linear_k(feature), neighbor), near(attention.linear_v(feature), neighbor)
    weight = in_turn(attention.linear_w, key - attention.linear_q(feature)[:, None] + position).softmax(1)
    shared = (value + position).unflatten(2, (SHARED, -1)) * weight[:, :, None]  # (n, k, 8, C / 8)
    return shared.sum(1).flatten(1)


def pool(down: PointTransitionDown, feature: Tensor, neighbor: Tensor, relative: Tensor) -> Tensor:
    """Return what `down` returns: for all points at once, term by term."""
    joined = down.linear(torch.cat([relative, near(feature, neighbor)], 2))
    return torch.relu(in_turn(nn.Sequential(down.bn), joined)).max(1)[0]


def measure(side: str, voxels: int, passes: str, threads: int) -> dict[str, float]:
    """Time the geometry and the second of two steps; the peak memory of the process in GB."""
    torch.set_num_threads(threads)
    torch.manual_seed(0)
    if side == "formulas":
        PointAttention.forward = attend  # type: ignore[assignment,method-assign]
        PointTransitionDown.forward = pool  # type: ignore[assignment,method-assign]
    training = passes == "training"
    network = build(S3DIS, 6, CLASSES).train(training)
    coord = rooms(voxels)
    began = time.process_time()
    geometry = network.geometry(coord, np.array([len(coord)]))
    geometry_seconds = time.process_time() - began
    feature = torch.rand(len(coord), 6)
    seconds = 0.0
    for _ in range(2):
        network.zero_grad()
        began = time.process_time()
        with torch.set_grad_enabled(training):
            total = network(feature, geometry).sum()
        if training:
            total.backward()
        seconds = time.process_time() - began
    return {"geometry": geometry_seconds, "seconds": seconds, "peak": peak()}


def compare(voxels: int, passes: str, rounds: int, threads: int) -> list[str]:
    """Let the sides take turns, and return the two rows of the table."""
    options = passes, "--voxels", voxels, "--threads", threads
    found = medians(SIDES, rounds, lambda side: in_own_process(__file__, "--one", side, *options))
    formulas, library = found.values()
    ratios = f"{formulas['seconds'] / library['seconds']:.1f} | {library['peak'] / formulas['peak']:.0%} |"
    return [
        f"| {voxels:,} | {passes} | {side} | {row['geometry']:.2f} | {row['seconds']:.2f} | {row['peak']:.2f} | {end}"
        for side, row, end in zip(SIDES, (formulas, library), ("| |", ratios))
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--voxels", type=int, nargs="+", default=[10000, 40000, 80000])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--one", nargs=2, metavar=("SIDE", "PASSES"), help="measure one side here, and print JSON")
    args = parser.parse_args()
    if args.one:
        print(json.dumps(measure(args.one[0], args.voxels[0], args.one[1], args.threads)))
        return
    print(HEADER + "\n|---:|---|---|---:|---:|---:|---:|---:|", flush=True)
    for voxels in args.voxels:
        for passes in PASSES:
            print("\n".join(compare(voxels, passes, args.rounds, args.threads)), flush=True)


if __name__ == "__main__":
    main()
