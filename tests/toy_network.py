"""A network whose every output can be told by hand."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from openworld3d.networks.backbone import Backbone
from openworld3d.recipes import Recipe


class ToyGeometry(NamedTuple):
    """Where the points are; each attends to every point."""

    coord: Tensor
    pairs: int

    def to(self, device: torch.device) -> ToyGeometry:
        return ToyGeometry(self.coord.to(device), self.pairs)


class ToyNetwork(Backbone):
    """logits = (red in -2..2, height, number of points); x, y and z come out as they came in."""

    def geometry(self, coord: np.ndarray, offset: np.ndarray) -> ToyGeometry:
        assert offset.tolist() == [len(coord)]
        return ToyGeometry(torch.from_numpy(coord), len(coord) ** 2)

    def decode(self, feature: Tensor, geometry: ToyGeometry) -> Tensor:
        count = torch.full((len(feature),), float(len(feature)))
        return torch.stack([feature[:, 0], geometry.coord[:, 2], count], 1)

    def forward(self, feature: Tensor, geometry: ToyGeometry) -> Tensor:
        return self.decode(feature, geometry)


class ToyRecipe(Recipe):
    """A recipe whose outputs are the logits, and where the points are."""

    def outputs(
        self, network: Backbone, feature: Tensor, geometry: Any, generator: torch.Generator
    ) -> dict[str, Tensor]:
        return {"logits": network(feature, geometry), "place": geometry.coord}


TOY_RECIPE = ToyRecipe((), ())
