"""Cylinder3D (Zhu et al., CVPR 2021, arXiv 2011.10033), REAL's network, for scans of a spinning LiDAR.

Points are described by their place in a cylindrical cell, pooled to one feature per occupied cell, refined by sparse
asymmetric convolutions, and described again by their cell and by themselves: the paper's point-wise refinement, which
the released code does not have. Nor does it have the hidden layer of the classifier, which is Stratified
Transformer's, so that a recipe finds the same in both; its head, one convolution from 128 channels to the classes, is
a convolution to 128 channels here, before the classifier.
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

OF_PLACE = 8  # offset from the cell's centre, place in the cylinder, x and y
OF_SCAN = 3  # what `batches` says of a point of a LiDAR scan: intensity, height and distance
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
    """point (N, 8) float32, what a point's place says; voxel (V, 4) int32, occupied cells; row (N,) int64 of them."""

    point: Tensor
    voxel: Tensor
    row: Tensor
    clouds: int

    @property
    def pairs(self) -> int:
        """Return the occupied cells, on which memory depends."""
        return len(self.voxel)

    def to(self, device: torch.device) -> Geometry:
        """Return the geometry with every tensor on `device`."""
        return Geometry(self.point.to(device), self.voxel.to(device), self.row.to(device), self.clouds)


class Cylinder3D(Backbone):
    """Points to class logits; `KEYS` says what its hyper-parameters are."""

    def __init__(self, options: Options, classes: int) -> None:
        super().__init__()
        (near, far), (low, high) = options.radius_range, options.height_range
        self.partition = Partition(options.cells, (near, -np.pi, low), (far, np.pi, high))
        channels = self.decoded_channels = 4 * options.width
        self.points = point_network(OF_PLACE + 1)
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
        """Return which cell holds each point, and where in it: coord (N, 3) float32 in metres from the sensor."""
        cloud = np.repeat(np.arange(len(offset)), np.diff(offset, prepend=0))
        point, cell = point_features(coord, self.partition)
        voxel, row = occupied(cloud, cell)
        return Geometry(torch.from_numpy(point), torch.from_numpy(voxel), torch.from_numpy(row), len(offset))

    def decode(self, feature: Tensor, geometry: Geometry) -> Tensor:
        """Return what the classifier makes logits of: (N, 3), whose first is the intensity -> (N, 4 width).

        Of height and distance the network has its own, `geometry.point`.
        """
        point = self.points(torch.cat([geometry.point, feature[:, :1]], 1))
        pooled = self.compress(segment_max(point, geometry.row, len(geometry.voxel)))  # (N, 256) -> (V, 16)
        voxels = self.voxels(
            sparse_tensor(pooled, geometry.voxel, list(self.partition.cells), geometry.clouds)
        )  # (V, 16) -> (V, 4 width)
        return take_rows(voxels, geometry.row) + self.refine(point)


def point_network(in_channels: int) -> nn.Sequential:
    """Return what describes a point by itself: (N, in) -> (N, 256)."""
    layers: list[nn.Module] = [BatchNorm(in_channels)]
    widths = (in_channels, *POINT_CHANNELS)
    for before, after in zip(widths[:-2], widths[1:-1]):
        layers += [nn.Linear(before, after), BatchNorm(after), nn.ReLU()]
    return nn.Sequential(*layers, nn.Linear(*widths[-2:]))


def build(config: dict[str, Any], in_channels: int, classes: int) -> Cylinder3D:
    """Return an untrained network; raises UserError for scenes of no LiDAR, and where there is no spconv."""
    if in_channels != OF_SCAN:
        raise UserError(
            f"network cylinder3d is asked for {in_channels} features of a point, expected {OF_SCAN}, those of a scan "
            "of a LiDAR that stands at its origin; give the protocol's dataset another backbone"
        )
    library()
    return Cylinder3D(pick(Options, config), classes)
