"""Stratified Transformer (Lai et al., CVPR 2022, arXiv 2203.14508) in plain PyTorch.

Parameters are named as in the reference, so that its checkpoints load.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Iterable, Mapping, NamedTuple, Sequence, cast

import numpy as np
import torch
from torch import Tensor, nn

from openworld3d.networks.backbone import PyramidBackbone
from openworld3d.networks.layers.batch_norm import BatchNorm
from openworld3d.networks.layers.geometry import (
    ball_neighbors,
    interpolation,
    nearest,
    sample_clouds,
    stratified_pairs,
)
from openworld3d.networks.layers.kpconv import KPConvResBlock, KPConvSimpleBlock, Neighborhood
from openworld3d.networks.layers.pair_attention import Pairs, make_pairs
from openworld3d.networks.layers.stratified_attention import table_rows
from openworld3d.networks.layers.transformer_block import Block
from openworld3d.networks.layers.transition_down import TransitionDown
from openworld3d.networks.layers.upsample import Upsample
from openworld3d.networks.pointcept import from_pointcept
from openworld3d.plugins import pick

# Named as in the reference's YAML.
KEYS: dict[str, Any] = {
    "stem_transformer": {"description": "whether the first level has transformer blocks", "type": "boolean"},
    "num_layers": {"description": "levels", "$ref": "#/$defs/count"},
    "depths": {"description": "blocks of each level", "$ref": "#/$defs/counts"},
    "channels": {"description": "channels of each level", "$ref": "#/$defs/counts"},
    "num_heads": {"description": "attention heads of each level", "$ref": "#/$defs/counts"},
    "window_size": {"description": "side of the first level's windows in voxels", "$ref": "#/$defs/factor"},
    "quant_size": {"description": "step of the first level's position tables in metres", "$ref": "#/$defs/length"},
    "downsample_scale": {"description": "points per sparse key", "$ref": "#/$defs/count"},
    "ratio": {"description": "share of points that a transition keeps", "$ref": "#/$defs/share"},
    "k": {"description": "points that a transition pools", "$ref": "#/$defs/count"},
    "up_k": {"description": "coarse points that an upsampling interpolates", "$ref": "#/$defs/count"},
    "drop_path_rate": {
        "description": "a number from 0 and below 1, stochastic depth of the last block",
        "type": "number",
        "minimum": 0,
        "exclusiveMaximum": 1,
    },
    "initialisation": {"description": "initialisation of linear layers", "enum": ["reference", "xavier"]},
}

STEM_NEIGHBORS = 34
STEM_RADIUS = 2.5  # in grid cells


@dataclass(frozen=True)
class Options:
    """The values of `KEYS`, and the size of a voxel in metres, `grid_size`."""

    grid_size: float
    stem_transformer: bool
    num_layers: int
    depths: Sequence[int]
    channels: Sequence[int]
    num_heads: Sequence[int]
    window_size: float
    quant_size: float
    downsample_scale: int
    ratio: float
    k: int
    up_k: int
    drop_path_rate: float
    initialisation: str

    def side(self, level: int) -> float:
        """Return the side of a small window of `level` in metres."""
        return self.grid_size * self.window_size * 2**level

    def step(self, level: int) -> float:
        """Return the step of the position tables of `level` in metres."""
        return self.quant_size * 2**level

    def sparse_points(self, points: int) -> int:
        """Return how many of a cloud's points are keys of points far away."""
        return points // self.downsample_scale + 1

    def coarse_points(self, points: int) -> int:
        """Return how many of a cloud's points form the coarser level."""
        return int(points * self.ratio) + 1


class Level(NamedTuple):
    """One resolution: the attention pairs of plain and shifted blocks, and the neighbours between it and the coarser.

    coarse (n', k): the k points that each point of the coarser level pools; fine (n, up_k) and fine_weight (n, up_k):
    the coarser points that each point interpolates, and their weights. All three are None at the coarsest level,
    `pairs` is None at a level without blocks.
    """

    pairs: tuple[Pairs, Pairs] | None
    coarse: Tensor | None
    fine: Tensor | None
    fine_weight: Tensor | None


