"""Sums, maxima and softmax over segments: by torch-scatter if it can be imported, otherwise by torch 1.12 or newer.

`index` (M,) int64 is the segment of each row of `source` (M, ...); an empty segment sums to 0.
"""

from __future__ import annotations

import torch
from torch import Tensor

try:
    import torch_scatter
except ImportError:
    torch_scatter = None

BACKEND = "torch" if torch_scatter is None else "torch-scatter"


def take_rows(source: Tensor, index: Tensor) -> Tensor:
    """Return source[index], with a faster backward pass: (N, C), (...) -> (..., C)."""
    return source.index_select(0, index.reshape(-1)).view(*index.shape, source.shape[1])


def pad(source: Tensor) -> Tensor:
    """Return source with a last row of zeros, which an index of N takes: (N, C) -> (N + 1, C)."""
    return torch.cat([source, source.new_zeros(1, source.shape[1])])


def sum_by_index_add(source: Tensor, index: Tensor, segments: int) -> Tensor:
    """Sum the rows of each segment by torch alone: (M, ...) -> (segments, ...)."""
    total = source.new_zeros((segments, *source.shape[1:]))
    return total.index_add(0, index, source)


def max_by_reduce(source: Tensor, index: Tensor, segments: int) -> Tensor:
    """Return each segment's maximum, -inf where empty: (M, ...) -> (segments, ...); needs torch 1.12 or newer."""
    lowest = source.new_full((segments, *source.shape[1:]), float("-inf"))
    place = index.view(-1, *[1] * (source.dim() - 1)).expand_as(source)
    return lowest.scatter_reduce(0, place, source.detach(), "amax")


def softmax_by_torch(source: Tensor, index: Tensor, segments: int) -> Tensor:
    """Softmax over the rows of each segment by torch alone: (M, ...) -> (M, ...)."""
    exponential = torch.exp(source - max_by_reduce(source, index, segments).index_select(0, index))
    return exponential / sum_by_index_add(exponential, index, segments).index_select(0, index)


def max_by_torch(source: Tensor, index: Tensor, segments: int) -> Tensor:
    """Return each segment's maximum, equal rows sharing its gradient: (M, C) -> (segments, C), 0 where empty."""
    top = source == take_rows(max_by_reduce(source, index, segments), index)
    share = top / take_rows(sum_by_index_add(top.to(source.dtype), index, segments), index)
    return sum_by_index_add(source * share, index, segments)


def max_by_scatter(source: Tensor, index: Tensor, segments: int) -> Tensor:
    """Return each segment's maximum by torch-scatter, its gradient going to one row: (M, C) -> (segments, C)."""
    return torch_scatter.scatter_max(source, index, dim=0, dim_size=segments)[0]


def sum_by_scatter(source: Tensor, index: Tensor, segments: int) -> Tensor:
    """Sum the rows of each segment by torch-scatter: (M, ...) -> (segments, ...)."""
    return torch_scatter.scatter_add(source, index, dim=0, dim_size=segments)


def softmax_by_scatter(source: Tensor, index: Tensor, segments: int) -> Tensor:
    """Softmax over the rows of each segment by torch-scatter: (M, ...) -> (M, ...)."""
    # Without dim_size, which 2.0.8 lacks: empty segments have no rows whose weight could depend on it.
    return torch_scatter.scatter_softmax(source, index, dim=0)


segment_sum = sum_by_index_add if torch_scatter is None else sum_by_scatter
segment_max = max_by_torch if torch_scatter is None else max_by_scatter
segment_softmax = softmax_by_torch if torch_scatter is None else softmax_by_scatter
