from __future__ import annotations

import sys

import numpy as np
import pytest
import torch
from tests.networks import dense_spconv
from torch import nn

from openworld3d.errors import UserError
from openworld3d.networks.layers.asymmetric import ACROSS, ALONG, CUBE, LINES
from openworld3d.networks.layers.sparse import ConvNorm, Kernel, library, permute_spconv1, sparse_tensor, submanifold

SHAPE = [12, 9, 8]


def voxels(channels: int, count: int = 60) -> tuple[torch.Tensor, torch.Tensor]:
    """Return features and places of random cells of two clouds."""
    generator = np.random.default_rng(0)
    chosen = np.sort(generator.choice(2 * np.prod(SHAPE), count, replace=False))
    places = np.stack(np.unravel_index(chosen, [2, *SHAPE]), 1).astype(np.int32)
    return torch.from_numpy(generator.normal(size=(count, channels)).astype(np.float32)), torch.from_numpy(places)


def answer(module: nn.Module, channels: int) -> torch.Tensor:
    """Return a module's features of the voxels, normalised over these: by untrained statistics they would vanish."""
    feature, places = voxels(channels)
    with torch.no_grad():
        output = module.train()(sparse_tensor(feature, places, SHAPE, 2))
    return output if isinstance(output, torch.Tensor) else output.features


@pytest.mark.parametrize("kernel", [ACROSS, ALONG, CUBE, *LINES])
def test_convolution_sees_the_occupied_cells_under_its_kernel(
    kernel: Kernel, monkeypatch: pytest.MonkeyPatch
) -> None:
    dense_spconv.stand_in(monkeypatch)
    convolution = submanifold(1, 1, kernel, 0)
    convolution.weight.data.fill_(1)  # type: ignore[operator]
    count = answer(convolution, 1)
    feature, places = voxels(1)
    reach = torch.tensor([size // 2 for size in kernel])
    far = (places[:, None, 1:] - places[None, :, 1:]).abs() > reach  # (V, V, 3)
    near = ~far.any(2) & (places[:, None, 0] == places[None, :, 0])  # (V, V)
    assert torch.allclose(count, near.float() @ feature, atol=1e-5)


def test_convolution_is_followed_by_its_activation_and_then_the_norm(monkeypatch: pytest.MonkeyPatch) -> None:
    dense_spconv.stand_in(monkeypatch)
    layer = ConvNorm(1, 1, (3, 1, 3), 0).eval()
    layer.conv.weight.data.zero_()  # type: ignore[operator]
    layer.conv.weight.data[0, 1, 0, 1, 0] = 2  # type: ignore[operator]
    layer.norm.bias.data.fill_(1)
    places = torch.tensor([[0, 1, 2, 3], [0, 1, 2, 4]], dtype=torch.int32)
    found = layer(sparse_tensor(torch.tensor([[1.0], [-1.0]]), places, SHAPE, 1))
    assert found.features.tolist() == [pytest.approx([3.0], abs=1e-4), pytest.approx([0.98], abs=1e-4)]


def test_lacking_spconv_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "spconv.pytorch", None)
    with pytest.raises(
        UserError, match=r"spconv cannot be imported here \(.*\); set the backbone's environment to real"
    ):
        library()


def test_kernels_of_spconv_1_are_permuted_and_all_else_stays() -> None:
    kernel = torch.arange(1 * 3 * 3 * 2 * 4).view(1, 3, 3, 2, 4)
    state = {"conv.weight": kernel, "linear.weight": torch.eye(2), "norm.num_batches_tracked": torch.tensor(3)}
    permuted = permute_spconv1(state)
    assert permuted["conv.weight"].shape == (4, 1, 3, 3, 2)
    assert permuted["conv.weight"][3, 0, 2, 1, 0] == kernel[0, 2, 1, 0, 3]
    assert permuted["conv.weight"].is_contiguous()
    assert permuted["linear.weight"] is state["linear.weight"]
    assert permuted["norm.num_batches_tracked"] == 3