class Geometry(NamedTuple):
    """What depends on a batch's coordinates alone, computed once for all layers."""

    coord: Tensor
    neighbor: Tensor
    levels: list[Level]

    @property
    def pairs(self) -> int:
        """Return the largest number of attention pairs of a block, on which memory depends."""
        return max((len(pairs.query) for level in self.levels for pairs in level.pairs or ()), default=0)

    def to(self, device: torch.device) -> Geometry:
        """Return the geometry with every tensor on `device`."""

        def move(value: Any) -> Any:
            if isinstance(value, tuple):
                moved = [move(part) for part in value]
                return type(value)(*moved) if hasattr(value, "_fields") else tuple(moved)
            return value.to(device, non_blocking=True) if isinstance(value, Tensor) else value

        return Geometry(move(self.coord), move(self.neighbor), [move(level) for level in self.levels])


class Stage(nn.Module):
    """The blocks of one level, alternately plain and shifted; `downsample` is the transition to the next level."""

    def __init__(self, blocks: list[Block], downsample: TransitionDown | None) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(blocks)
        if downsample is not None:
            self.downsample = downsample

    def forward(self, feature: Tensor, pairs: tuple[Pairs, Pairs]) -> Tensor:
        for index, block in enumerate(self.blocks):
            feature = block(feature, pairs[index % 2])
        return feature


