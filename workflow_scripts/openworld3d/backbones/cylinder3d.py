"""Cylinder3D (Zhu et al., CVPR 2021, arXiv 2011.10033), REAL's network, for scans of a spinning LiDAR.

Each point is embedded by its position in a cylindrical cell; embeddings are pooled to one feature per occupied cell,
which sparse asymmetric convolutions refine. Of its `variant`s, `as_released` is the network that was published and
whose checkpoints there are: convolutions of different kernels share their neighbours, as spconv 1 had it, its head is
one convolution from the cells to the classes, and all points of a cell have its logits. `as_written` has the
neighbours that its code means. `refined` has those too, and adds each point's own embedding to its cell's feature,
the paper's point-wise refinement, which the released code lacks. Its classifier is Stratified Transformer's, behind a
convolution to 128 channels, so that scores on features and the last layer work alike on both.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Mapping, NamedTuple, Sequence

import numpy as np
import torch
from torch import Tensor, nn

from openworld3d.errors import UserError
from openworld3d.networks.backbone import GatedBackbone
from openworld3d.networks.cylinder3d_names import renamed
from openworld3d.networks.layers.asymmetric import CUBE, AsymmetricNetwork, NeighborhoodLayer
from openworld3d.networks.layers.batch_norm import BatchNorm
from openworld3d.networks.layers.cylinder import Partition, majority, occupied, point_features
from openworld3d.networks.layers.segment import segment_max, take_rows
from openworld3d.networks.layers.sparse import (
    from_spconv1,
    initialise_as_spconv1,
    library,
    sparse_tensor,
    submanifold,
)
from openworld3d.plugins import pick

KEYS: dict[str, Any] = {
    "cells": {
        "description": "cells along radius, angle and height, a list of three whole numbers from 2",
        "type": "array",
        "minItems": 3,
        "maxItems": 3,
        "items": {"type": "integer", "minimum": 2},
    },
    "radius_range": {
        "description": "a list of two numbers, the lower first, metres from the sensor that the cells span",
        "$ref": "#/$defs/range",
    },
    "height_range": {
        "description": "a list of two numbers, the lower first, metres above the sensor that the cells span",
        "$ref": "#/$defs/range",
    },
    "width": {"description": "channels of the first block; a cell has four times as many", "$ref": "#/$defs/count"},
    "variant": {
        "description": "refined, as_written, or as_released, to which released checkpoints belong; refined where it "
        "is left out",
        "enum": ["refined", "as_written", "as_released"],
        "default": "refined",
    },
    "targets": {
        "description": "points, or cells, of which each then counts once in the loss, with its most frequent label, "
        "as released; points where it is left out, and with variant refined",
        "enum": ["points", "cells"],
        "default": "points",
    },
}

HAS_GATES: bool = True

HALF_TURN = 3.1415926  # as released

POSITION_FEATURES = 8  # offset from the cell's centre, position in the cylinder, x and y
SCAN_FEATURES = 3  # of a LiDAR point in `networks.inputs`: intensity, height and distance
POINT_CHANNELS = (64, 128, 256, 256)
VOXEL_CHANNELS = 16


@dataclass(frozen=True)
class Options:
    """The values of `KEYS`."""

    cells: Sequence[int]
    radius_range: Sequence[float]
    height_range: Sequence[float]
    width: int
    variant: str
    targets: str


class Geometry(NamedTuple):
    """point (N, 8) float32, position features; voxel (V, 4) int32, occupied cells; row (N,) int64, points' cells.

    first (V,) int64: the first point of each cell.
    """

    point: Tensor
    voxel: Tensor
    row: Tensor
    first: Tensor
    clouds: int

    @property
    def pairs(self) -> int:
        """Return the number of occupied cells, on which memory depends."""
        return len(self.voxel)

    def to(self, device: torch.device) -> Geometry:
        """Return the geometry with every tensor on `device`."""
        point, voxel, row, first = (tensor.to(device, non_blocking=True) for tensor in self[:4])
        return Geometry(point, voxel, row, first, self.clouds)


class Cylinder3D(GatedBackbone):
    """What the variants share; hyper-parameters are those of `KEYS`."""

    def __init__(self, options: Options) -> None:
        super().__init__()
        (near, far), (low, high) = options.radius_range, options.height_range
        self.partition = Partition(options.cells, (near, -HALF_TURN, low), (far, HALF_TURN, high))
        self.decoded_channels = 4 * options.width
        self.points = point_network(POSITION_FEATURES + 1)
        self.compress = nn.Sequential(nn.Linear(POINT_CHANNELS[-1], VOXEL_CHANNELS), nn.ReLU())
        self.voxels = AsymmetricNetwork(VOXEL_CHANNELS, options.width, options.variant == "as_released")

    def geometry(self, coord: np.ndarray, offset: np.ndarray) -> Geometry:
        """Return each point's cell and position features: coord (N, 3) float32 in metres from the sensor."""
        cloud = np.repeat(np.arange(len(offset)), np.diff(offset, prepend=0))
        point, cell = point_features(coord, self.partition)
        voxel, row, first = (torch.from_numpy(array) for array in occupied(cloud, cell))
        return Geometry(torch.from_numpy(point), voxel, row, first, len(offset))

    def ungated(self, feature: Tensor, geometry: Geometry) -> tuple[Any, Tensor]:
        """Return the cells (V, 2 width), and the embedding of each point (N, 256): feature (N, 3)."""
        point = self.embedded(feature, geometry)
        return self.voxels.ungated(self.cells(self.pooled(point, geometry), geometry)), point

    def embedded(self, feature: Tensor, geometry: Geometry) -> Tensor:
        """Return the embedding of each point: (N, 3), of which only the first, the intensity, is used -> (N, 256).

        Height and distance are in `geometry.point`.
        """
        return self.points(torch.cat([geometry.point, feature[:, :1]], 1))

    def pooled(self, point: Tensor, geometry: Geometry) -> Tensor:
        """Return what the points of each cell are pooled to: (N, 256) -> (V, 16)."""
        return self.compress(segment_max(point, geometry.row, len(geometry.voxel)))

    def cells(self, feature: Tensor, geometry: Geometry) -> Any:
        """Return the sparse tensor of features (V, C) of the cells."""
        return sparse_tensor(feature, geometry.voxel, list(self.partition.cells), geometry.clouds)


