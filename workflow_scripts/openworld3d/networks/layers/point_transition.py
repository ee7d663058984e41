"""The transitions of Point Transformer (Zhao et al., ICCV 2021, arXiv 2012.09164) between levels of points."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from openworld3d.networks.layers.batch_norm import BatchNorm
from openworld3d.networks.layers.point_attention import rows_at_a_time
from openworld3d.networks.layers.segment import pad, segment_sum, take_rows
from openworld3d.networks.layers.upsample import interpolate


class PointEmbedding(nn.Module):
    """f = ReLU(BN(Linear x))."""

    def __init__(self, in_channels: int, channels: int) -> None:
        super().__init__()
        self.linear = nn.Linear(in_channels, channels, bias=False)
        self.bn = BatchNorm(channels)

    def forward(self, feature: Tensor) -> Tensor:
        """Return f: (n, in) -> (n, C)."""
        return torch.relu(self.bn(self.linear(feature)))


class PointTransitionDown(nn.Module):
    """f'_i = max_j ReLU(BN(Linear [x_j - x_i, f_j])) over the neighbours j in the finer level, missing ones zeros."""

    def __init__(self, in_channels: int, channels: int) -> None:
        super().__init__()
        self.linear = nn.Linear(3 + in_channels, channels, bias=False)
        self.bn = BatchNorm(channels)

    def forward(self, feature: Tensor, neighbor: Tensor, relative: Tensor) -> Tensor:
        """Return f': feature (n, in), neighbor (n', k) int64, relative (n', k, 3) in metres -> (n', C)."""
        padded = pad(feature)
        if self.training:
            return self.pool(padded, neighbor, relative)
        rows = rows_at_a_time(neighbor.shape[1] * self.linear.out_features, feature)
        parts = zip(neighbor.split(rows), relative.split(rows))
        return torch.cat([self.pool(padded, near, place) for near, place in parts])

    def pool(self, padded: Tensor, neighbor: Tensor, relative: Tensor) -> Tensor:
        """Return f' of some points: padded (n + 1, in), neighbor (m, k), relative (m, k, 3) -> (m, C)."""
        points, near = neighbor.shape
        joined = torch.cat([relative, take_rows(padded, neighbor)], 2)  # (m, k, 3 + in)
        normalised = self.bn(self.linear(joined.flatten(0, 1)))  # (m k, C)
        if not points:  # whose maximum torch 1.8 refuses
            return normalised
        return torch.relu(normalised.view(points, near, -1).max(1)[0])


def activated_linear(in_channels: int, channels: int) -> nn.Sequential:
    """Return ReLU(BN(Linear f)): (n, in) -> (n, C)."""
    return nn.Sequential(nn.Linear(in_channels, channels), BatchNorm(channels), nn.ReLU(inplace=True))


class PointHead(nn.Module):
    """f_i = ReLU(BN(Linear [f_i, ReLU(Linear m)])), m the mean of the point's cloud: the top of the decoder."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.linear1 = activated_linear(2 * channels, channels)
        self.linear2 = nn.Sequential(nn.Linear(channels, channels), nn.ReLU(inplace=True))

    def forward(self, feature: Tensor, cloud: Tensor, clouds: int) -> Tensor:
        """Return f: feature (n, C), cloud (n,) int64, the cloud of each point, of so many -> (n, C)."""
        points = torch.bincount(cloud, minlength=clouds).clamp(min=1)[:, None]
        mean = segment_sum(feature, cloud, clouds) / points  # (B, C)
        return self.linear1(torch.cat([feature, take_rows(self.linear2(mean), cloud)], 1))


class PointUpsample(nn.Module):
    """f = ReLU(BN(Linear skip)) + interpolation of ReLU(BN(Linear coarse)) over the nearest coarse points."""

    def __init__(self, coarse_channels: int, skip_channels: int) -> None:
        super().__init__()
        self.linear1 = activated_linear(skip_channels, skip_channels)
        self.linear2 = activated_linear(coarse_channels, skip_channels)

    def forward(self, skip: Tensor, coarse: Tensor, neighbor: Tensor, weight: Tensor) -> Tensor:
        """Return f: skip (n, C), coarse (n', C'), neighbor (n, k) int64, weight (n, k) -> (n, C)."""
        return self.linear1(skip) + interpolate(self.linear2(coarse), neighbor, weight)
