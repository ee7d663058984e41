"""The attention against its formula, written as loops and pair by pair."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from benchmarks.flat_pairs import attend
from hypothesis import given, settings
from hypothesis import strategies as st

from openworld3d.networks.layers import pair_attention
from openworld3d.networks.layers.pair_attention import Pairs, make_pairs
from openworld3d.networks.layers.stratified_attention import WindowAttention, table_length, table_rows


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
    assert torch.allclose(
        attention(feature, make_pairs(query.numpy(), key.numpy(), row.numpy())), expected, atol=1e-10
    )


def random_pairs(points: int, keys: int, length: int, seed: int) -> Pairs:
    """Pair each point with some of the first `keys` points at random, possibly none."""
    generator = np.random.default_rng(seed)
    query, key = np.nonzero(generator.random((points, keys)) < 0.4)
    return make_pairs(query, key, generator.integers(0, length, (len(query), 3)))


def one_window(points: int, length: int) -> Pairs:
    query, key = (index.ravel() for index in np.indices((points, points)))
    return make_pairs(query, key, np.random.default_rng(0).integers(0, length, (len(query), 3)))


LENGTH = table_length(0.4, 0.1)
PAIRS = {
    "random": random_pairs(20, 20, LENGTH, 0),
    "many points are no one's key": random_pairs(20, 5, LENGTH, 1),
    "each alone": make_pairs(np.arange(6), np.arange(6), np.zeros((6, 3), int)),
    "two of six isolated": make_pairs(np.array([0, 0, 2, 4, 5]), np.array([0, 4, 2, 5, 0]), np.ones((5, 3), int)),
    "the last without pairs": make_pairs(np.array([0, 1]), np.array([1, 0]), np.zeros((2, 3), int)),
    "one window": one_window(12, LENGTH),
}


@pytest.mark.parametrize("name", list(PAIRS))
@pytest.mark.parametrize("heads", [1, 3])
def test_attention_and_its_gradients_agree_with_pair_by_pair(name: str, heads: int) -> None:
    pairs, points = PAIRS[name], {"random": 20, "many points are no one's key": 20, "one window": 12}.get(name, 6)
    torch.manual_seed(0)
    attention = WindowAttention(heads * 4, heads, side=0.4, step=0.1).double()
    for parameter in attention.parameters():
        torch.nn.init.normal_(parameter, std=0.5)
    feature = torch.randn(points, heads * 4, dtype=torch.float64, requires_grad=True)
    out, expected = attention(feature, pairs), attend(attention, feature, pairs)
    assert (out - expected).abs().max() < 1e-10

    toward = torch.randn_like(out)
    leaves = [feature, *attention.parameters()]
    gradients, wanted = (torch.autograd.grad((result * toward).sum(), leaves) for result in (out, expected))
    for gradient, want in zip(gradients, wanted):
        assert (gradient - want).abs().max() < 1e-10 * want.abs().max().clamp(min=1)


@pytest.mark.parametrize("at_once", [1, 2, 3])
def test_the_size_of_groups_of_heads_changes_no_bit(at_once: int, monkeypatch: pytest.MonkeyPatch) -> None:
    torch.manual_seed(0)
    attention, feature, pairs = WindowAttention(5 * 4, 5, side=0.4, step=0.1), torch.randn(20, 20), PAIRS["random"]

    def results() -> list[torch.Tensor]:
        out = attention(feature, pairs)
        return [out, *torch.autograd.grad(out.square().sum(), list(attention.parameters()))]

    assert pair_attention.groups_of_heads(5, 20 * LENGTH) == [slice(0, 5)]
    whole = results()
    monkeypatch.setattr(pair_attention, "CACHED", at_once * 20 * LENGTH)
    assert len(pair_attention.groups_of_heads(5, 20 * LENGTH)) == -(-5 // at_once)
    for one, other in zip(whole, results()):
        assert torch.equal(one, other)


def test_what_the_backward_pass_keeps_grows_with_pairs_and_heads_alone() -> None:
    pairs = one_window(60, LENGTH)
    attention = WindowAttention(2 * 16, 2, side=0.4, step=0.1)
    out = attention(torch.randn(60, 32), pairs)
    core = out.grad_fn
    while core is not None and "PairAttention" not in type(core).__name__:
        core = core.next_functions[1 if "Addmm" in type(core).__name__ else 0][0]
    assert core is not None
    assert max(kept.numel() for kept in core.saved_tensors) == 2 * len(pairs.query)


def test_table_rows_by_hand() -> None:
    side, step = 0.16, 0.01
    assert table_length(side, step) == 64
    coord = np.array([[0, 0, 0], [0.25, 0.0049, -5]], np.float32)
    rows = table_rows(coord, np.array([0, 0, 1]), np.array([0, 1, 0]), side, step)
    assert rows[0].tolist() == [31, 31, 31]
    assert rows[1].tolist() == [6, 31, 63]
    assert rows[2, 2] == 0


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from([(0.16, 0.01), (0.1, 0.005), (1.28, 0.08), (0.35, 0.02), (0.4, 0.1)]))
def test_table_rows_are_each_offset_quantised(seed: int, grid: tuple[float, float]) -> None:
    """Also beyond the table, as pairs of a window's width and more apart are drawn."""
    side, step = grid
    generator = np.random.default_rng(seed)
    coord = generator.uniform(0, 5 * side, (40, 3)).astype(np.float32)
    query, key = generator.integers(0, 40, (2, 10000))  # more than a chunk
    offset = np.round((coord[query] - coord[key]) * np.float32(100000)) / np.float32(100000)
    row = np.floor_divide(offset + np.float32(2 * side) - np.float32(1e-4), np.float32(step))
    expected = np.clip(row, 0, table_length(side, step) - 1)
    assert (table_rows(coord, query, key, side, step) == expected).all()
