"""Cylinder3D (Zhu et al., CVPR 2021, arXiv 2011.10033), REAL's network, for scans of a spinning LiDAR.

Each point is embedded by its position in a cylindrical cell; embeddings are pooled to one feature per occupied cell,
refined by sparse asymmetric convolutions, and added to the point's own embedding: the paper's point-wise refinement,
which the released code lacks. The classifier is that of Stratified Transformer, with a hidden layer, so that recipes
work alike on both. The released head, one convolution from 128 channels to the classes, is a convolution to 128
channels here, before the classifier.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple, Sequence

import numpy as np
import torch
from torch import Tensor, nn

from openworld3d.errors import UserError
from openworld3d.networks.backbone import Backbone
from openworld3d.networks.layers.asymmetric import AsymmetricNetwork
from openworld3d.networks.layers.batch_norm import BatchNorm
from openworld3d.networks.layers.cylinder import Partition, occupied, point_features
from openworld3d.networks.layers.segment import segment_max, take_rows
from openworld3d.networks.layers.sparse import library, sparse_tensor
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
        "type": "array",
        "minItems": 2,
        "maxItems": 2,
        "items": {"type": "number"},
    },
    "height_range": {
        "description": "a list of two numbers, the lower first, metres above the sensor that the cells span",
        "type": "array",
        "minItems": 2,
        "maxItems": 2,
        "items": {"type": "number"},
    },
    "width": {"description": "channels of the first block; a point has four times as many", "$ref": "#/$defs/count"},
}

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


class Geometry(NamedTuple):
    """point (N, 8) float32, position features; voxel (V, 4) int32, occupied cells; row (N,) int64, points' cells."""

    point: Tensor
    voxel: Tensor
    row: Tensor
    clouds: int

    @property
    def pairs(self) -> int:
        """Return the number of occupied cells, on which memory depends."""
        return len(self.voxel)

    def to(self, device: torch.device) -> Geometry:
        """Return the geometry with every tensor on `device`."""
        return Geometry(self.point.to(device), self.voxel.to(device), self.row.to(device), self.clouds)


class Cylinder3D(Backbone):
    """Cylinder3D; its hyper-parameters are those of `KEYS`."""

    def __init__(self, options: Options, classes: int) -> None:
        super().__init__()
        (near, far), (low, high) = options.radius_range, options.height_range
        self.partition = Partition(options.cells, (near, -np.pi, low), (far, np.pi, high))
        channels = self.decoded_channels = 4 * options.width
        self.points = point_network(POSITION_FEATURES + 1)
        self.compress = nn.Sequential(nn.Linear(POINT_CHANNELS[-1], VOXEL_CHANNELS), nn.ReLU())
        self.voxels = AsymmetricNetwork(VOXEL_CHANNELS, options.width)
        self.refine = nn.Linear(POINT_CHANNELS[-1], channels)
        self.classifier = nn.Sequential(
            nn.Linear(channels, channels),
            BatchNorm(channels),
            nn.ReLU(inplace=True),
            nn.Linear(channels, classes),
        )

    def geometry(self, coord: np.ndarray, offset: np.ndarray) -> Geometry:
        """Return each point's cell and position features: coord (N, 3) float32 in metres from the sensor."""
        cloud = np.repeat(np.arange(len(offset)), np.diff(offset, prepend=0))
        point, cell = point_features(coord, self.partition)
        voxel, row = occupied(cloud, cell)
        return Geometry(torch.from_numpy(point), torch.from_numpy(voxel), torch.from_numpy(row), len(offset))

    def decode(self, feature: Tensor, geometry: Geometry) -> Tensor:
        """Return the classifier's input: (N, 3), of which only the first, the intensity, is used -> (N, 4 width).

        Height and distance are in `geometry.point`.
        """
        point = self.points(torch.cat([geometry.point, feature[:, :1]], 1))
        pooled = self.compress(segment_max(point, geometry.row, len(geometry.voxel)))  # (N, 256) -> (V, 16)
        voxels = self.voxels(
            sparse_tensor(pooled, geometry.voxel, list(self.partition.cells), geometry.clouds)
        )  # (V, 16) -> (V, 4 width)
        return take_rows(voxels, geometry.row) + self.refine(point)


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
    return Cylinder3D(pick(Options, config), classes)
