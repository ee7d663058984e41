"""Sparse convolutions on voxels with spconv 2.1 to 2.3, imported only when a network needs them.

A sparse tensor has features (V, C) float32 of the occupied cells, and their indices (V, 4) int32: cloud and cell.
Convolutions with equal `indice_key` share their list of neighbouring cells, so a key names resolution and kernel:
spconv 2 rejects one key for two kernels. spconv 1, for which Cylinder3D was released, takes the list of whichever
ran first with a key, and applies the n-th slice of the flattened kernel to the n-th neighbour of that list. Here a
convolution is made so by `neighbors_of`, the kernel whose neighbours it takes; slices beyond that list do nothing
there, and do not exist here.
"""

from __future__ import annotations

import importlib
import math
from typing import Any, Mapping, Tuple

import torch
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
    """Return a sparse tensor of voxel (V, 4) int32 with feature (V, C), each cloud of `shape` cells.

    On the CPU, this thread computes with one OpenMP thread from then on: with more, spconv 2.3.8 gives wrong numbers
    that change from run to run.
    """
    if feature.device.type == "cpu" and torch.get_num_threads() > 1:
        torch.set_num_threads(1)
    return library().SparseConvTensor(feature, voxel, shape, clouds)


def submanifold(
    in_channels: int, out_channels: int, kernel: Kernel, level: int, neighbors_of: Kernel | None = None
) -> nn.Module:
    """Return a convolution that keeps the set of occupied cells of a level, 0 the finest."""
    run = neighbors_of or kernel
    padding = [size // 2 for size in run]
    key = f"level {level} kernel {run}"
    convolution = library().SubMConv3d(in_channels, out_channels, run, padding=padding, bias=False, indice_key=key)
    convolution.written_kernel = kernel
    return convolution


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

    def __init__(
        self, in_channels: int, out_channels: int, kernel: Kernel, level: int, neighbors_of: Kernel | None = None
    ) -> None:
        super().__init__()
        self.conv = submanifold(in_channels, out_channels, kernel, level, neighbors_of)
        self.norm = BatchNorm(out_channels)

    def forward(self, voxels: Any) -> Any:
        voxels = self.conv(voxels)
        return voxels.replace_feature(self.norm(nn.functional.leaky_relu(voxels.features)))


def kernels(network: nn.Module) -> dict[str, tuple[Tensor, tuple[int, ...]]]:
    """Return each sparse convolution's kernel by name, (out, kx, ky, kz, in), and its size as the code writes it."""
    found = {}
    for name, module in network.named_modules():
        weight = getattr(module, "weight", None)
        if isinstance(weight, Tensor) and weight.dim() == CONVOLUTION_DIMENSIONS:
            found[f"{name}.weight"] = weight, getattr(module, "written_kernel", tuple(weight.shape[1:4]))
    return found


def initialise_as_spconv1(network: nn.Module) -> None:
    """Draw the kernels as spconv 1.2.1 does: uniformly within 1 / sqrt(ky kz in out).

    It means Kaiming's bound, and takes (kx, ky, kz, in, out) for (out, in, ...).
    """
    for weight, (_, height, depth) in kernels(network).values():
        bound = 1 / math.sqrt(height * depth * weight.shape[-1] * weight.shape[0])
        nn.init.uniform_(weight, -bound, bound)


def from_spconv1(state: Mapping[str, Tensor], network: nn.Module) -> dict[str, Tensor]:
    """Convert a state of spconv 1, by the network's names, to its layout: kernels (kx, ky, kz, in, out) are permuted.

    Of a kernel that takes another's neighbours, the slices that spconv 1 runs are kept. One of another size than the
    code writes stays as it is, and does not fit.
    """
    converted = dict(state)
    for name, (own, written) in kernels(network).items():
        if name in state and tuple(state[name].shape[:3]) == written:
            size = own.shape[1:4]
            run = state[name].flatten(0, 2)[: size.numel()]  # (slices, in, out)
            converted[name] = run.permute(2, 0, 1).reshape(-1, *size, run.shape[1]).contiguous()
    return converted
