"""What the library asks of spconv, by torch's dense convolutions: small grids, gradients and the CPU, no speed."""

from __future__ import annotations

import importlib
import sys
from typing import Any, Sequence

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

NAME = "spconv.pytorch"


class SparseConvTensor:
    """features (V, C) of the cells indices (V, 4), in a grid of spatial_shape; what each key's convolution saw."""

    def __init__(self, features: Tensor, indices: Tensor, spatial_shape: Sequence[int], batch_size: int) -> None:
        assert indices.dtype == torch.int32
        self.features, self.indices = features, indices
        self.spatial_shape, self.batch_size = list(spatial_shape), batch_size
        self.seen: dict[str, Any] = {}

    def replace_feature(self, features: Tensor) -> SparseConvTensor:
        return self.like(features, self.indices, self.spatial_shape)

    def like(self, features: Tensor, indices: Tensor, shape: Sequence[int]) -> SparseConvTensor:
        other = SparseConvTensor(features, indices, shape, self.batch_size)
        other.seen = dict(self.seen)
        return other

    def dense(self) -> Tensor:
        """Return (B, C, X, Y, Z), 0 in empty cells."""
        grid = self.features.new_zeros((self.batch_size, *self.spatial_shape, self.features.shape[1]))
        return grid.index_put(self.cells(), self.features).permute(0, 4, 1, 2, 3)

    def at(self, grid: Tensor) -> Tensor:
        """Return what a grid (B, C, X, Y, Z) has in the cells: (V, C)."""
        return grid.permute(0, 2, 3, 4, 1)[self.cells()]

    def cells(self) -> tuple[Tensor, ...]:
        return tuple(self.indices.long().T)


class Convolution(nn.Module):
    """Weights as spconv 2 has them: (out, kx, ky, kz, in)."""

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Any,
        stride: Any = 1,
        padding: Any = 0,
        bias: bool = True,
        indice_key: str = "",
    ) -> None:
        super().__init__()
        assert not bias
        self.kernel_size = [kernel_size] * 3 if isinstance(kernel_size, int) else list(kernel_size)
        self.stride, self.padding, self.indice_key = stride, padding, indice_key
        self.weight = nn.Parameter(torch.empty(out_channels, *self.kernel_size, in_channels))
        nn.init.kaiming_uniform_(self.weight.permute(0, 4, 1, 2, 3), a=5**0.5)

    def check_key(self, voxels: SparseConvTensor) -> None:
        """Refuse, as spconv 2 does, a key that another kernel or other cells have."""
        seen = voxels.seen.setdefault(self.indice_key, (self.kernel_size, voxels.indices))
        assert seen[0] == self.kernel_size
        assert torch.equal(seen[1], voxels.indices)


class SubMConv3d(Convolution):
    """Convolves, and keeps the occupied cells."""

    def forward(self, voxels: SparseConvTensor) -> SparseConvTensor:
        self.check_key(voxels)
        grid = F.conv3d(voxels.dense(), self.weight.permute(0, 4, 1, 2, 3), padding=self.padding)
        return voxels.replace_feature(voxels.at(grid))


class SparseConv3d(Convolution):
    """Convolves; the cells that see an occupied one are occupied."""

    def forward(self, voxels: SparseConvTensor) -> SparseConvTensor:
        assert self.indice_key not in voxels.seen
        ones = voxels.replace_feature(torch.ones_like(voxels.features[:, :1])).dense()
        reached = F.conv3d(ones, ones.new_ones((1, 1, *self.kernel_size)), stride=self.stride, padding=self.padding)
        grid = F.conv3d(voxels.dense(), self.weight.permute(0, 4, 1, 2, 3), stride=self.stride, padding=self.padding)
        indices = reached[:, 0].nonzero().int()
        coarser = voxels.like(grid.permute(0, 2, 3, 4, 1)[tuple(indices.long().T)], indices, grid.shape[2:])
        coarser.seen[self.indice_key] = (voxels, self.stride, self.padding)
        return coarser


class SparseInverseConv3d(Convolution):
    """Convolves back to the cells that the convolution of the same key saw."""

    def forward(self, voxels: SparseConvTensor) -> SparseConvTensor:
        finer, stride, padding = voxels.seen[self.indice_key]
        assert padding == 1
        assert self.kernel_size == [3, 3, 3]
        lacking = [
            size - ((coarse - 1) * step + 1)
            for size, coarse, step in zip(finer.spatial_shape, voxels.spatial_shape, stride)
        ]
        grid = F.conv_transpose3d(
            voxels.dense(), self.weight.permute(4, 0, 1, 2, 3), stride=stride, padding=1, output_padding=lacking
        )
        return voxels.like(finer.at(grid), finer.indices, finer.spatial_shape)


def skip_without_spconv() -> None:
    """Skip the test where spconv is absent, or is built for GPUs where there is none."""
    pytest.importorskip(NAME, reason="spconv cannot be imported here; its CPU build 2.3 will do")
    if not importlib.import_module("spconv.cppconstants").CPU_ONLY_BUILD and not torch.cuda.is_available():
        pytest.skip("spconv is built for GPUs, and there is none; its CPU build 2.3 will do")


def stand_in(monkeypatch: pytest.MonkeyPatch) -> None:
    """Put this module in the place of spconv."""
    monkeypatch.setitem(sys.modules, NAME, sys.modules[__name__])
