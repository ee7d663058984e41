"""The transition of Stratified Transformer from a level to the next coarser one."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from openworld3d.networks.layers.segment import take_rows

CHUNK = 2048  # points pooled at a time: their neighbours' features are many times as large as the level's


class TransitionDown(nn.Module):
    """f' = max over the k nearest of Linear(LN f)."""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(in_channels)
        self.linear = nn.Linear(in_channels, out_channels, bias=False)

    def forward(self, feature: Tensor, neighbor: Tensor) -> Tensor:
        feature = self.linear(self.norm(feature))
        pooled = [take_rows(feature, near).max(1)[0] for near in neighbor.split(CHUNK)]  # each (n, k, c) -> (n, c)
        return torch.cat(pooled)
