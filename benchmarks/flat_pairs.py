"""Stratified Transformer's attention as its formulas are written: a flat list of pairs, everything gathered per pair.

The oracle of the tests, and the side against which the benchmark measures the library's attention.
"""

from __future__ import annotations

from torch import Tensor

from openworld3d.networks.layers.pair_attention import Pairs
from openworld3d.networks.layers.segment import segment_softmax, sum_by_index_add
from openworld3d.networks.layers.stratified_attention import WindowAttention


def position(table: Tensor, row: Tensor) -> Tensor:
    """Return t_ij = T_x[row_x] + T_y[row_y] + T_z[row_z]: (L, h, e, 3), (M, 3) -> (M, h, e)."""
    return table[row[:, 0], :, :, 0] + table[row[:, 1], :, :, 1] + table[row[:, 2], :, :, 2]


def attend(attention: WindowAttention, feature: Tensor, pairs: Pairs) -> Tensor:
    """Return what `attention` returns, computed pair by pair (Lai et al., CVPR 2022, section 3.3)."""
    points, channels = feature.shape
    query_index, key_index, row = pairs.query.long(), pairs.key.long(), pairs.row.long()
    query, key, value = attention.qkv(feature).view(points, 3, attention.heads, -1).unbind(1)  # (N, h, e)
    query_of_pair = (query * attention.scale)[query_index]  # (M, h, e)
    key_of_pair = key[key_index]  # (M, h, e)
    logit = (query_of_pair * key_of_pair).sum(2)  # (M, h)
    logit = logit + (query_of_pair * position(attention.relative_pos_query_table, row)).sum(2)
    logit = logit + (key_of_pair * position(attention.relative_pos_key_table, row)).sum(2)
    weight = segment_softmax(logit, query_index, points)  # (M, h)
    value_of_pair = value[key_index] + position(attention.relative_pos_value_table, row)  # (M, h, e)
    out = sum_by_index_add(weight[:, :, None] * value_of_pair, query_index, points)  # (N, h, e)
    return attention.proj(out.reshape(points, channels))
