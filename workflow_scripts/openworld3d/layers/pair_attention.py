"""Attention over a flat list of pairs with relative positions, and its gradients, without a (M, h, e) tensor.

N points, M (query, key) pairs, h heads of e channels, tables of L rows per axis. Arrays are laid out by head, so that
torch's embedding bags, one for every head and query, do the gathering and the summing.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import torch
from scipy.sparse import csr_matrix
from torch import Tensor
from torch.autograd.function import once_differentiable

from openworld3d.segment import segment_softmax, segment_sum


class Pairs(NamedTuple):
    """Who attends to whom.

    query (M,) in rising order, key (M,), row (M, 3): the table row of x_i - x_j per axis, by_key (M,): the pairs'
    numbers in rising order of key; all int64.
    """

    query: Tensor
    key: Tensor
    row: Tensor
    by_key: Tensor


def make_pairs(query: np.ndarray, key: np.ndarray, row: np.ndarray) -> Pairs:
    """Complete the pairs by their order by key, rows axis after axis in memory: (M,) rising, (M,), (M, 3), int64."""
    number = np.arange(len(query))
    start = np.searchsorted(query, np.arange(query[-1] + 2))
    by_key = csr_matrix((number, key, start)).tocsc().data  # a counting sort: many times as fast as argsort
    query, key = np.ascontiguousarray(query), np.ascontiguousarray(key)  # as embedding bags demand
    return Pairs(*(torch.from_numpy(array) for array in (query, key, np.asfortranarray(row), by_key)))


class Bags(NamedTuple):
    """Each point's pairs as a bag: owner (M,) in rising order, the other point (M,), where a bag starts (N,)."""

    owner: Tensor
    other: Tensor
    start: Tensor


def make_bags(owner: Tensor, other: Tensor, points: int) -> Bags:
    """Complete the bags by where each starts: owner (M,) in rising order, other (M,)."""
    count = torch.bincount(owner, minlength=points)
    return Bags(owner, other, torch.cumsum(count, 0) - count)


def dots(left: Tensor, right: Tensor, bags: Bags) -> Tensor:
    """Return left[owner] . right[other] for every pair: (N, e), (N, e) -> (M,)."""
    # The gradient of an embedding bag's weights is this product; nothing else has it in one pass.
    return torch.ops.aten._embedding_bag_per_sample_weights_backward(
        left, right, bags.other, bags.start, bags.owner, 0
    )


def weighted_sum(weight: Tensor, vector: Tensor, bags: Bags) -> Tensor:
    """Return the sum of weight * vector[other] over every bag: (M,), (N, e) -> (N, e)."""
    return torch.nn.functional.embedding_bag(bags.other, vector, bags.start, mode="sum", per_sample_weights=weight)


def cells(point: Tensor, row: Tensor, length: int) -> list[Tensor]:
    """Number the three cells of an (N, 3, L) array that each pair looks up: (M,), (M, 3) -> three of (M,)."""
    first = 3 * length * point
    return [(first + row[:, axis]).add_(axis * length) for axis in range(3)]


def look_up(product: Tensor, cell: list[Tensor]) -> Tensor:
    """Return the sum of each pair's three cells: (N, 3 L), three of (M,) -> (M,)."""
    flat = product.view(-1)
    total = flat.index_select(0, cell[0])
    for place in cell[1:]:
        total += flat.index_select(0, place)
    return total


def spread(weight: Tensor, cell: list[Tensor], out: Tensor) -> Tensor:
    """Add each pair's weight to its three cells of an empty `out`: (M,), three of (M,) -> (N, 3 L)."""
    flat = out.zero_().view(-1)
    for place in cell:
        flat.scatter_add_(0, place, weight)
    return out


class PairAttention(torch.autograd.Function):
    """out_i = sum_j a_ij (v_j + t^V_ij), a = softmax over the keys of i of q_i k_j + q_i t^Q_ij + k_j t^K_ij.

    q, k, v (h, N, e) and the three tables (h, e, 3 L) -> (h, N, e). A table is looked up in its product with the
    points, (N, 3 L) for one head at a time, and of what has as many entries as pairs the weights alone are kept.
    """

    @staticmethod
    def forward(
        ctx: Any,
        query: Tensor,
        key: Tensor,
        value: Tensor,
        query_table: Tensor,
        key_table: Tensor,
        value_table: Tensor,
        pairs: Pairs,
    ) -> Tensor:
        heads, points, _ = query.shape
        columns = query_table.shape[2]
        bags = make_bags(pairs.query, pairs.key, points)
        query_cell = cells(pairs.query, pairs.row, columns // 3)
        key_cell = cells(pairs.key, pairs.row, columns // 3)
        product = query.new_empty(points, columns)  # one buffer for all heads
        weight = query.new_empty(heads, len(pairs.query))
        out = torch.empty_like(value)
        for head in range(heads):
            logit = dots(query[head], key[head], bags)
            logit += look_up(torch.mm(query[head], query_table[head], out=product), query_cell)
            logit += look_up(torch.mm(key[head], key_table[head], out=product), key_cell)
            weight[head] = segment_softmax(logit, pairs.query, points)
            near = weighted_sum(weight[head], value[head], bags)
            torch.addmm(near, spread(weight[head], query_cell, product), value_table[head].t(), out=out[head])
        ctx.pairs = pairs
        ctx.save_for_backward(query, key, value, query_table, key_table, value_table, weight)
        return out

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        query, key, value, query_table, key_table, value_table, weight = ctx.saved_tensors
        pairs, grad = ctx.pairs, grad.contiguous()
        heads, points, _ = query.shape
        columns = query_table.shape[2]
        bags = make_bags(pairs.query, pairs.key, points)
        key_bags = make_bags(pairs.key[pairs.by_key], pairs.query[pairs.by_key], points)
        query_cell = cells(pairs.query, pairs.row, columns // 3)
        key_cell = cells(pairs.key, pairs.row, columns // 3)
        product = query.new_empty(points, columns)
        grads = [torch.empty_like(each) for each in (query, key, value, query_table, key_table, value_table)]
        for head in range(heads):
            grad_query, grad_key, grad_value, grad_query_table, grad_key_table, grad_value_table = (
                each[head] for each in grads
            )
            grad_weight = dots(grad[head], value[head], bags)
            grad_weight += look_up(torch.mm(grad[head], value_table[head], out=product), query_cell)
            spread(weight[head], query_cell, product)
            torch.mm(grad[head].t(), product, out=grad_value_table)
            grad_value.copy_(weighted_sum(weight[head].index_select(0, pairs.by_key), grad[head], key_bags))

            mean = segment_sum(weight[head] * grad_weight, pairs.query, points)
            grad_logit = grad_weight.sub_(mean.index_select(0, pairs.query)).mul_(weight[head])
            spread(grad_logit, query_cell, product)
            torch.mm(query[head].t(), product, out=grad_query_table)
            torch.addmm(weighted_sum(grad_logit, key[head], bags), product, query_table[head].t(), out=grad_query)
            spread(grad_logit, key_cell, product)
            torch.mm(key[head].t(), product, out=grad_key_table)
            by_key = grad_logit.index_select(0, pairs.by_key)
            torch.addmm(weighted_sum(by_key, query[head], key_bags), product, key_table[head].t(), out=grad_key)
        return (*grads, None)
