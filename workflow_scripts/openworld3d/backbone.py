"""What training and inference ask of every backbone."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

import numpy as np
from torch import nn


class Backbone(nn.Module):
    """A network over points: `forward(feature, geometry)` returns logits (N, classes)."""

    @abstractmethod
    def geometry(self, coord: np.ndarray, offset: np.ndarray) -> Any:
        """Return what `forward` needs to know of coord (N, 3) float32, clouds ending at offset.

        It has `.to(device)`, and `.pairs`: the most attention pairs of any block, or what else memory depends on.
        """
