"""The attention against its formula, written as loops."""

from __future__ import annotations

import numpy as np
import torch

from openworld3d.layers.stratified_attention import Pairs, WindowAttention, table_length, table_rows


def test_attention_is_its_formula() -> None:
    torch.manual_seed(0)
    points, heads, width = 7, 2, 4
    attention = WindowAttention(heads * width, heads, side=0.4, step=0.1).double()
    for table in (attention.relative_pos_query_table, attention.relative_pos_key_table):
        torch.nn.init.normal_(table)
    feature = torch.randn(points, heads * width, dtype=torch.float64)
    query = torch.tensor([0, 0, 1, 2, 2, 2, 3, 4, 5, 6, 6])
    key = torch.tensor([0, 3, 1, 0, 2, 6, 3, 4, 5, 1, 6])
    row = torch.randint(0, attention.relative_pos_key_table.shape[0], (len(query), 3))

    q, k, v = attention.qkv(feature).view(points, 3, heads, width).unbind(1)
    expected = torch.zeros(points, heads, width, dtype=torch.float64)
    for i in range(points):
        for head in range(heads):
            pairs = [m for m in range(len(query)) if query[m] == i]

            def position(table: torch.Tensor, m: int, head: int = head) -> torch.Tensor:
                return sum((table[row[m, axis], head, :, axis] for axis in range(3)), torch.zeros(width))

            scaled = q[i, head] * width**-0.5
            logit = torch.stack(
                [
                    scaled @ k[key[m], head]
                    + scaled @ position(attention.relative_pos_query_table, m)
                    + k[key[m], head] @ position(attention.relative_pos_key_table, m)
                    for m in pairs
                ]
            )
            for weight, m in zip(logit.softmax(0), pairs):
                value = v[key[m], head] + position(attention.relative_pos_value_table, m)
                expected[i, head] += weight * value
    expected = attention.proj(expected.reshape(points, -1))
    assert torch.allclose(attention(feature, Pairs(query, key, row)), expected, atol=1e-10)


def test_table_rows_by_hand() -> None:
    side, step = 0.16, 0.01
    assert table_length(side, step) == 64
    coord = np.array([[0, 0, 0], [0.25, 0.0049, -5]], np.float32)
    rows = table_rows(coord, np.array([0, 0, 1]), np.array([0, 1, 0]), side, step)
    assert rows[0].tolist() == [31, 31, 31]
    assert rows[1].tolist() == [6, 31, 63]
    assert rows[2, 2] == 0
