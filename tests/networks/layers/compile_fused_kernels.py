"""Compile the fused attention's kernels for a GPU, which needs none: the interpreter takes what this refuses."""

from __future__ import annotations

import triton
from triton.backends.compiler import GPUTarget
from triton.compiler import ASTSource

from openworld3d.networks.layers import fused_kernels as kernels

A100 = GPUTarget("cuda", 80, 32)
VECTORS = ("query", "key", "value", "grad", "out", "grad_query", "grad_key", "grad_value")
INDICES = ("start", "other", "owner", "by_key")
NUMBERS = ("points", "pairs", "length", "pair_stride", "axis_stride", "of_chunk")
SIZES = {"width": 16, "padded": 16, "block": 32}
OF_TABLES = {"rows": 256, "precision": "tf32x3"}  # of 64 or 80 rows per axis


def type_of(name: str) -> str:
    """Return Triton's type of an argument."""
    if name in {**SIZES, **OF_TABLES}:
        return "constexpr"
    known = {**dict.fromkeys(VECTORS, "*bf16"), **dict.fromkeys(INDICES, "*i32"), **dict.fromkeys(NUMBERS, "i32")}
    return {**known, "row": "*i8"}.get(name, "*fp32")


for kernel, sizes, warps in (
    (kernels.attend_kernel, SIZES, 1),
    (kernels.query_gradient_kernel, SIZES, 1),
    (kernels.key_gradient_kernel, SIZES, 1),
    (kernels.table_gradient_kernel, {**SIZES, **OF_TABLES}, 8),
):
    source = ASTSource(kernel, {name: type_of(name) for name in kernel.arg_names}, sizes)
    print(kernel.__name__, len(triton.compile(source, A100, {"num_warps": warps}).asm["cubin"]))
