"""Attention over a flat list of pairs with relative positions, and its gradients, without a (M, h, e) tensor.

N points, M (query, key) pairs, h heads of e channels, tables of L rows per axis. Arrays are laid out by head, so that
torch's embedding bags, one per head and query, gather and sum.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import torch
from scipy.sparse import csr_matrix
from torch import Tensor
from torch.autograd.function import once_differentiable

from openworld3d.networks.layers.segment import segment_softmax, segment_sum

CACHED = 1 << 18  # float32 values that fit into a core's cache


class Pairs(NamedTuple):
    """The attention pairs, in small integers, as a scene has millions of them.

    query (M,) ascending, key (M,), by_key (M,): the pairs' numbers in ascending order of key, all int32; row (M, 3):
    the table row of x_i - x_j per axis, signed integers of any size.
    """

    query: Tensor
    key: Tensor
    row: Tensor
    by_key: Tensor


def make_pairs(query: np.ndarray, key: np.ndarray, row: np.ndarray) -> Pairs:
    """Return the pairs with their order by key: (M,) ascending, (M,), (M, 3), signed integers of any size."""
    query, key = query.astype(np.int32), key.astype(np.int32)
    number = np.arange(len(query), dtype=np.int32)
    start = np.searchsorted(query, np.arange(query[-1] + 2, dtype=np.int32))
    by_key = csr_matrix((number, key, start)).tocsc().data  # a counting sort: many times as fast as argsort
    return Pairs(*(torch.from_numpy(array) for array in (query, key, np.asfortranarray(row), by_key)))


class Bags(NamedTuple):
    """Each point's pairs as a bag: owner (M,) ascending, the other point (M,), where each bag starts (N,)."""

    owner: Tensor
    other: Tensor
    start: Tensor


def make_bags(owner: Tensor, other: Tensor, points: int) -> Bags:
    """Return the bags of owner (M,) ascending and other (M,), any integers; all int64."""
    count = torch.bincount(owner, minlength=points)
    return Bags(owner.long(), other.long(), torch.cumsum(count, 0) - count)


def dots(left: Tensor, right: Tensor, bags: Bags) -> Tensor:
    """Return left[owner] . right[other] for every pair: (N, e), (N, e) -> (M,)."""
    # The gradient of an embedding bag's weights is this product; no other function computes it in one pass.
    return torch.ops.aten._embedding_bag_per_sample_weights_backward(
        left, right, bags.other, bags.start, bags.owner, 0
    )


def weighted_sum(weight: Tensor, vector: Tensor, bags: Bags) -> Tensor:
    """Return the sum of weight * vector[other] over every bag: (M,), (N, e) -> (N, e)."""
    return torch.nn.functional.embedding_bag(bags.other, vector, bags.start, mode="sum", per_sample_weights=weight)


def cells(point: Tensor, row: Tensor, length: int) -> Tensor:
    """Return the flat index in an (N, L) array that each pair reads: (M,) int64, (M,) -> (M,) int64."""
    return torch.add(row, point, alpha=length)


def look_up(product: Tensor, cell: Tensor) -> Tensor:
    """Return each pair's cell, for g heads: (g, N, L), (M,) -> (g, M)."""
    return product.view(len(product), -1).gather(1, cell.expand(len(product), -1))


def spread(weight: Tensor, cell: Tensor, out: Tensor) -> Tensor:
    """Sum each pair's weight into its cell of `out`, whose content is overwritten: (g, M), (M,) -> (g, N, L)."""
    out.zero_().view(len(out), -1).scatter_add_(1, cell.expand(len(out), -1), weight)
    return out


