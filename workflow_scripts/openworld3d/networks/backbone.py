"""What training and inference ask of every backbone."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

import numpy as np
from torch import Tensor, nn


class Backbone(nn.Module):
    """A network over points: `forward(feature, geometry)` returns logits (N, classes).

    They are `classifier(decode(feature, geometry))`; the classifier looks at each point alone, and ends in a linear
    layer.
    """

    classifier: nn.Sequential

    @abstractmethod
    def geometry(self, coord: np.ndarray, offset: np.ndarray) -> Any:
        """Return what `forward` needs to know of coord (N, 3) float32, clouds ending at offset.

        It has `.to(device)`, and `.pairs`: the most attention pairs of any block, or what else memory depends on.
        """

    @abstractmethod
    def decode(self, feature: Tensor, geometry: Any) -> Tensor:
        """Return what the classifier makes logits of: (N, F) float32 -> (N, C)."""


class PyramidBackbone(Backbone):
    """A backbone whose decoder goes up levels of ever more points, so that a second decoder can go up beside it.

    Its geometry has `.levels`, fine to coarse. All but the last have `.fine` (n, k) int64 and `.fine_weight` (n, k)
    float32: the points of the next coarser level that each of the level's n points interpolates, and their weights.
    """

    pyramid_channels: list[int]  # of what `pyramid` returns, coarse to fine

    @abstractmethod
    def pyramid(self, feature: Tensor, geometry: Any) -> list[Tensor]:
        """Return [e_L, s_{L-1}, ..., s_1]: what the encoder ends in, and what the decoder makes of each finer level.

        feature (N, F) float32 -> (n, C) each, n and C those of the level; the last has all N points.
        """

    def decode(self, feature: Tensor, geometry: Any) -> Tensor:
        """Return the last of `pyramid`, what the classifier makes logits of: (N, F) float32 -> (N, C)."""
        return self.pyramid(feature, geometry)[-1]
