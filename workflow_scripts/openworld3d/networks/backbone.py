"""The contract of every backbone's network: what training, inference and recipes use of it."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, Iterable, cast

import numpy as np
from torch import Tensor, nn


class Backbone(nn.Module):
    """A network over points: `forward(feature, geometry)` returns logits (N, classes).

    They are `classifier(decode(feature, geometry))`. The classifier processes each point by itself: `classifier[:-1]`
    turns what `decode` returns into the features of a point, and its last layer turns those into logits.
    """

    classifier: nn.Sequential
    decoded_channels: int  # of what `decode` returns, C

    @abstractmethod
    def geometry(self, coord: np.ndarray, offset: np.ndarray) -> Any:
        """Return what `forward` needs to know of coord (N, 3) float32, clouds ending at offset.

        It has `.to(device)`, and `.pairs`: the most attention pairs of any block, or what else memory depends on.
        """

    @abstractmethod
    def decode(self, feature: Tensor, geometry: Any) -> Tensor:
        """Return the classifier's input: (N, F) float32 -> (N, C)."""

    def forward(self, feature: Tensor, geometry: Any) -> Tensor:
        """Return class logits: (N, F) float32 -> (N, classes)."""
        return self.classifier(self.decode(feature, geometry))

    def features(self, decoded: Tensor) -> Tensor:
        """Return the input of the last layer: (N, C) -> (N, H)."""
        return self.classifier[:-1](decoded)

    @property
    def last_layer(self) -> nn.Linear:
        """Return the linear layer from a point's features to its logits."""
        return cast(nn.Linear, self.classifier[-1])

    def last_layer_names(self) -> list[str]:
        """Return the names of the last layer's weight and bias in the network's state."""
        prefix = next(name for name, module in self.named_modules() if module is self.last_layer)
        return [f"{prefix}.{name}" for name in self.last_layer.state_dict()]

    def block_parameters(self) -> Iterable[nn.Parameter]:
        """Return the parameters that train at the recipe's `block_learning_rate`; none unless a backbone has some."""
        return ()


class PyramidBackbone(Backbone):
    """A backbone whose decoder goes up levels of ever more points, so that a second decoder can go up beside it.

    Its geometry has `.levels`, fine to coarse. All but the last have `.fine` (n, k) int64 and `.fine_weight` (n, k)
    float32: the points of the next coarser level that each of the level's n points interpolates, and their weights.
    """

    pyramid_channels: list[int]  # of what `pyramid` returns, coarse to fine

    @abstractmethod
    def pyramid(self, feature: Tensor, geometry: Any) -> list[Tensor]:
        """Return [e_L, s_{L-1}, ..., s_1]: the encoder's output, then the decoder's output at each finer level.

        feature (N, F) float32 -> (n, C) each, n and C those of the level; the last has all N points.
        """

    def decode(self, feature: Tensor, geometry: Any) -> Tensor:
        """Return the last of `pyramid`, the classifier's input: (N, F) float32 -> (N, C)."""
        return self.pyramid(feature, geometry)[-1]
