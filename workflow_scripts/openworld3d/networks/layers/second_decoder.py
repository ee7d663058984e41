"""Second decoders, parallel to a backbone's own decoder, that output one logit of the unknown per point.

Each is called as `decoder(pyramid, geometry, generator)`: the return value of `PyramidBackbone.pyramid` for that
geometry, and the generator of random numbers, torch's global state if None. It returns the unknown's logit (N, 1).
Nothing is detached, so that a loss on that logit also trains the semantic decoder and the encoder. Weights have
torch's default initialisation, whatever the backbone's, as in PDF.
"""

from __future__ import annotations

from typing import Any, Callable, Sequence

import torch
from torch import Tensor, nn

from openworld3d.errors import UserError
from openworld3d.networks.backbone import PyramidBackbone
from openworld3d.networks.layers.batch_norm import BatchNorm
from openworld3d.networks.layers.memory_cell import MemoryCell
from openworld3d.networks.layers.upsample import Upsample


def unknown_head(channels: int, hidden: int) -> nn.Sequential:
    """Return the head that computes the unknown's logit of a point: (N, channels) -> (N, 1)."""
    return nn.Sequential(nn.Linear(channels, hidden), BatchNorm(hidden), nn.ReLU(inplace=True), nn.Linear(hidden, 1))


def decoded_levels(geometry: Any) -> list[Any]:
    """Return the levels at which the semantic decoder has an output, coarse to fine."""
    return [level for level in reversed(geometry.levels) if level.fine is not None]


class HeadOnly(nn.Module):
    """No second decoder: head(s_1), on the semantic decoder's output. `channels` of the levels, coarse to fine."""

    def __init__(self, channels: Sequence[int]) -> None:
        super().__init__()
        self.head = unknown_head(channels[-1], channels[-1])

    def forward(self, pyramid: list[Tensor], geometry: Any, generator: torch.Generator | None) -> Tensor:
        """Return the unknown's logit: (n, C) of each level -> (N, 1)."""
        return self.head(pyramid[-1])


class PlainDecoder(nn.Module):
    """PDF's uncertainty decoder (CVPR 2024, arXiv 2404.00979), as its released code has it; the logit is head(u_1).

    u = e_L, then u <- upsample(s_i, u) at each level i where the semantic decoder has an output s_i. The upsampling
    is the backbone's, in Stratified Transformer A_i LN(s_i) + interpolation of B_i LN(u), but its skip is what the
    semantic decoder made of the level, not the encoder. It interpolates as the backbone does, where the released code
    takes three points whatever `up_k` says. `channels` of the levels, coarse to fine.
    """

    def __init__(self, channels: Sequence[int], make_upsample: Callable[[int, int], nn.Module] = Upsample) -> None:
        super().__init__()
        self.upsamples = nn.ModuleList([make_upsample(coarse, fine) for coarse, fine in zip(channels, channels[1:])])
        self.head = unknown_head(channels[-1], channels[-1])

    def forward(self, pyramid: list[Tensor], geometry: Any, generator: torch.Generator | None) -> Tensor:
        """Return the unknown's logit: (n, C) of each level -> (N, 1)."""
        feature = pyramid[0]
        for upsample, skip, level in zip(self.upsamples, pyramid[1:], decoded_levels(geometry)):
            feature = upsample(skip, feature, level.fine, level.fine_weight)
        return self.head(feature)


class MemoryDecoder(nn.Module):
    """The prototype that PDF grew out of: a `MemoryCell` on each s_i, coarse to fine; the logit is head(a_1).

    A cell has the channels of its level, and returns those of the next finer one, the last its own. The prototype's
    head has two outputs, of which its loss can use one; this has one. `channels` of the levels, coarse to fine.
    """

    def __init__(self, channels: Sequence[int], initial_state: str) -> None:
        super().__init__()
        if len(channels) < 2:
            raise UserError(
                "memory cells need a backbone of 2 or more levels, found 1, since a cell reads the decoder's output "
                "at a level; raise num_layers, or choose another second decoder"
            )
        own = channels[1:]
        self.cells = nn.ModuleList(
            [
                MemoryCell(before, after, coarsest=index == 0, initial_state=initial_state)
                for index, (before, after) in enumerate(zip(own, [*own[1:], own[-1]]))
            ]
        )
        self.head = unknown_head(own[-1], own[-1] // 2)

    def forward(self, pyramid: list[Tensor], geometry: Any, generator: torch.Generator | None) -> Tensor:
        """Return the unknown's logit: (n, C) of each level -> (N, 1)."""
        feature = None
        for cell, decoded, level in zip(self.cells, pyramid[1:], decoded_levels(geometry)):
            feature = cell(decoded, feature, level.fine, level.fine_weight, generator)
        return self.head(feature)


def make_second_decoder(kind: str, initial_state: str, backbone: PyramidBackbone) -> nn.Module:
    """Return an untrained second decoder of a backbone: `none`, `plain` or `memory_cell`.

    `initial_state`, of memory cells alone, is `random`, `zero` or `learned`.
    """
    channels = backbone.pyramid_channels
    if kind == "memory_cell":
        return MemoryDecoder(channels, initial_state)
    return PlainDecoder(channels, backbone.make_upsample) if kind == "plain" else HeadOnly(channels)
