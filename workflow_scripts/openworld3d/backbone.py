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
