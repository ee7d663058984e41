"""Stochastic depth (Huang et al., ECCV 2016, arXiv 1603.09382), drawn for each point."""

from __future__ import annotations

from contextlib import contextmanager
from typing import Iterator

import torch
from torch import Tensor, nn


class DropPath(nn.Module):
    """Drop a point's residual branch with probability `rate`, in training and within `dropping_paths`."""

    def __init__(self, rate: float) -> None:
        super().__init__()
        self.rate = rate
        self.generator: torch.Generator | None = None

    def forward(self, branch: Tensor) -> Tensor:
        """Return branch * m / (1 - rate), m independent for each point and 0 with probability `rate`: (N, C)."""
        if self.rate == 0 or not (self.training or self.generator):
            return branch
        kept = torch.rand(len(branch), 1, generator=self.generator, device=branch.device) >= self.rate
        return branch * kept / (1 - self.rate)


@contextmanager
def dropping_paths(network: nn.Module, generator: torch.Generator) -> Iterator[None]:
    """Drop residual branches in evaluation mode too within the `with` block, drawn from `generator`."""
    layers = [layer for layer in network.modules() if isinstance(layer, DropPath)]
    for layer in layers:
        layer.generator = generator
    try:
        yield
    finally:
        for layer in layers:
            layer.generator = None
