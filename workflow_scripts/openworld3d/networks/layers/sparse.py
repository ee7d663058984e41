"""Sparse convolutions on voxels with spconv 2.1 to 2.3, imported only when a network needs them.

A sparse tensor has features (V, C) float32 of the occupied cells, and their indices (V, 4) int32: cloud and cell.
Convolutions with equal `indice_key` share their list of neighbouring cells, so a key names resolution and kernel:
spconv 2 rejects one key for two kernels; spconv 1, for which Cylinder3D was released, reuses the first one's list.
"""

from __future__ import annotations

import importlib
from typing import Any, Mapping, Tuple

from torch import Tensor, nn

from openworld3d.errors import UserError
from openworld3d.networks.layers.batch_norm import BatchNorm

Kernel = Tuple[int, int, int]

CONVOLUTION_DIMENSIONS = 5  # three of the kernel, and channels in and out


def library() -> Any:
    """Return spconv; raises UserError where it cannot be imported."""
    try:
        return importlib.import_module("spconv.pytorch")
    except ImportError as error:
        raise UserError(
            f"network cylinder3d needs sparse convolutions, but spconv cannot be imported here ({error}); set "
            "the backbone's environment to real_cylinder3d, and run with --sdm conda"
        ) from None


def sparse_tensor(feature: Tensor, voxel: Tensor, shape: list[int], clouds: int) -> Any:
    """Return a sparse tensor of voxel (V, 4) int32 with feature (V, C), each cloud of `shape` cells."""
    return library().SparseConvTensor(feature, voxel, shape, clouds)


def submanifold(in_channels: int, out_channels: int, kernel: Kernel, level: int) -> nn.Module:
    """Return a convolution that keeps the set of occupied cells of a level, 0 the finest."""
    padding = [size // 2 for size in kernel]
    key = f"level {level} kernel {kernel}"
    return library().SubMConv3d(in_channels, out_channels, kernel, padding=padding, bias=False, indice_key=key)


def to_coarser(channels: int, stride: Kernel, level: int) -> nn.Module:
    """Return a strided 3 x 3 x 3 convolution from `level` to the next; `to_finer` of that level is its inverse."""
    return library().SparseConv3d(
        channels, channels, 3, stride=stride, padding=1, bias=False, indice_key=between(level)
    )


def to_finer(channels: int, level: int) -> nn.Module:
    """Return the inverse convolution, to the cells that `level` had before `to_coarser`."""
    return library().SparseInverseConv3d(channels, channels, 3, bias=False, indice_key=between(level))


def between(level: int) -> str:
    """Return the `indice_key` of the step from a level to the next coarser one."""
    return f"level {level} to {level + 1}"


class ConvNorm(nn.Module):
    """BatchNorm(LeakyReLU(conv f)), in this order."""

    def __init__(self, in_channels: int, out_channels: int, kernel: Kernel, level: int) -> None:
        super().__init__()
        self.conv = submanifold(in_channels, out_channels, kernel, level)
        self.norm = BatchNorm(out_channels)

    def forward(self, voxels: Any) -> Any:
        voxels = self.conv(voxels)
        return voxels.replace_feature(self.norm(nn.functional.leaky_relu(voxels.features)))


def permute_spconv1(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Convert a state of spconv 1 to the layout of spconv 2: kernels (kx, ky, kz, in, out) -> (out, kx, ky, kz, in).

    No rule calls it: the released Cylinder3D has another head, and where two kernels share a key, one was trained on
    the other's neighbours. It is the start of a port of those weights.
    """
    return {
        name: value.permute(4, 0, 1, 2, 3).contiguous() if value.dim() == CONVOLUTION_DIMENSIONS else value
        for name, value in state.items()
    }
