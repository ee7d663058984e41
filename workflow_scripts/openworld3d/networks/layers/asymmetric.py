"""The blocks of Cylinder3D (Zhu et al., CVPR 2021, arXiv 2011.10033), on cells along radius, angle and height.

Cars and people are upright boxes: a kernel across angle and height and one across radius and height see their faces,
at two thirds of the cost of a cube.
"""

from __future__ import annotations

from typing import Any, cast

import torch
from torch import Tensor, nn

from openworld3d.networks.layers.batch_norm import BatchNorm
from openworld3d.networks.layers.sparse import ConvNorm, Kernel, submanifold, to_coarser, to_finer

ACROSS: Kernel = (1, 3, 3)  # angle and height
ALONG: Kernel = (3, 1, 3)  # radius and height
CUBE: Kernel = (3, 3, 3)
LINES: tuple[Kernel, ...] = ((3, 1, 1), (1, 3, 1), (1, 1, 3))


class AsymmetricBlock(nn.Module):
    """along(across f) + across(along f)."""

    def __init__(self, in_channels: int, out_channels: int, level: int) -> None:
        super().__init__()
        self.across_first = nn.Sequential(
            ConvNorm(in_channels, out_channels, ACROSS, level), ConvNorm(out_channels, out_channels, ALONG, level)
        )
        self.along_first = nn.Sequential(
            ConvNorm(in_channels, out_channels, ALONG, level), ConvNorm(out_channels, out_channels, ACROSS, level)
        )

    def forward(self, voxels: Any) -> Any:
        one, other = self.across_first(voxels), self.along_first(voxels)
        return one.replace_feature(one.features + other.features)


class DownBlock(nn.Module):
    """An asymmetric block, then a strided convolution to the coarser level; returns the outputs of both."""

    def __init__(self, in_channels: int, out_channels: int, stride: Kernel, level: int) -> None:
        super().__init__()
        self.block = AsymmetricBlock(in_channels, out_channels, level)
        self.pool = to_coarser(out_channels, stride, level)

    def forward(self, voxels: Any) -> tuple[Any, Any]:
        finer = self.block(voxels)
        return self.pool(finer), finer


class UpBlock(nn.Module):
    """Upsample from level + 1 to `level` and add the skip connection: cube(along(across(up(cube f) + skip)))."""

    def __init__(self, in_channels: int, out_channels: int, level: int) -> None:
        super().__init__()
        self.before = ConvNorm(in_channels, out_channels, CUBE, level + 1)
        self.up = to_finer(out_channels, level)
        self.after = nn.Sequential(
            *[ConvNorm(out_channels, out_channels, kernel, level) for kernel in (ACROSS, ALONG, CUBE)]
        )

    def forward(self, voxels: Any, skip: Any) -> Any:
        voxels = self.up(self.before(voxels))
        return self.after(voxels.replace_feature(voxels.features + skip.features))


class DimensionContext(nn.Module):
    """Dimension-decomposition based context: f * sum over the three axes of sigmoid(BatchNorm(conv along it f))."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.convs = nn.ModuleList([submanifold(channels, channels, line, 0) for line in LINES])
        self.norms = nn.ModuleList([BatchNorm(channels) for _ in LINES])

    def forward(self, voxels: Any) -> Any:
        gates = [torch.sigmoid(norm(conv(voxels).features)) for conv, norm in zip(self.convs, self.norms)]
        return voxels.replace_feature(voxels.features * torch.stack(gates).sum(0))  # (3, V, C) -> (V, C)


class AsymmetricNetwork(nn.Module):
    """A U-Net of four levels, then the context of each axis: (V, in) -> (V, 4 width), of the same cells."""

    def __init__(self, in_channels: int, width: int) -> None:
        super().__init__()
        channels = [width, 2 * width, 4 * width, 8 * width, 16 * width]
        # The height has few cells: it is halved only twice.
        strides: list[Kernel] = [(2, 2, 2), (2, 2, 2), (2, 2, 1), (2, 2, 1)]
        self.first = AsymmetricBlock(in_channels, width, 0)
        self.downs = nn.ModuleList(
            [DownBlock(channels[level], channels[level + 1], stride, level) for level, stride in enumerate(strides)]
        )
        coarse = [*channels[2:], channels[-1]]
        self.ups = nn.ModuleList([UpBlock(coarse[level], channels[level + 1], level) for level in (3, 2, 1, 0)])
        self.context = DimensionContext(2 * width)
        # In place of the released head, which convolves to the classes: our classifier sees each point by itself.
        self.neighborhood = submanifold(4 * width, 4 * width, CUBE, 0)

    def forward(self, voxels: Any) -> Tensor:
        voxels = self.first(voxels)
        skips = []
        for down in self.downs:
            voxels, finer = cast(DownBlock, down)(voxels)
            skips.append(finer)
        for up in self.ups:
            voxels = up(voxels, skips.pop())
        context = self.context(voxels)
        joined = voxels.replace_feature(torch.cat([context.features, voxels.features], 1))
        return self.neighborhood(joined).features
