from __future__ import annotations

import sys

import numpy as np
import pytest
import torch
from tests.networks import dense_spconv
from torch import nn

from openworld3d.errors import UserError
from openworld3d.networks.layers.asymmetric import ACROSS, ALONG, CUBE, LINES
from openworld3d.networks.layers.sparse import (
    ConvNorm,
    Kernel,
    from_spconv1,
    initialise_as_spconv1,
    library,
    sparse_tensor,
    submanifold,
    to_coarser,
)

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


def test_kernels_of_spconv_1_are_permuted_and_all_else_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    dense_spconv.stand_in(monkeypatch)
    network = nn.ModuleDict({"conv": submanifold(2, 4, ACROSS, 0), "pool": to_coarser(2, (2, 2, 1), 0)})
    kernel, pool = torch.arange(1 * 3 * 3 * 2 * 4).view(1, 3, 3, 2, 4), torch.arange(27 * 4).view(3, 3, 3, 2, 2)
    state = {"conv.weight": kernel, "pool.weight": pool, "linear.weight": torch.eye(2), "n": torch.tensor(3)}
    converted = from_spconv1(state, network)
    assert converted["conv.weight"].shape == (4, 1, 3, 3, 2)
    assert converted["conv.weight"][3, 0, 2, 1, 0] == kernel[0, 2, 1, 0, 3]
    assert torch.equal(converted["pool.weight"], pool.permute(4, 0, 1, 2, 3))
    assert converted["conv.weight"].is_contiguous()
    assert converted["linear.weight"] is state["linear.weight"]
    assert converted["n"] == 3


# Of a kernel with another's neighbours, the first slices as they lie in memory are applied to these in their order.
@pytest.mark.parametrize(("written", "run"), [(ALONG, ACROSS), (CUBE, ACROSS), (LINES[2], LINES[0])])
def test_kernel_with_the_neighbours_of_another_keeps_the_slices_that_run(
    written: Kernel, run: Kernel, monkeypatch: pytest.MonkeyPatch
) -> None:
    dense_spconv.stand_in(monkeypatch)
    network = nn.ModuleDict({"conv": submanifold(1, 1, written, 0, run)})
    kernel = torch.arange(1.0, float(np.prod(written)) + 1).view(*written, 1, 1)
    converted = from_spconv1({"conv.weight": kernel}, network)["conv.weight"]
    assert converted.shape == (1, *run, 1)
    assert converted.flatten().tolist() == list(range(1, int(np.prod(run)) + 1))
    other = torch.ones(*run, 1, 1)  # no kernel that the code writes: it stays as it is, and does not fit
    assert from_spconv1({"conv.weight": other}, network)["conv.weight"].shape == (*run, 1, 1)


def test_kernels_are_drawn_in_the_bounds_of_spconv_1(monkeypatch: pytest.MonkeyPatch) -> None:
    dense_spconv.stand_in(monkeypatch)
    network = nn.ModuleDict({"conv": submanifold(8, 16, CUBE, 0, ACROSS), "line": submanifold(8, 16, LINES[0], 0)})
    initialise_as_spconv1(network)
    for name, bound in (("conv", (3 * 3 * 8 * 16) ** -0.5), ("line", (1 * 1 * 8 * 16) ** -0.5)):
        weight = network[name].weight
        assert isinstance(weight, torch.Tensor)
        assert 0.95 * bound < weight.abs().max() <= bound
        assert weight.abs().mean().item() == pytest.approx(bound / 2, rel=0.1)


def test_spconv_on_the_cpu_computes_with_one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    dense_spconv.skip_without_spconv()
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(2)
        convolution = submanifold(16, 8, CUBE, 0)
        found = [answer(convolution, 16) for _ in range(3)]
        assert torch.get_num_threads() == 1
    finally:
        torch.set_num_threads(before)
    dense_spconv.stand_in(monkeypatch)
    dense = submanifold(16, 8, CUBE, 0)
    dense.load_state_dict(convolution.state_dict())
    expected = answer(dense, 16)
    assert all(torch.allclose(one, expected, atol=1e-5) for one in found)
