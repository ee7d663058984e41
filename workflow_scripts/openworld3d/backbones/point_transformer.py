"""Point Transformer (Zhao et al., ICCV 2021, arXiv 2012.09164) in plain PyTorch, as Pointcept re-implements it.

Parameters are named as there, so that its checkpoints load. Each of five levels has a quarter of the finer one's
points; `blocks` of 1, 2, 3, 5, 2 are PointTransformer-Seg50, of 1, 2, 2, 2, 2 PointTransformer-Seg38. A cloud of
fewer than 256 points has none at the coarsest level, and interpolates zeros from there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Mapping, NamedTuple, Sequence

import numpy as np
import torch
from torch import Tensor, nn

from openworld3d.networks.backbone import PyramidBackbone
from openworld3d.networks.layers.batch_norm import BatchNorm
from openworld3d.networks.layers.geometry import interpolation, nearest, sample_clouds
from openworld3d.networks.layers.point_attention import PointBlock
from openworld3d.networks.layers.point_transition import (
    PointEmbedding,
    PointHead,
    PointTransitionDown,
    PointUpsample,
)
from openworld3d.networks.pointcept import from_pointcept
from openworld3d.plugins import pick

KEYS: dict[str, Any] = {
    "planes": {
        "description": "channels of each level, a list of five multiples of 8; 32, 64, 128, 256, 512 as released",
        "type": "array",
        "minItems": 5,
        "maxItems": 5,
        "items": {"description": "a multiple of 8", "type": "integer", "minimum": 8, "multipleOf": 8},
    },
    "blocks": {
        "description": "blocks of each level of the encoder, a list of five whole numbers from 1",
        "type": "array",
        "minItems": 5,
        "maxItems": 5,
        "items": {"$ref": "#/$defs/count"},
    },
}

STRIDE = 4  # points of a level per point of the next coarser one
NEIGHBORS = (8, 16, 16, 16, 16)  # that a point of each level attends to, itself among them
POOLED = 16  # points that a point of a coarser level pools
INTERPOLATED = 3  # coarser points that a point interpolates


@dataclass(frozen=True)
class Options:
    """The values of `KEYS`."""

    planes: Sequence[int]
    blocks: Sequence[int]


class Level(NamedTuple):
    """One resolution of n points, and what lies between it and the coarser one of n' points.

    neighbor (n, k) int64, relative (n, k, 3): each point's nearest, itself first, and their offsets from it, metres.
    coarse (n', 16), coarse_relative (n', 16, 3): the same for what each coarser point pools, None at the coarsest
    level. fine (n, 3), fine_weight (n, 3): the coarser points that each point interpolates, of its own level at the
    coarsest. The index of a missing point is the number of points, its offset and weight are 0.
    """

    neighbor: Tensor
    relative: Tensor
    coarse: Tensor | None
    coarse_relative: Tensor | None
    fine: Tensor
    fine_weight: Tensor

    def to(self, device: torch.device) -> Level:
        """Return the level with every tensor on `device`."""
        moved = [value if value is None else value.to(device, non_blocking=True) for value in self]
        return Level(*moved)  # type: ignore[arg-type]


class Geometry(NamedTuple):
    """What depends on a batch's coordinates alone; cloud (n,) int64, the cloud of each of the coarsest points."""

    levels: list[Level]
    cloud: Tensor
    clouds: int

    @property
    def pairs(self) -> int:
        """Return the largest number of neighbours of a level, on which memory depends."""
        return max(level.neighbor.numel() for level in self.levels)

    def to(self, device: torch.device) -> Geometry:
        """Return the geometry with every tensor on `device`."""
        return Geometry(
            [level.to(device) for level in self.levels], self.cloud.to(device, non_blocking=True), self.clouds
        )


