"""Upsampling from a coarser level to the next finer one."""

from __future__ import annotations

from torch import Tensor, nn

from openworld3d.networks.layers.segment import pad, take_rows


def interpolate(coarse: Tensor, neighbor: Tensor, weight: Tensor) -> Tensor:
    """Return sum_k weight[i, k] coarse[neighbor[i, k]]: (n', C), neighbor and weight (n, k) -> (n, C).

    A neighbour n' is missing and adds nothing.
    """
    return (take_rows(pad(coarse), neighbor) * weight[:, :, None]).sum(1)  # (n, k, C) -> (n, C)


def normalised_linear(in_channels: int, out_channels: int) -> nn.Sequential:
    """Return Linear(LN f): (N, in) -> (N, out)."""
    return nn.Sequential(nn.LayerNorm(in_channels), nn.Linear(in_channels, out_channels))


class Upsample(nn.Module):
    """f = Linear(LN skip) + interpolation of Linear(LN coarse) over the nearest coarse points."""

    def __init__(self, coarse_channels: int, skip_channels: int) -> None:
        super().__init__()
        self.linear1 = normalised_linear(skip_channels, skip_channels)
        self.linear2 = normalised_linear(coarse_channels, skip_channels)

    def forward(self, skip: Tensor, coarse: Tensor, neighbor: Tensor, weight: Tensor) -> Tensor:
        return self.linear1(skip) + interpolate(self.linear2(coarse), neighbor, weight)
