"""The KPConv stem of Stratified Transformer: rigid kernel points with linear influence (Thomas et al., ICCV 2019)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from openworld3d.networks.layers.batch_norm import BatchNorm
from openworld3d.networks.layers.segment import pad, take_rows

KERNEL_POINTS = 15
STEM_MOMENTUM = 0.02
CHUNK = 1024  # points at a time: the influences are 15 x 34 numbers per point
CACHED = 256  # points whose influences fit into a core's cache, for a dozen passes over them
SHADOW = 1e6  # coordinate of the padding neighbour, out of reach of every kernel point


class StemNorm(nn.Module):
    """Batch normalisation under the parameter name of released checkpoints."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.batch_norm = BatchNorm(channels, momentum=STEM_MOMENTUM)

    def forward(self, feature: Tensor) -> Tensor:
        return self.batch_norm(feature)


@torch.no_grad()
def kernel_influence(center: Tensor, near: Tensor, points: Tensor, reach: float) -> Tensor:
    """Return max(0, 1 - |x_j - x_i - x_k| / reach): x_i (N, 3), x_j (N, m, 3), x_k (15, 3) -> (N, 15, m)."""
    relative = (near - center[:, None]).permute(2, 0, 1).contiguous()[:, :, None]  # (3, N, 1, m)
    kernel = points.t().contiguous()[:, :, None]  # (3, 15, 1)
    influence = near.new_empty(len(center), len(points), near.shape[1])
    parts = zip(influence.split(CACHED), relative.split(CACHED, 1))
    offset = torch.empty_like(influence[:CACHED])
    for part, (x, y, z) in parts:
        torch.sub(x, kernel[0], out=part)
        part.mul_(part)
        for axis, of_kernel in ((y, kernel[1]), (z, kernel[2])):
            along = torch.sub(axis, of_kernel, out=offset[: len(part)])
            part.addcmul_(along, along)
        part.sqrt_().div_(-reach).add_(1).clamp_(min=0)
    return influence


class Neighborhood:
    """A cloud's points (N, 3) with their neighbours (N, m), of which N is missing, and how kernel points reach them.

    Layers of equal kernel points share that.
    """

    def __init__(self, coord: Tensor, neighbor: Tensor) -> None:
        self.coord = coord
        self.neighbor = neighbor.split(CHUNK)
        self.kernel: tuple[Tensor, float] | None = None
        self.influences: list[Tensor] = []

    def influences_of(self, points: Tensor, reach: float) -> list[Tensor]:
        """Return the influences of kernel points (15, 3), each (n, 15, m), CHUNK points at a time."""
        if self.kernel is None or self.kernel[1] != reach or not torch.equal(self.kernel[0], points):
            shadowed = torch.cat([self.coord, self.coord.new_full((1, 3), SHADOW)])
            self.kernel = points, reach
            self.influences = [
                kernel_influence(center, take_rows(shadowed, near), points, reach)
                for center, near in zip(self.coord.split(CHUNK), self.neighbor)
            ]
        return self.influences


class KPConv(nn.Module):
    """h_i = sum over kernel points k and neighbours j of influence(i, j, k) W_k f_j."""

    def __init__(self, in_channels: int, out_channels: int, reach: float) -> None:
        super().__init__()
        self.reach = reach
        self.K_points = nn.Parameter(kernel_points(1.5 * reach), requires_grad=False)
        self.weight = nn.Parameter(nn.init.xavier_normal_(torch.empty(KERNEL_POINTS, in_channels, out_channels)))

    def forward(self, feature: Tensor, neighborhood: Neighborhood) -> Tensor:
        padded = pad(feature)
        parts = []
        for influence, near in zip(neighborhood.influences_of(self.K_points, self.reach), neighborhood.neighbor):
            weighted = torch.matmul(influence, take_rows(padded, near))  # (n, 15, in)
            parts.append(torch.matmul(weighted.flatten(1), self.weight.flatten(0, 1)))  # (n, out)
        return torch.cat(parts)


def kernel_points(radius: float) -> Tensor:
    """Place one kernel point at the centre and 14 around it by repulsion: (15, 3) float32, the farthest at `radius`.

    KPConv, supplementary B: points repel each other and are attracted to the centre; deterministic here.
    """
    generator = torch.Generator().manual_seed(0)
    points = torch.randn(KERNEL_POINTS, 3, generator=generator, dtype=torch.float64)
    points[0] = 0
    for step in range(500):
        apart = points[:, None] - points
        distance = apart.norm(dim=2, keepdim=True).clamp(min=1e-3)
        force = (apart / distance**3).sum(1) - points
        force[0] = 0
        points = points + 0.1 * 0.99**step * force.clamp(-1, 1)
    return (points * radius / points.norm(dim=1).max()).float()


class KPConvSimpleBlock(nn.Module):
    """h = LeakyReLU(BN(KPConv(f)))."""

    def __init__(self, in_channels: int, out_channels: int, reach: float) -> None:
        super().__init__()
        self.kpconv = KPConv(in_channels, out_channels, reach)
        self.bn = StemNorm(out_channels)
        self.activation = nn.LeakyReLU(0.2)

    def forward(self, feature: Tensor, neighborhood: Neighborhood) -> Tensor:
        return self.activation(self.bn(self.kpconv(feature, neighborhood)))


class KPConvResBlock(nn.Module):
    """h = f + unary_2(KPConv(unary_1(f))), each unary a Linear-BN-LeakyReLU through a quarter of the channels.

    `bn` is unused; released checkpoints have it.
    """

    def __init__(self, channels: int, reach: float) -> None:
        super().__init__()
        inner = channels // 4
        self.unary_1 = nn.Sequential(nn.Linear(channels, inner, bias=False), StemNorm(inner), nn.LeakyReLU(0.2))
        self.unary_2 = nn.Sequential(nn.Linear(inner, channels, bias=False), StemNorm(channels), nn.LeakyReLU(0.2))
        self.kpconv = KPConv(inner, inner, reach)
        self.bn = StemNorm(channels)

    def forward(self, feature: Tensor, neighborhood: Neighborhood) -> Tensor:
        return feature + self.unary_2(self.kpconv(self.unary_1(feature), neighborhood))
