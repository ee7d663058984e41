"""`PairAttention` as fused Triton kernels, which read each pair's vectors where they lie: no (g, N, L) products.

Of all that grows with the pairs, nothing is kept for the backward pass, which holds two numbers for each pair and
head while it runs.
"""

from __future__ import annotations

import os
import shutil
from functools import lru_cache
from types import ModuleType
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from openworld3d.networks.layers.pair_attention import Pairs

DTYPES = (torch.float32, torch.float16, torch.bfloat16)
CAPABILITY = (8, 0)  # below, Triton 3 supports no GPU
BLOCK = 32  # pairs at a time: about as many as a query has
PAIRS_OF_CHUNK, CHUNKS = 4096, 128  # least pairs of a chunk, and most chunks, each with tables of its own
LEAST = 16  # of each side of a product on tensor cores


@lru_cache(maxsize=None)
def kernels() -> ModuleType | None:
    """Return the module of the kernels; None without Triton 3, or without the C compiler that it needs."""
    try:
        from openworld3d.networks.layers import fused_kernels
    except ImportError:
        return None
    compiler = os.environ.get("CC") or shutil.which("gcc") or shutil.which("clang") or shutil.which("cc")
    return fused_kernels if compiler and int(fused_kernels.triton.__version__.split(".")[0]) >= 3 else None


def is_fused(vectors: Tensor) -> bool:
    """Tell whether the attention of these queries, keys and values runs as fused kernels."""
    return (
        vectors.is_cuda
        and torch.version.cuda is not None
        and vectors.dtype in DTYPES
        and torch.cuda.get_device_capability(vectors.device) >= CAPABILITY
        and kernels() is not None
    )


def starts(ascending: Tensor, points: int) -> Tensor:
    """Return where the pairs of each point start, and where the last's end: (M,) ascending -> (N + 1,) int32."""
    point = torch.arange(points + 1, dtype=ascending.dtype, device=ascending.device)
    return torch.searchsorted(ascending, point, out_int32=True)


def by_axis(table: Tensor) -> Tensor:
    """Return a table with a row for each cell, one axis after the other: (h, 3, e, L) -> (h, 3 L, e)."""
    return table.transpose(2, 3).flatten(1, 2).contiguous()


def at_least(size: int, least: int = LEAST) -> int:
    """Return the smallest power of two that is neither below a size nor below `least`."""
    return max(least, 1 << (size - 1).bit_length())


class FusedPairAttention(torch.autograd.Function):
    """What `PairAttention` returns, for the same arguments, each sum in float32.

    q, k, v (h, N, e) in one of `DTYPES`, as is the result (h, N, e); the three tables (h, 3, e, L) float32.
    """

    @staticmethod
    def forward(ctx: Any, pairs: Pairs, *inputs: Tensor) -> Tensor:
        query, key, value, *tables = inputs
        heads, points, width = query.shape
        length = tables[0].shape[3]
        out = torch.empty_like(value)
        log_sum = torch.empty((heads, points), dtype=torch.float32, device=query.device)
        tables = [by_axis(table) for table in tables]
        start = starts(pairs.query, points)
        kernels().attend_kernel[points, heads](  # type: ignore[union-attr]
            *(query, key, value, *tables, start, pairs.key, pairs.row, out, log_sum),
            *(points, length, *pairs.row.stride()),
            **sizes(width),
        )
        ctx.pairs, ctx.length = pairs, length
        ctx.save_for_backward(query, key, value, *tables, start, log_sum)
        return out

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        query, key, value, query_table, key_table, value_table, start, log_sum = ctx.saved_tensors
        pairs, length, grad = ctx.pairs, ctx.length, grad.contiguous()
        heads, points, width = query.shape
        count = len(pairs.query)
        weight = torch.empty((heads, count), dtype=torch.float32, device=query.device)
        grad_weight, mean = torch.empty_like(weight), torch.empty_like(log_sum)
        grads = [torch.empty_like(each) for each in (query, key, value)]
        layout = (length, *pairs.row.stride())
        kernels().query_gradient_kernel[points, heads](  # type: ignore[union-attr]
            *(query, key, value, query_table, key_table, value_table, start, pairs.key, pairs.row),
            *(grad, log_sum, weight, grad_weight, mean, grads[0], points, count, *layout),
            **sizes(width),
        )
        key_start = starts(pairs.key.index_select(0, pairs.by_key), points)
        kernels().key_gradient_kernel[points, heads](  # type: ignore[union-attr]
            *(query, key_table, key_start, pairs.by_key, pairs.query, pairs.row),
            *(grad, weight, grad_weight, mean, grads[1], grads[2], points, count, *layout),
            **sizes(width),
        )
        of_chunk = max(PAIRS_OF_CHUNK, -(-count // (CHUNKS * BLOCK)) * BLOCK)
        chunks = -(-count // of_chunk)
        parts = torch.empty((chunks, heads, 3, 3, length, width), dtype=torch.float32, device=query.device)
        kernels().table_gradient_kernel[chunks, heads](  # type: ignore[union-attr]
            *(query, key, pairs.query, pairs.key, pairs.row, grad, weight, grad_weight, mean, parts),
            *(points, count, of_chunk, *layout),
            **{**sizes(width), "num_warps": 8},
            rows=at_least(3 * length),
            # Three products of tensor cores are as exact as one in float32; rounded inputs need no more than one.
            precision="tf32x3" if query.dtype == torch.float32 else "tf32",
        )
        of_tables = parts.sum(0).transpose(3, 4).unbind(1)  # (h, 3, e, L) each
        return (None, *grads, *of_tables)


def sizes(width: int) -> dict[str, int]:
    """Return how large a program's blocks are for e channels of a head, and on how many warps it runs."""
    return {"width": width, "padded": at_least(width), "block": BLOCK, "num_warps": 1}