class PointTransformer(PyramidBackbone):
    """Point Transformer; its hyper-parameters are those of `KEYS`."""

    def __init__(self, options: Options, in_channels: int, classes: int) -> None:
        super().__init__()
        planes = options.planes
        self.decoded_channels = planes[0]
        self.pyramid_channels = [planes[-1], *planes[::-1]]
        downs = [PointEmbedding(in_channels, planes[0]), *map(PointTransitionDown, planes, planes[1:])]
        for level, (down, width, blocks) in enumerate(zip(downs, planes, options.blocks), 1):
            self.add_module(f"enc{level}", nn.ModuleList([down, *(PointBlock(width) for _ in range(blocks))]))
        ups = [*map(PointUpsample, planes[1:], planes), PointHead(planes[-1])]
        for level, (up, width) in reversed(list(enumerate(zip(ups, planes), 1))):
            self.add_module(f"dec{level}", nn.ModuleList([up, PointBlock(width)]))
        self.cls = nn.Sequential(
            nn.Linear(planes[0], planes[0]),
            BatchNorm(planes[0]),
            nn.ReLU(inplace=True),
            nn.Linear(planes[0], classes),
        )

    @property
    def classifier(self) -> nn.Sequential:  # type: ignore[override]
        """Return the classifier, which checkpoints call `cls`."""
        return self.cls

    def stages(self, kind: str) -> list[nn.ModuleList]:
        """Return transition and blocks of each level, fine to coarse, of the encoder (`enc`) or decoder (`dec`)."""
        return [getattr(self, f"{kind}{level}") for level in range(1, len(NEIGHBORS) + 1)]

    def geometry(self, coord: np.ndarray, offset: np.ndarray) -> Geometry:
        """Return the samples and neighbours of a batch: coord (N, 3) float32 in metres, offset (B,)."""
        levels: list[Level] = []
        for neighbors in NEIGHBORS:
            neighbor, relative = neighborhood(coord, offset, coord, offset, neighbors)
            if len(levels) == len(NEIGHBORS) - 1:
                itself = map(torch.from_numpy, interpolation(coord, offset, coord, offset, INTERPOLATED))
                levels.append(Level(neighbor, relative, None, None, *itself))
                break
            ((chosen, coarse_offset),) = sample_clouds(coord, offset, [lambda points: points // STRIDE])
            pooled = neighborhood(coord, offset, coord[chosen], coarse_offset, POOLED)
            fine = map(torch.from_numpy, interpolation(coord[chosen], coarse_offset, coord, offset, INTERPOLATED))
            levels.append(Level(neighbor, relative, *pooled, *fine))
            coord, offset = coord[chosen], coarse_offset
        cloud = np.repeat(np.arange(len(offset)), np.diff(offset, prepend=0))
        return Geometry(levels, torch.from_numpy(cloud), len(offset))

    def pyramid(self, feature: Tensor, geometry: Geometry) -> list[Tensor]:
        """Return the encoder's coarsest features, then the decoder's output at each level: (n, c) each."""
        levels, encoder, decoder = geometry.levels, self.stages("enc"), self.stages("dec")
        encoded = [through_blocks(encoder[0], encoder[0][0](feature), levels[0])]
        for stage, finer, level in zip(encoder[1:], levels, levels[1:]):
            feature = stage[0](encoded[-1], finer.coarse, finer.coarse_relative)
            encoded.append(through_blocks(stage, feature, level))
        top = decoder[-1][0](encoded[-1], geometry.cloud, geometry.clouds)
        pyramid = [encoded[-1], through_blocks(decoder[-1], top, levels[-1])]
        for stage, skip, level in list(zip(decoder, encoded, levels))[-2::-1]:
            feature = stage[0](skip, pyramid[-1], level.fine, level.fine_weight)
            pyramid.append(through_blocks(stage, feature, level))
        return pyramid

    def released_state(self, state: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Return released weights by our names, the first layer taking coordinates after what else a point has."""
        return from_pointcept(state, "enc1.0.linear.weight")

    def make_upsample(self, coarse_channels: int, channels: int) -> nn.Module:
        """Return an untrained layer of a second decoder, like those of this network's own."""
        return PointUpsample(coarse_channels, channels)


def neighborhood(
    coord: np.ndarray, offset: np.ndarray, query: np.ndarray, query_offset: np.ndarray, k: int
) -> tuple[Tensor, Tensor]:
    """Return the k nearest points, (M, k) int64, and their offsets from the query, (M, k, 3) float32 in metres.

    A missing one has the index N and the offset 0.
    """
    _, neighbor = nearest(coord, offset, query, query_offset, k)
    place = np.concatenate([coord, np.zeros((1, 3), np.float32)])[neighbor]  # (M, k, 3)
    relative = np.where((neighbor < len(coord))[:, :, None], place - query[:, None], np.float32(0))
    return torch.from_numpy(neighbor), torch.from_numpy(relative)


def through_blocks(stage: nn.ModuleList, feature: Tensor, level: Level) -> Tensor:
    """Return what the blocks of a stage make of the features of its level: (n, C) -> (n, C)."""
    for block in stage[1:]:
        feature = block(feature, level.neighbor, level.relative)
    return feature


def build(config: dict[str, Any], in_channels: int, classes: int) -> PointTransformer:
    """Return an untrained network, initialised as torch does."""
    return PointTransformer(pick(Options, config), in_channels, classes)