class StratifiedTransformer(PyramidBackbone):
    """Stratified Transformer; its hyper-parameters are those of `KEYS`.

    Level i has windows of `grid_size * window_size * 2**i` metres, position tables in steps of `quant_size * 2**i`.
    Without `stem_transformer` the first level is two KPConv layers and no attention.
    """

    def __init__(self, options: Options, in_channels: int, classes: int) -> None:
        super().__init__()
        self.options = options
        channels, depths, levels = options.channels, options.depths, options.num_layers
        self.pyramid_channels = list(channels[::-1])
        self.decoded_channels = channels[0]
        self.first = 0 if options.stem_transformer else 1
        reach = options.grid_size
        stem: list[nn.Module] = [KPConvSimpleBlock(in_channels, channels[0], reach)]
        if self.first:
            stem.append(KPConvResBlock(channels[0], reach))
            self.downsample = TransitionDown(channels[0], channels[1])
        self.stem_layer = nn.ModuleList(stem)
        rates = np.linspace(0, options.drop_path_rate, sum(depths)).tolist()
        stages = []
        for level in range(self.first, levels):
            blocks = [
                Block(
                    channels[level],
                    options.num_heads[level],
                    options.side(level),
                    options.step(level),
                    rates[sum(depths[:level]) + index],
                )
                for index in range(depths[level])
            ]
            last = level == levels - 1
            stages.append(Stage(blocks, None if last else TransitionDown(channels[level], channels[level + 1])))
        self.layers = nn.ModuleList(stages)
        self.upsamples = nn.ModuleList(
            [Upsample(channels[level], channels[level - 1]) for level in range(levels - 1, 0, -1)]
        )
        self.classifier = nn.Sequential(
            nn.Linear(channels[0], channels[0]),
            BatchNorm(channels[0]),
            nn.ReLU(inplace=True),
            nn.Linear(channels[0], classes),
        )
        self.apply(initialise)

    def geometry(self, coord: np.ndarray, offset: np.ndarray, neighbor: np.ndarray | None = None) -> Geometry:
        """Return the samples, windows and neighbours of a batch: coord (N, 3) float32 in metres, offset (B,)."""
        if neighbor is None:
            neighbor = ball_neighbors(coord, offset, STEM_RADIUS * self.options.grid_size, STEM_NEIGHBORS)
        points = torch.from_numpy(coord)
        levels: list[Level] = []
        for level in range(self.options.num_layers):
            (sparse, _), (chosen, coarse_offset) = sample_clouds(
                coord, offset, [self.options.sparse_points, self.options.coarse_points]
            )
            pairs = self.pairs_of_level(level, coord, offset, sparse) if level >= self.first else None
            if level == self.options.num_layers - 1:
                levels.append(Level(pairs, None, None, None))
                break
            coarse_coord = coord[chosen]
            pooled = nearest(coord, offset, coarse_coord, coarse_offset, self.options.k)[1]
            pooled = np.where(pooled < len(coord), pooled, pooled[:, :1])  # of a maximum, where one is missing
            fine, weight = interpolation(coarse_coord, coarse_offset, coord, offset, self.options.up_k)
            levels.append(Level(pairs, torch.from_numpy(pooled), torch.from_numpy(fine), torch.from_numpy(weight)))
            coord, offset = coarse_coord, coarse_offset
        return Geometry(points, torch.from_numpy(neighbor).long(), levels)

    def pairs_of_level(
        self, level: int, coord: np.ndarray, offset: np.ndarray, sparse: np.ndarray
    ) -> tuple[Pairs, Pairs]:
        """Return the attention pairs of a level's plain and shifted blocks; `sparse` are its sparse keys."""
        side, step = self.options.side(level), self.options.step(level)

        def pairs(shifted: bool) -> Pairs:
            query, key = stratified_pairs(coord, offset, sparse, side, shifted)
            return make_pairs(query, key, table_rows(coord, query, key, side, step))

        return pairs(False), pairs(True)

    def stem(self, feature: Tensor, geometry: Geometry) -> Tensor:
        """Return the features of the finest level before any attention: (N, in) -> (N, c)."""
        neighborhood = Neighborhood(geometry.coord, geometry.neighbor)
        for block in self.stem_layer:
            feature = block(feature, neighborhood)
        return feature

    def pyramid(self, feature: Tensor, geometry: Geometry) -> list[Tensor]:
        """Return the encoder's coarsest features, then the decoder's output at each finer level: (n, c) each."""
        feature = self.stem(feature, geometry)
        skips: list[Tensor] = []
        if self.first:
            skips.append(feature)
            feature = self.downsample(feature, geometry.levels[0].coarse)
        for stage, level in zip(self.layers, geometry.levels[self.first :]):
            feature = stage(feature, level.pairs)
            if level.coarse is not None:
                skips.append(feature)
                feature = cast(TransitionDown, stage.downsample)(feature, level.coarse)
        pyramid = [feature]
        for upsample, skip, level in zip(self.upsamples, reversed(skips), reversed(geometry.levels[:-1])):
            pyramid.append(upsample(skip, pyramid[-1], level.fine, level.fine_weight))
        return pyramid

    def released_state(self, state: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Return released weights by our names, which have `stem` where the reference once had `item`."""
        ours = from_pointcept(state, "stem_layer.0.kpconv.weight")
        return {name.replace("item", "stem"): value for name, value in ours.items()}

    def block_parameters(self) -> Iterable[nn.Parameter]:
        """Return the parameters of all transformer blocks."""
        return [parameter for stage in self.layers for parameter in cast(Stage, stage).blocks.parameters()]


def initialise(module: nn.Module) -> None:
    """Initialise linear layers as the reference does: weights from a truncated normal of 0.02, biases at zero."""
    if isinstance(module, nn.Linear):
        nn.init.trunc_normal_(module.weight, std=0.02)
        if module.bias is not None:
            nn.init.zeros_(module.bias)


def widen(module: nn.Module) -> None:
    """Draw a linear layer's weights by Xavier's rule (Glorot and Bengio, AISTATS 2010)."""
    if isinstance(module, nn.Linear):
        nn.init.xavier_uniform_(module.weight)


def build(config: dict[str, Any], in_channels: int, classes: int) -> StratifiedTransformer:
    """Return an untrained network, with the key `initialisation`: as in the reference, or by Xavier's rule.

    The reference's small weights suit trainings of days; a training of minutes converges sooner from Xavier's.
    """
    options = pick(Options, config)
    network = StratifiedTransformer(options, in_channels, classes)
    if options.initialisation == "xavier":
        network.apply(widen)
    return network
