"""Attention of Stratified Transformer with contextual relative position encoding.

Lai et al., CVPR 2022, section 3.3. N points, M (query, key) pairs, h heads of e channels, tables of L rows per axis.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import torch
from torch import Tensor, nn

from openworld3d.networks.layers.fused_attention import FusedPairAttention, is_fused
from openworld3d.networks.layers.pair_attention import PairAttention, Pairs

PARTS = 100000  # per metre: offsets are rounded to 1e-5
CHUNK = 1 << 13  # pairs at a time, which fit into a core's cache


def table_length(side: float, step: float) -> int:
    """Return L, the number of rows for offsets of up to twice a window's side in steps of `step` metres."""
    return 2 * int((2 * side + 1e-4) // step)


def table_rows(coord: np.ndarray, query: np.ndarray, key: np.ndarray, side: float, step: float) -> np.ndarray:
    """Quantise x_i - x_j to table rows: (M, 3) in 0..L-1, column-major, of the smallest sufficient integer type.

    The offset is rounded to 1e-5 first, as in the reference. It is clamped where it is outside the table, which
    float32 window borders allow in scenes of tens of metres.
    """
    row_of_offset = quantised_offsets(side, step)
    far = len(row_of_offset) // 2
    rows = np.empty((3, len(query)), row_of_offset.dtype)
    padded = np.zeros((len(coord), 4), np.float32)  # numpy copies rows of 16 bytes faster than rows of 12
    padded[:, :3] = coord
    for start in range(0, len(query), CHUNK):
        chunk = slice(start, start + CHUNK)
        parts = padded.take(query[chunk], axis=0)
        parts -= padded.take(key[chunk], axis=0)
        parts *= np.float32(PARTS)
        np.rint(parts, out=parts)
        np.clip(parts, -far, far, out=parts)
        place = parts.astype(np.int32)
        place += far
        rows[:, chunk] = row_of_offset.take(place).T[:3]
    return rows.T


@lru_cache(maxsize=32)
def quantised_offsets(side: float, step: float) -> np.ndarray:
    """Return the table row of each offset, rounded to 1e-5 metres, up to a step beyond the table: (2 far + 1,)."""
    last = table_length(side, step) - 1
    far = int((2 * side + step) * PARTS)
    offset = np.arange(-far, far + 1, dtype=np.float32) / np.float32(PARTS)
    row = np.floor_divide(offset + np.float32(2 * side) - np.float32(1e-4), np.float32(step))
    quantised = np.clip(row, 0, last).astype(np.min_scalar_type(-last - 1))
    quantised.setflags(write=False)  # all calls share it
    return quantised


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
        by_head = self.qkv(feature).view(points, 3, self.heads, -1).permute(1, 2, 0, 3).contiguous()
        fused = is_fused(by_head)
        if not fused:
            by_head = by_head.to(self.relative_pos_query_table)  # in full precision under autocast too
        query, key, value = by_head.unbind(0)  # (h, N, e) each
        out = (FusedPairAttention if fused else PairAttention).apply(
            pairs,
            query * self.scale,
            key,
            value,
            by_head_and_axis(self.relative_pos_query_table),
            by_head_and_axis(self.relative_pos_key_table),
            by_head_and_axis(self.relative_pos_value_table),
        )
        return self.proj(out.permute(1, 0, 2).reshape(points, channels))


def by_head_and_axis(table: Tensor) -> Tensor:
    """Return a table in the layout of `PairAttention`: (L, h, e, 3) -> (h, 3, e, L)."""
    return table.permute(1, 3, 2, 0).contiguous()
