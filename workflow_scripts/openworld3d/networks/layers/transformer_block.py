"""The block of Stratified Transformer (Lai et al., CVPR 2022, arXiv 2203.14508): attention, then an MLP."""

from __future__ import annotations

from torch import Tensor, nn

from openworld3d.networks.layers.drop_path import DropPath
from openworld3d.networks.layers.pair_attention import Pairs
from openworld3d.networks.layers.stratified_attention import WindowAttention


class Mlp(nn.Module):
    """fc2(GELU(fc1(f)))."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.fc1 = nn.Linear(channels, 4 * channels)
        self.fc2 = nn.Linear(4 * channels, channels)

    def forward(self, feature: Tensor) -> Tensor:
        return self.fc2(nn.functional.gelu(self.fc1(feature)))


class Block(nn.Module):
    """f <- f + Attention(LN f); f <- f + MLP(LN f)."""

    def __init__(self, channels: int, heads: int, side: float, step: float, drop_path: float) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(channels)
        self.attn = WindowAttention(channels, heads, side, step)
        self.norm2 = nn.LayerNorm(channels)
        self.mlp = Mlp(channels)
        self.drop_path = DropPath(drop_path)

    def forward(self, feature: Tensor, pairs: Pairs) -> Tensor:
        feature = feature + self.drop_path(self.attn(self.norm1(feature), pairs))
        return feature + self.drop_path(self.mlp(self.norm2(feature)))
