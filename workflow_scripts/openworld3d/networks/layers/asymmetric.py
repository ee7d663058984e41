"""The blocks of Cylinder3D (Zhu et al., CVPR 2021, arXiv 2011.10033), on cells along radius, angle and height.

Cars and people are upright boxes: a kernel across angle and height and one across radius and height see their faces,
at two thirds of the cost of a cube. Where keys are shared, as they were when the released networks were trained, all
convolutions of a block take the neighbours of the one that runs first (`openworld3d.networks.layers.sparse`): a block
is then (1, 3, 3) or (3, 1, 3) throughout, of an up block's cube a third is used, and the context is along the radius.
"""

from __future__ import annotations

from typing import Any, cast

import torch
from torch import Tensor, nn

from openworld3d.networks.layers.batch_norm import BatchNorm
from openworld3d.networks.layers.dropout import drop
from openworld3d.networks.layers.sparse import ConvNorm, Kernel, submanifold, to_coarser, to_finer

ACROSS: Kernel = (1, 3, 3)  # angle and height
ALONG: Kernel = (3, 1, 3)  # radius and height
CUBE: Kernel = (3, 3, 3)
LINES: tuple[Kernel, ...] = ((3, 1, 1), (1, 3, 1), (1, 1, 3))


class AsymmetricBlock(nn.Module):
    """along(across f) + across(along f); both with the neighbours of `neighbors_of`, where that is given."""

    def __init__(self, in_channels: int, out_channels: int, level: int, neighbors_of: Kernel | None = None) -> None:
        super().__init__()
        self.across_first = nn.Sequential(
            ConvNorm(in_channels, out_channels, ACROSS, level, neighbors_of),
            ConvNorm(out_channels, out_channels, ALONG, level, neighbors_of),
        )
        self.along_first = nn.Sequential(
            ConvNorm(in_channels, out_channels, ALONG, level, neighbors_of),
            ConvNorm(out_channels, out_channels, ACROSS, level, neighbors_of),
        )

    def forward(self, voxels: Any) -> Any:
        one, other = self.across_first(voxels), self.along_first(voxels)
        return one.replace_feature(one.features + other.features)


class DownBlock(nn.Module):
    """An asymmetric block, then a strided convolution to the coarser level; returns the outputs of both."""

    def __init__(self, in_channels: int, out_channels: int, stride: Kernel, level: int, shared_keys: bool) -> None:
        super().__init__()
        self.block = AsymmetricBlock(in_channels, out_channels, level, ALONG if shared_keys else None)
        self.pool = to_coarser(out_channels, stride, level)

    def forward(self, voxels: Any) -> tuple[Any, Any]:
        finer = self.block(voxels)
        return self.pool(finer), finer


class UpBlock(nn.Module):
    """Upsample from level + 1 to `level` and add the skip connection: cube(along(across(up(cube f) + skip)))."""

    def __init__(self, in_channels: int, out_channels: int, level: int, shared_keys: bool) -> None:
        super().__init__()
        self.before = ConvNorm(in_channels, out_channels, CUBE, level + 1)
        self.up = to_finer(out_channels, level)
        shared = ACROSS if shared_keys else None
        self.after = nn.Sequential(
            *[ConvNorm(out_channels, out_channels, kernel, level, shared) for kernel in (ACROSS, ALONG, CUBE)]
        )

    def forward(self, voxels: Any, skip: Any) -> Any:
        voxels = self.up(self.before(voxels))
        return self.after(voxels.replace_feature(voxels.features + skip.features))


class DimensionContext(nn.Module):
    """Dimension-decomposition based context: f * sum over the three axes of sigmoid(BatchNorm(conv along it f))."""

    def __init__(self, channels: int, shared_keys: bool) -> None:
        super().__init__()
        shared = LINES[0] if shared_keys else None
        self.convs = nn.ModuleList([submanifold(channels, channels, line, 0, shared) for line in LINES])
        self.norms = nn.ModuleList([BatchNorm(channels) for _ in LINES])

    def forward(self, voxels: Any, dropout: float, generator: torch.Generator | None) -> Any:
        """Return the gated voxels; each gate is dropped with probability `dropout`, as in REAL's MC-Dropout."""
        gates = [
            drop(torch.sigmoid(norm(conv(voxels).features)), dropout, generator)
            for conv, norm in zip(self.convs, self.norms)
        ]
        return voxels.replace_feature(voxels.features * torch.stack(gates).sum(0))  # (3, V, C) -> (V, C)


class AsymmetricNetwork(nn.Module):
    """A U-Net of four levels, then the context of each axis: (V, in) -> (V, 4 width), of the same cells."""

    def __init__(self, in_channels: int, width: int, shared_keys: bool) -> None:
        super().__init__()
        channels = [width, 2 * width, 4 * width, 8 * width, 16 * width]
        # The height has few cells: it is halved only twice.
        strides: list[Kernel] = [(2, 2, 2), (2, 2, 2), (2, 2, 1), (2, 2, 1)]
        self.first = AsymmetricBlock(in_channels, width, 0, ACROSS if shared_keys else None)
        self.downs = nn.ModuleList(
            [
                DownBlock(channels[level], channels[level + 1], stride, level, shared_keys)
                for level, stride in enumerate(strides)
            ]
        )
        coarse = [*channels[2:], channels[-1]]
        self.ups = nn.ModuleList(
            [UpBlock(coarse[level], channels[level + 1], level, shared_keys) for level in (3, 2, 1, 0)]
        )
        self.context = DimensionContext(2 * width, shared_keys)

    def ungated(self, voxels: Any) -> Any:
        """Return the output of the U-Net: (V, in) -> (V, 2 width)."""
        voxels = self.first(voxels)
        skips = []
        for down in self.downs:
            voxels, finer = cast(DownBlock, down)(voxels)
            skips.append(finer)
        for up in self.ups:
            voxels = up(voxels, skips.pop())
        return voxels

    def gated(self, voxels: Any, dropout: float, generator: torch.Generator | None) -> Any:
        """Return the context of each axis beside the output of the U-Net: (V, 2 width) -> (V, 4 width)."""
        context = self.context(voxels, dropout, generator)
        return voxels.replace_feature(torch.cat([context.features, voxels.features], 1))


class NeighborhoodLayer(nn.Module):
    """The released head's only layer: a 3 x 3 x 3 convolution of the cells to the classes, with a bias."""

    def __init__(self, in_channels: int, outputs: int) -> None:
        super().__init__()
        self.conv = submanifold(in_channels, outputs, CUBE, 0)
        # Beside the convolution, since spconv's CPU build adds none in evaluation mode.
        self.bias = nn.Parameter(torch.empty(outputs))
        bound = (CUBE[0] * CUBE[1] * CUBE[2] * in_channels) ** -0.5
        nn.init.uniform_(self.bias, -bound, bound)

    def forward(self, voxels: Any) -> Tensor:
        """Return the logits of each cell: (V, in) -> (V, outputs)."""
        return self.conv(voxels).features + self.bias
