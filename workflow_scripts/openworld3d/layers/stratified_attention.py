"""Attention of Stratified Transformer with contextual relative position encoding.

Lai et al., CVPR 2022, section 3.3. N points, M (query, key) pairs, h heads of e channels, tables of L rows per axis.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from openworld3d.segment import segment_softmax, segment_sum


class Pairs(NamedTuple):
    """Who attends to whom: query (M,), key (M,), and row (M, 3), the table row of x_i - x_j per axis; int64."""

    query: Tensor
    key: Tensor
    row: Tensor


def table_length(side: float, step: float) -> int:
    """Return L, the rows that cover offsets of up to twice a window's side in steps of `step` metres."""
    return 2 * int((2 * side + 1e-4) // step)


def table_rows(coord: np.ndarray, query: np.ndarray, key: np.ndarray, side: float, step: float) -> np.ndarray:
    """Quantise x_i - x_j to table rows: (M, 3) int64 in 0..L-1.

    The offset is rounded to 1e-5 first, as in the reference; where float32 window borders let it fall outside the
    table, as happens in scenes of tens of metres, it is clamped.
    """
    offset = np.round((coord[query] - coord[key]) * np.float32(100000)) / np.float32(100000)  # (M, 3)
    row = np.floor_divide(offset + np.float32(2 * side) - np.float32(1e-4), np.float32(step)).astype(np.int64)
    return np.clip(row, 0, table_length(side, step) - 1)


class WindowAttention(nn.Module):
    """out_i = sum_j a_ij (v_j + t^V_ij), a = softmax over the keys of i of q_i k_j + q_i t^Q_ij + k_j t^K_ij.

    t_ij = T_x[row_x] + T_y[row_y] + T_z[row_z]; q is scaled by e^-1/2, also in its positional term, k is not.
    """

    def __init__(self, channels: int, heads: int, side: float, step: float) -> None:
        super().__init__()
        self.heads = heads
        self.scale = (channels // heads) ** -0.5
        shape = (table_length(side, step), heads, channels // heads, 3)
        self.relative_pos_query_table = nn.Parameter(torch.empty(shape))
        self.relative_pos_key_table = nn.Parameter(torch.empty(shape))
        self.relative_pos_value_table = nn.Parameter(torch.empty(shape))
        for table in (
            self.relative_pos_query_table,
            self.relative_pos_key_table,
            self.relative_pos_value_table,
        ):
            nn.init.trunc_normal_(table, std=0.02)
        self.qkv = nn.Linear(channels, 3 * channels)
        self.proj = nn.Linear(channels, channels)

    def forward(self, feature: Tensor, pairs: Pairs) -> Tensor:
        points, channels = feature.shape
        query, key, value = self.qkv(feature).view(points, 3, self.heads, -1).unbind(1)  # (N, h, e)
        query = query * self.scale
        logit = (query.index_select(0, pairs.query) * key.index_select(0, pairs.key)).sum(2)  # (M, h)
        logit = logit + look_up(query, self.relative_pos_query_table, pairs.query, pairs.row)
        logit = logit + look_up(key, self.relative_pos_key_table, pairs.key, pairs.row)
        weight = segment_softmax(logit, pairs.query, points)  # (M, h)
        out = segment_sum(weight[:, :, None] * value.index_select(0, pairs.key), pairs.query, points)  # (N, h, e)
        out = out + gather_values(weight, self.relative_pos_value_table, pairs.query, pairs.row, points)
        return self.proj(out.reshape(points, channels))


def look_up(vector: Tensor, table: Tensor, point: Tensor, row: Tensor) -> Tensor:
    """Return vector[point] . t for every pair, as rows of vector . table: (N, h, e), (L, h, e, 3) -> (M, h).

    The product with the whole table costs N L, not M e, and no (M, h, e) tensor is made.
    """
    product = torch.einsum("nhe,lhea->nlah", vector, table)  # (N, L, 3, h)
    place = bin_of_pair(point, row, table.shape[0])  # (M, 3)
    return nn.functional.embedding_bag(place, product.reshape(-1, product.shape[3]), mode="sum")


def gather_values(weight: Tensor, table: Tensor, point: Tensor, row: Tensor, points: int) -> Tensor:
    """Return sum_j a_ij t^V_ij, the weights first summed per table row: (M, h), (L, h, e, 3) -> (N, h, e)."""
    length = table.shape[0]
    place = bin_of_pair(point, row, length)  # (M, 3)
    repeated = weight[:, None].expand(-1, 3, -1).reshape(-1, weight.shape[1])  # (3 M, h)
    total = segment_sum(repeated, place.reshape(-1), points * length * 3)
    return torch.einsum("nlah,lhea->nhe", total.view(points, length, 3, -1), table)


def bin_of_pair(point: Tensor, row: Tensor, length: int) -> Tensor:
    """Number the (point, row, axis) cells of an (N, L, 3) array: (M,), (M, 3) -> (M, 3)."""
    axis = torch.arange(3, device=row.device)
    return (point[:, None] * length + row) * 3 + axis