class Refined(Cylinder3D):
    """The network with point-wise refinement."""

    def __init__(self, options: Options, classes: int) -> None:
        super().__init__(options)
        channels = self.decoded_channels
        self.neighborhood = submanifold(channels, channels, CUBE, 0)
        self.refine = nn.Linear(POINT_CHANNELS[-1], channels)
        self.classifier = self.new_head(classes)

    def gated(
        self, ungated: tuple[Any, Tensor], geometry: Geometry, dropout: float, generator: torch.Generator | None
    ) -> Tensor:
        """Return the features of the points: -> (N, 4 width)."""
        cells, point = ungated
        cells = self.neighborhood(self.voxels.gated(cells, dropout, generator))
        return take_rows(cells.features, geometry.row) + self.refine(point)


class Released(Cylinder3D):
    """The network as it was written or released, which says the same of all points of a cell."""

    def __init__(self, options: Options, classes: int) -> None:
        super().__init__(options)
        self.by_cell = options.targets == "cells"
        self.classifier = self.new_head(classes)
        if options.variant == "as_released":
            initialise_as_spconv1(self)

    def gated(
        self, ungated: tuple[Any, Tensor], geometry: Geometry, dropout: float, generator: torch.Generator | None
    ) -> Tensor:
        """Return the features of the sites, cells or points: -> (sites, 4 width)."""
        return self.of_sites(self.voxels.gated(ungated[0], dropout, generator).features, geometry)

    def of_sites(self, cells: Tensor, geometry: Geometry) -> Tensor:
        """Return what each site has of (V, C) that cells have."""
        return cells if self.by_cell else take_rows(cells, geometry.row)

    def apply_last_layer(self, layer: nn.Module, features: Tensor, geometry: Geometry) -> Tensor:
        """Return the logits of the sites, which depend on the cells around: (sites, 4 width) -> (sites, outputs)."""
        cells = features if self.by_cell else take_rows(features, geometry.first)
        return self.of_sites(layer(self.cells(cells, geometry)), geometry)

    def new_last_layer(self, outputs: int) -> nn.Module:
        """Return a convolution beside that of the head."""
        return NeighborhoodLayer(self.decoded_channels, outputs)

    def new_head(self, outputs: int) -> nn.Sequential:
        """Return a head as released, without a hidden layer."""
        return nn.Sequential(self.new_last_layer(outputs))

    def sites(self, geometry: Geometry) -> Tensor | None:
        """Return each point's cell, (N,) int64, where the targets are those of cells."""
        return geometry.row if self.by_cell else None

    def site_targets(self, geometry: Geometry, target: np.ndarray) -> np.ndarray:
        """Return the most frequent target of each cell, where the targets are those of cells."""
        return majority(geometry.row.numpy(), target) if self.by_cell else target

    def released_state(self, state: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Return the state of a released checkpoint, of Cylinder3D or REAL, by the names here and as spconv 2 has it.

        In a network that drops gates, the context block is the one that REAL trained so.
        """
        return from_spconv1(renamed(state, self.drops_gates), self)


def point_network(in_channels: int) -> nn.Sequential:
    """Return the perceptron that embeds each point by itself: (N, in) -> (N, 256)."""
    layers: list[nn.Module] = [BatchNorm(in_channels)]
    widths = (in_channels, *POINT_CHANNELS)
    for before, after in zip(widths[:-2], widths[1:-1]):
        layers += [nn.Linear(before, after), BatchNorm(after), nn.ReLU()]
    return nn.Sequential(*layers, nn.Linear(*widths[-2:]))


def build(config: dict[str, Any], in_channels: int, classes: int) -> Cylinder3D:
    """Return an untrained network; raises UserError for scenes that are no LiDAR scans, and without spconv."""
    if in_channels != SCAN_FEATURES:
        raise UserError(
            f"network cylinder3d: the dataset has {in_channels} features per point, expected the {SCAN_FEATURES} of "
            "a LiDAR scan with the sensor at the origin; choose another backbone for the protocol's dataset"
        )
    library()
    options = pick(Options, {**{name: key.get("default") for name, key in KEYS.items()}, **config})
    return Refined(options, classes) if options.variant == "refined" else Released(options, classes)
