"""Attention of S3DIS's finest level: the time and memory of each path, beside the physical limit.

The limit is the time in which the measured bandwidth moves what any path must: forward, it reads queries, keys,
values and pairs and writes the result; backward, it reads these and the result's gradient, and writes three
gradients, all in float32. The times include the two linear layers before and after, which the limit does not.
"""

from __future__ import annotations

from typing import Iterator, NamedTuple

import numpy as np
import torch
from torch import Tensor

from benchmarks.flat_pairs import attend
from benchmarks.gpu.data import backbone_of, cloud, scenes_of
from benchmarks.gpu.paths import choose, paths_of
from benchmarks.gpu.rows import Row, Setting, forget_peak, peak, seconds
from openworld3d.backbones.stratified_transformer import StratifiedTransformer, build
from openworld3d.datasets.scannet import CLASSES
from openworld3d.networks.layers.pair_attention import Pairs
from openworld3d.networks.layers.stratified_attention import WindowAttention
from openworld3d.scenes.scene import load_scene
from openworld3d.training.optimizer import autocast

FLAT = "flat pairs"
NEAR = {"float32": 1e-3, "bfloat16": 0.1}  # of the largest number, from flat pairs in float32


class Measured(NamedTuple):
    """Seconds and peak of memory of one direction, and what it returned."""

    seconds: float
    peak: float
    values: list[Tensor]


def run(setting: Setting) -> Iterator[Row]:
    """Measure each path at each number of voxels."""
    rate = bandwidth(setting)
    yield {"path": "copy of memory", "GB/s": rate / 1e9}
    if "fused" not in paths_of(setting):
        yield {"path": "fused: not run, as Triton 3, a C compiler or compute capability 8.0 is missing"}
    backbone = backbone_of(setting, "experiments/s3dis_closed.yaml", "stratified_s3dis")
    torch.manual_seed(0)
    network = build(backbone, 6, 13)
    for voxels in setting.pick((10000, 40000, 80000), (6,)):
        coord = cloud(load_scene(scenes_of(setting, "s3dis")[0], CLASSES), backbone["grid_size"], voxels)
        pairs = pairs_of(network, coord)
        yield from at_size(setting, network, pairs, len(coord), rate)


def bandwidth(setting: Setting) -> float:
    """Return the bytes per second that a copy on the device reads and writes."""
    source = torch.empty(setting.pick(1 << 30, 1 << 20), dtype=torch.uint8, device=setting.device)
    target = torch.empty_like(source)
    return 2 * source.numel() / seconds(lambda: target.copy_(source), setting.device, 10)


def pairs_of(network: StratifiedTransformer, coord: np.ndarray) -> Pairs:
    """Return the attention pairs of the finest level's plain blocks."""
    pairs = network.geometry(coord, np.array([len(coord)])).levels[0].pairs
    assert pairs is not None
    return pairs[0]


def at_size(
    setting: Setting, network: StratifiedTransformer, pairs: Pairs, points: int, rate: float
) -> Iterator[Row]:
    """Measure all paths on the same pairs."""
    device = setting.device
    attention = next(module for module in network.modules() if isinstance(module, WindowAttention)).to(device)
    pairs = Pairs(*(value.to(device) for value in pairs))
    generator = torch.Generator().manual_seed(0)
    feature = torch.randn(points, network.options.channels[0], generator=generator).to(device).requires_grad_()
    expected: list[Tensor] = []
    cases = [(FLAT, "float32"), *((path, precision) for path in paths_of(setting) for precision in NEAR)]
    for path, precision in cases:
        choose(path)
        with autocast(device, precision):
            both = measure(setting, attention, feature, pairs, path)
        found = [value for direction in both for value in direction.values]
        expected = expected or found
        off = max(float((one.float() - other).abs().max() / other.abs().max()) for one, other in zip(found, expected))
        bounds = [moved / rate for moved in least_bytes(pairs, feature)]
        for name, direction, bound in zip(("forward", "backward"), both, bounds):
            yield {
                "path": path,
                "precision": precision,
                "voxels": points,
                "pairs": len(pairs.query),
                "step": name,
                "ms": direction.seconds * 1e3,
                "limit ms": bound * 1e3,
                "times the limit": direction.seconds / bound,
                "peak GB": direction.peak,
                "off": off,
                "agrees": off < NEAR[precision],
            }


def measure(
    setting: Setting, attention: WindowAttention, feature: Tensor, pairs: Pairs, path: str
) -> tuple[Measured, Measured]:
    """Measure one path forward, and backward alone."""
    leaves = [feature, *attention.parameters()]

    def forward() -> Tensor:
        return attend(attention, feature, pairs) if path == FLAT else attention(feature, pairs)

    forget_peak(setting.device)
    spent, rounds = [], setting.pick(10, 1)
    with torch.no_grad():
        spent.append(Measured(seconds(forward, setting.device, rounds), peak(setting.device), [forward()]))
    forget_peak(setting.device)
    out = forward()

    def backward() -> list[Tensor]:
        return list(torch.autograd.grad(out, leaves, torch.ones_like(out), retain_graph=True))

    spent.append(Measured(seconds(backward, setting.device, rounds), peak(setting.device), backward()))
    return spent[0], spent[1]


def least_bytes(pairs: Pairs, feature: Tensor) -> tuple[int, int]:
    """Return the bytes that any path moves, forward and backward: what it reads once, and what it writes."""
    of_pairs = sum(value.numel() * value.element_size() for value in (pairs.query, pairs.key, pairs.row))
    of_points = feature.numel() * feature.element_size()
    return 4 * of_points + of_pairs, 7 * of_points + of_pairs
