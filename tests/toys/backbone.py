"""A perceptron that looks at each point by itself: a backbone for tests of how one is added."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from openworld3d.networks.backbone import Backbone

KEYS: dict[str, Any] = {"width": {"description": "channels of the hidden layer", "$ref": "#/$defs/count"}}


class Geometry(NamedTuple):
    """Nothing: no point knows of another."""

    pairs: int = 0

    def to(self, device: torch.device) -> Geometry:
        """Return itself."""
        return self


class Perceptron(Backbone):
    """One hidden layer."""

    def __init__(self, in_channels: int, width: int, classes: int) -> None:
        super().__init__()
        self.hidden = nn.Linear(in_channels, width)
        self.classifier = nn.Sequential(nn.ReLU(), nn.Linear(width, classes))
        self.decoded_channels = width

    def geometry(self, coord: np.ndarray, offset: np.ndarray) -> Geometry:
        """Return nothing."""
        return Geometry()

    def decode(self, feature: Tensor, geometry: Geometry) -> Tensor:
        """Return the hidden layer: (N, F) float32 -> (N, C)."""
        return self.hidden(feature)


def build(config: dict[str, Any], in_channels: int, classes: int) -> Perceptron:
    """Return an untrained perceptron."""
    return Perceptron(in_channels, config["width"], classes)