def groups_of_heads(heads: int, cells_of_head: int) -> list[slice]:
    """Divide the heads into groups whose (g, N, L) fits into a core's cache: of small levels, calls are the cost."""
    size = min(heads, max(1, CACHED // cells_of_head))
    return [slice(start, min(start + size, heads)) for start in range(0, heads, size)]


class PairAttention(torch.autograd.Function):
    """out_i = sum_j a_ij (v_j + t^V_ij), a = softmax over the keys of i of q_i k_j + q_i t^Q_ij + k_j t^K_ij.

    q, k, v (h, N, e) and the three tables (h, 3, e, L) -> (h, N, e). Positional terms are looked up in the product of
    points and table, (g, N, L) for one axis and g heads at a time. Of all that grows with the pairs, only the weights
    are kept for the backward pass.
    """

    @staticmethod
    def forward(ctx: Any, pairs: Pairs, *inputs: Tensor) -> Tensor:
        query, key, value, query_table, key_table, value_table = inputs
        heads, points, _ = query.shape
        length = query_table.shape[3]
        bags = make_bags(pairs.query, pairs.key, points)
        groups = groups_of_heads(heads, points * length)
        buffer = query.new_empty(groups[0].stop, points, length)
        products = [buffer[: group.stop - group.start] for group in groups]  # one buffer for all
        weight = query.new_empty(heads, len(pairs.query))  # logits first
        out = torch.empty_like(value)
        for head in range(heads):
            weight[head] = dots(query[head], key[head], bags)
        for point, vector, table in ((bags.owner, query, query_table), (bags.other, key, key_table)):
            for axis in range(3):
                cell = cells(point, pairs.row[:, axis], length)
                for group, product in zip(groups, products):
                    torch.bmm(vector[group], table[group, axis], out=product)
                    weight[group] += look_up(product, cell)
        for head in range(heads):
            weight[head] = segment_softmax(weight[head], bags.owner, points)
            out[head] = weighted_sum(weight[head], value[head], bags)
        for axis in range(3):
            cell = cells(bags.owner, pairs.row[:, axis], length)
            for group, product in zip(groups, products):
                spread(weight[group], cell, product)
                out[group].baddbmm_(product, value_table[group, axis].transpose(1, 2))
        ctx.pairs = pairs
        ctx.save_for_backward(*inputs, weight)
        return out

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        *inputs, weight = ctx.saved_tensors
        query, key, value, query_table, key_table, value_table = inputs
        pairs, grad = ctx.pairs, grad.contiguous()
        heads, points, _ = query.shape
        length = query_table.shape[3]
        bags, by_key = make_bags(pairs.query, pairs.key, points), pairs.by_key.long()
        key_bags = make_bags(bags.other.index_select(0, by_key), bags.owner.index_select(0, by_key), points)
        groups = groups_of_heads(heads, points * length)
        buffer = query.new_empty(groups[0].stop, points, length)
        products = [buffer[: group.stop - group.start] for group in groups]
        grads = [torch.empty_like(each) for each in inputs]
        grad_query, grad_key, grad_value, grad_query_table, grad_key_table, grad_value_table = grads
        grad_logit = torch.empty_like(weight)  # of the weights first
        for head in range(heads):
            grad_logit[head] = dots(grad[head], value[head], bags)
            grad_value[head] = weighted_sum(weight[head].index_select(0, by_key), grad[head], key_bags)
        for axis in range(3):
            cell = cells(bags.owner, pairs.row[:, axis], length)
            for group, product in zip(groups, products):
                torch.bmm(grad[group], value_table[group, axis], out=product)
                grad_logit[group] += look_up(product, cell)
                spread(weight[group], cell, product)
                grad_value_table[group, axis] = torch.bmm(grad[group].transpose(1, 2), product)
        for head in range(heads):
            mean = segment_sum(weight[head] * grad_logit[head], bags.owner, points)
            grad_logit[head].sub_(mean.index_select(0, bags.owner)).mul_(weight[head])
            grad_query[head] = weighted_sum(grad_logit[head], key[head], bags)
            grad_key[head] = weighted_sum(grad_logit[head].index_select(0, by_key), query[head], key_bags)
        for point, vector, table, grad_vector, grad_table in (
            (bags.owner, query, query_table, grad_query, grad_query_table),
            (bags.other, key, key_table, grad_key, grad_key_table),
        ):
            for axis in range(3):
                cell = cells(point, pairs.row[:, axis], length)
                for group, product in zip(groups, products):
                    spread(grad_logit[group], cell, product)
                    grad_table[group, axis] = torch.bmm(vector[group].transpose(1, 2), product)
                    grad_vector[group].baddbmm_(product, table[group, axis].transpose(1, 2))
        return (None, *grads)
