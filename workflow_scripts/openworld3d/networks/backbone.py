"""The contract of every backbone's network: what training, inference and recipes use of it."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, Iterable, Mapping, cast

import numpy as np
import torch
from torch import Tensor, nn

from openworld3d.networks.layers.batch_norm import BatchNorm
from openworld3d.networks.layers.upsample import Upsample


class Backbone(nn.Module):
    """A network over points: `forward(feature, geometry)` returns logits (N, classes), a row for each site.

    A site is a point, unless `sites` says which one stands for each point. The logits are those of the head
    `classifier` on what `decode` returns: `classifier[:-1]` turns that into the features of a site, and the last
    layer turns those into logits. The last `untaught` columns are of no known class, and no label trains them.
    """

    classifier: nn.Sequential
    decoded_channels: int  # of what `decode` returns, C
    untaught: int = 0

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
        return self.logits(self.classifier, self.decode(feature, geometry), geometry)

    def logits(self, head: nn.Sequential, decoded: Tensor, geometry: Any) -> Tensor:
        """Return the logits of a head on what `decode` returned: (N, C) -> (N, outputs of the head)."""
        return self.apply_last_layer(head[-1], head[:-1](decoded), geometry)

    def apply_last_layer(self, layer: nn.Module, features: Tensor, geometry: Any) -> Tensor:
        """Return the logits of a head's last layer, which sees each site by itself: (N, H) -> (N, outputs)."""
        return layer(features)

    def new_last_layer(self, outputs: int) -> nn.Module:
        """Return an untrained layer with so many outputs, beside the classifier's last and of its kind."""
        return nn.Linear(cast(nn.Linear, self.last_layer).in_features, outputs)

    def new_head(self, outputs: int) -> nn.Sequential:
        """Return an untrained head with so many outputs, beside the classifier and made as it is."""
        channels = self.decoded_channels
        return nn.Sequential(
            nn.Linear(channels, channels), BatchNorm(channels), nn.ReLU(inplace=True), nn.Linear(channels, outputs)
        )

    def by_taught(self, logits: Tensor) -> tuple[Tensor, Tensor]:
        """Divide the classifier's logits into those of known classes and those that no label trains."""
        known = logits.shape[1] - self.untaught
        return logits[:, :known], logits[:, known:]

    def sites(self, geometry: Any) -> Tensor | None:
        """Return the site of each point, (N,) int64; None where each point is its own."""
        return None

    def site_targets(self, geometry: Any, target: np.ndarray) -> np.ndarray:
        """Return the target of each site, of those of the points: (N,) int64 -> (sites,) int64."""
        return target

    def released_state(self, state: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Return a released checkpoint's weights by this network's names and in its layout.

        They are as they come where a network has the reference's names.
        """
        return dict(state)

    def features(self, decoded: Tensor) -> Tensor:
        """Return the input of the last layer: (N, C) -> (N, H)."""
        return self.classifier[:-1](decoded)

    @property
    def last_layer(self) -> nn.Module:
        """Return the layer from a site's features to its logits, linear unless a backbone says otherwise."""
        return self.classifier[-1]

    def last_layer_names(self) -> list[str]:
        """Return the names of the last layer's weight and bias in the network's state; both have a row per column."""
        prefix = next(name for name, module in self.named_modules() if module is self.last_layer)
        return [f"{prefix}.{name}" for name in self.last_layer.state_dict()]

    def block_parameters(self) -> Iterable[nn.Parameter]:
        """Return the parameters that train at the recipe's `block_learning_rate`; none unless a backbone has some."""
        return ()


class PyramidBackbone(Backbone):
    """A backbone whose decoder goes up levels of ever more points, so that a second decoder can go up beside it.

    Its geometry has `.levels`, fine to coarse, with `.fine` (n, k) int64 and `.fine_weight` (n, k) float32: the n'
    points of the next coarser level that each of the level's n points interpolates, and their weights. At the
    coarsest level they are the level's own points, or None where the decoder has no output there. The index of a
    missing point is n'.
    """

    pyramid_channels: list[int]  # of what `pyramid` returns, coarse to fine

    @abstractmethod
    def pyramid(self, feature: Tensor, geometry: Any) -> list[Tensor]:
        """Return [e_L, s_l, ..., s_1]: the encoder's output, then the decoder's at each level that has `.fine`.

        feature (N, F) float32 -> (n, C) each, n and C those of the level, coarse to fine; the last has all N points.
        """

    def make_upsample(self, coarse_channels: int, channels: int) -> nn.Module:
        """Return an untrained layer of a second decoder: skip (n, C), coarse (n', C'), fine, fine_weight -> (n, C).

        It is like those of the backbone's own decoder, here Stratified Transformer's.
        """
        return Upsample(coarse_channels, channels)

    def decode(self, feature: Tensor, geometry: Any) -> Tensor:
        """Return the last of `pyramid`, the classifier's input: (N, F) float32 -> (N, C)."""
        return self.pyramid(feature, geometry)[-1]


class GatedBackbone(Backbone):
    """A backbone whose last features are multiplied by gates, values in 0..1, that MC-Dropout can drop."""

    drops_gates: bool = False  # whether the recipe that trains it drops them

    @abstractmethod
    def ungated(self, feature: Tensor, geometry: Any) -> Any:
        """Return what the gates are computed from: (N, F) float32 -> of any kind."""

    @abstractmethod
    def gated(self, ungated: Any, geometry: Any, dropout: float, generator: torch.Generator | None) -> Tensor:
        """Return the classifier's input, each gate dropped with probability `dropout`: -> (N, C)."""

    def decode(self, feature: Tensor, geometry: Any) -> Tensor:
        """Return the classifier's input, no gate dropped: (N, F) float32 -> (N, C)."""
        return self.gated(self.ungated(feature, geometry), geometry, 0.0, None)
