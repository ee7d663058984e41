"""The attention of Point Transformer (Zhao et al., ICCV 2021, arXiv 2012.09164): a vector of weights per neighbour.

Names and structure are those of its re-implementation in Pointcept, in which every norm is a batch norm. A missing
neighbour, of index n, has zeros for key, value and offset, and takes part in batch statistics, softmax and sum.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from openworld3d.networks.layers.batch_norm import BatchNorm
from openworld3d.networks.layers.segment import pad, take_rows

SHARED = 8  # channels that share a weight
# Features of neighbours computed at a time in evaluation: on a CPU what its cache holds, on a GPU a part of its
# memory.
CACHED, HELD = 2**18, 2**26


class PointAttention(nn.Module):
    """y_i = sum_j softmax_j(MLP(k_j - q_i + p_ij)) (v_j + p_ij), with p_ij = MLP(x_j - x_i).

    Weights are C / 8 numbers; channel c takes number c mod (C / 8).
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        weights = channels // SHARED
        self.linear_q = nn.Linear(channels, channels)
        self.linear_k = nn.Linear(channels, channels)
        self.linear_v = nn.Linear(channels, channels)
        self.linear_p = nn.Sequential(
            nn.Linear(3, 3),
            BatchNorm(3),
            nn.ReLU(inplace=True),
            nn.Linear(3, channels),
        )
        self.linear_w = nn.Sequential(
            BatchNorm(channels),
            nn.ReLU(inplace=True),
            nn.Linear(channels, weights),
            BatchNorm(weights),
            nn.ReLU(inplace=True),
            nn.Linear(weights, weights),
        )

    def forward(self, feature: Tensor, neighbor: Tensor, relative: Tensor) -> Tensor:
        """Return y: feature (n, C), neighbor (n, k) int64, relative (n, k, 3) in metres -> (n, C).

        In evaluation, where points share no statistics, some are computed at a time.
        """
        query = self.linear_q(feature)
        key_value = pad(torch.cat([self.linear_k(feature), self.linear_v(feature)], 1))  # (n + 1, 2 C)
        if self.training:
            return self.attend(query, key_value, neighbor, relative)
        rows = rows_at_a_time(neighbor.shape[1] * feature.shape[1], feature)
        parts = zip(query.split(rows), neighbor.split(rows), relative.split(rows))
        return torch.cat([self.attend(of_query, key_value, near, place) for of_query, near, place in parts])

    def attend(self, query: Tensor, key_value: Tensor, neighbor: Tensor, relative: Tensor) -> Tensor:
        """Return y of some points: query (m, C), key_value (n + 1, 2 C), neighbor (m, k), relative (m, k, 3)."""
        points, near = neighbor.shape
        channels = query.shape[1]
        shape = points, near, SHARED, channels // SHARED
        position = self.linear_p(relative.reshape(-1, 3)).view(points, near, channels)
        key, value = take_rows(key_value, neighbor).split(channels, 2)  # (m, k, C) each
        relation = key - query[:, None] + position
        weight = self.linear_w(relation.view(-1, channels)).view(points, near, shape[3]).softmax(1)
        return torch.einsum("nksc,nkc->nsc", (value + position).view(shape), weight).reshape(points, channels)


def rows_at_a_time(width: int, feature: Tensor) -> int:
    """Return how many rows of `width` numbers to compute at a time on the device of `feature`."""
    return max(1, (HELD if feature.is_cuda else CACHED) // width)


class PointBlock(nn.Module):
    """f <- ReLU(f + BN(Linear h)), h = ReLU(BN(Attention(ReLU(BN(Linear f))))): the reference's bottleneck."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.linear1 = nn.Linear(channels, channels, bias=False)
        self.bn1 = BatchNorm(channels)
        self.transformer = PointAttention(channels)
        self.bn2 = BatchNorm(channels)
        self.linear3 = nn.Linear(channels, channels, bias=False)
        self.bn3 = BatchNorm(channels)

    def forward(self, feature: Tensor, neighbor: Tensor, relative: Tensor) -> Tensor:
        """Return f: feature (n, C), neighbor (n, k) int64, relative (n, k, 3) in metres -> (n, C)."""
        hidden = torch.relu(self.bn1(self.linear1(feature)))
        hidden = torch.relu(self.bn2(self.transformer(hidden, neighbor, relative)))
        return torch.relu(feature + self.bn3(self.linear3(hidden)))
