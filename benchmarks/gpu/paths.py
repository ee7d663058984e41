"""The paths that the library's attention can take, and how a benchmark chooses one."""

from __future__ import annotations

import os

import torch

from benchmarks.gpu.rows import Setting
from openworld3d.networks.layers import fused_attention, stratified_attention


def choose(path: str) -> None:
    """Let all attention of this process take a path: plain or fused."""
    stratified_attention.is_fused = lambda vectors: path == "fused"


def paths_of(setting: Setting) -> list[str]:
    """Return the paths that can run; in a dry run the fused one does in Triton's interpreter."""
    if setting.dry:
        fused = os.environ.get("TRITON_INTERPRET") == "1" and fused_attention.kernels() is not None
    else:
        fused = fused_attention.is_fused(torch.zeros(1, device=setting.device))
    return ["plain", "fused"] if fused else ["plain"]
