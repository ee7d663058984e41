"""Reckon how much GPU memory a training step of Stratified Transformer takes, without a GPU.

    python benchmarks/reckoned_memory.py [--voxels 80000] [--crops 4]

One crop goes forward on the CPU at S3DIS's configuration, while every tensor that autograd keeps for the backward
pass is counted once; crops of a batch share none, so that `--crops` of them keep as many times more. Added are what
the geometry takes, the parameters with their gradients and AdamW's two moments, and what the backward pass of the
largest block holds for a while. In place of the fused kernels, which need a GPU, nothing computes, as only sizes
count. Autocast is the CPU's, whose list of layers that stay in float32 is not quite CUDA's; what an allocator leaves
unused is not counted. Prints a Markdown table.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any, Iterator

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "workflow_scripts")]

import numpy as np
import torch
from torch import Tensor

from benchmarks.attention import CLASSES, S3DIS, rooms
from openworld3d.backbones.stratified_transformer import Geometry, StratifiedTransformer, build
from openworld3d.networks.layers import fused_attention, stratified_attention
from openworld3d.training.optimizer import autocast

FLOAT32 = 4  # bytes
OF_PARAMETER = 4 * FLOAT32  # itself, its gradient, and two moments


class NoKernels:
    """Stands for every kernel of the fused attention, and leaves what it would write as it is."""

    def __getattr__(self, name: str) -> NoKernels:
        return self

    def __getitem__(self, grid: Any) -> NoKernels:
        return self

    def __call__(self, *arguments: Any, **sizes: Any) -> None:
        pass


def kept(network: StratifiedTransformer, geometry: Geometry, points: int, precision: str) -> int:
    """Return the bytes that autograd keeps of a forward pass, beside parameters and geometry."""
    known = {tensor.untyped_storage().data_ptr() for tensor in (*network.parameters(), *tensors(geometry))}
    found: dict[int, tuple[int, Tensor]] = {}

    def count(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in known:
            found[storage.data_ptr()] = storage.nbytes(), tensor  # held, so that no address is used twice
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(count, lambda tensor: tensor):
        with autocast(torch.device("cpu"), precision):
            logits = network(torch.rand(points, 6), geometry)
        torch.nn.functional.cross_entropy(logits.float(), torch.zeros(points, dtype=torch.long))
    return sum(size for size, _ in found.values())


def tensors(value: Any) -> Iterator[Tensor]:
    """Yield the tensors of a geometry."""
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, (tuple, list)):
        for part in value:
            yield from tensors(part)


def backward(geometry: Geometry, fused: bool) -> int:
    """Return the bytes that the backward pass of the largest block holds for its pairs.

    With the fused kernels two numbers for each pair and head. On the plain path the gradients of the logits, beside
    the weights that it keeps, and five indices of each pair in int64.
    """
    sizes = []
    for level, heads in zip(geometry.levels, S3DIS["num_heads"]):
        pairs = max(len(pairs.query) for pairs in level.pairs or ())
        sizes.append(pairs * (2 * heads * FLOAT32 if fused else heads * FLOAT32 + 5 * 8))
    return max(sizes)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--voxels", type=int, default=80000)
    parser.add_argument("--crops", type=int, default=4)
    arguments = parser.parse_args()
    torch.manual_seed(0)
    coord = rooms(arguments.voxels)
    network = build(S3DIS, 6, CLASSES)
    geometry = network.geometry(coord, np.array([len(coord)]))
    constant = OF_PARAMETER * sum(value.numel() for value in network.parameters())
    of_geometry = sum(value.numel() * value.element_size() for value in tensors(geometry))
    fused_attention.kernels = NoKernels  # type: ignore[assignment]
    print("| attention | precision | kept GB | geometry GB | backward GB | parameters and optimizer GB | all GB |")
    print("|---|---|---:|---:|---:|---:|---:|", flush=True)
    for path in ("plain", "fused"):
        stratified_attention.is_fused = lambda vectors, path=path: path == "fused"  # type: ignore[misc]
        for precision in ("float32", "bfloat16"):
            parts = (kept(network, geometry, len(coord), precision), of_geometry, backward(geometry, path == "fused"))
            of_crops = [part * arguments.crops for part in parts]
            gigabytes = " | ".join(f"{part / 1e9:.2f}" for part in (*of_crops, constant, sum(of_crops) + constant))
            print(f"| {path} | {precision} | {gigabytes} |", flush=True)


if __name__ == "__main__":
    main()
