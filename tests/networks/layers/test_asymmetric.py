from __future__ import annotations

from typing import Any

import pytest
import torch
from tests.networks import dense_spconv
from tests.networks.layers.test_sparse import SHAPE, answer
from torch import nn

from openworld3d.networks.layers.asymmetric import (
    ACROSS,
    ALONG,
    AsymmetricBlock,
    AsymmetricNetwork,
    DimensionContext,
    NeighborhoodLayer,
)
from openworld3d.networks.layers.sparse import kernels, sparse_tensor


class Context(DimensionContext):
    """The context without dropout."""

    def forward(self, voxels: Any, *_: Any) -> Any:
        return super().forward(voxels, 0.0, None)


class Whole(AsymmetricNetwork):
    """The network without dropout."""

    def forward(self, voxels: Any) -> Any:
        return self.gated(self.ungated(voxels), 0.0, None)


MODULES: list[tuple[type[nn.Module], list[Any]]] = [
    (AsymmetricBlock, [4, 6, 0]),
    (AsymmetricBlock, [4, 6, 0, ALONG]),
    (Context, [4, False]),
    (Context, [4, True]),
    (Whole, [4, 2, False]),
    (Whole, [4, 2, True]),
    (NeighborhoodLayer, [4, 3]),
]


@pytest.mark.parametrize(("kind", "arguments"), MODULES)
def test_spconv_answers_as_dense_convolutions(
    kind: type[nn.Module], arguments: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    dense_spconv.skip_without_spconv()
    sparse = kind(*arguments)
    dense_spconv.stand_in(monkeypatch)
    dense = kind(*arguments)
    dense.load_state_dict(sparse.state_dict())
    expected = answer(dense, 4)
    monkeypatch.undo()
    found = answer(sparse, 4)
    assert found.std() > 0.1
    assert torch.allclose(found, expected, atol=1e-4)


def test_network_keeps_the_cells_and_has_four_times_the_width(monkeypatch: pytest.MonkeyPatch) -> None:
    dense_spconv.stand_in(monkeypatch)
    assert answer(Whole(4, 2, False), 4).shape == (60, 8)


def see_the_cell_alone(module: nn.Module) -> None:
    """Make each convolution of one channel return what its own cell has."""
    for part in module.modules():
        if isinstance(part, dense_spconv.Convolution):
            part.weight.data.zero_()
            part.weight.data[0, part.kernel_size[0] // 2, part.kernel_size[1] // 2, part.kernel_size[2] // 2, 0] = 1


# Without neighbours, f is 2 leaky(leaky(f)) in a block, and 3 f sigmoid(f) in a context.
@pytest.mark.parametrize(
    ("kind", "arguments", "expected"),
    [
        (AsymmetricBlock, [1, 1, 0], [2.0, -2e-4]),
        (Context, [1, False], [3 * 0.7310586, -3 * 0.2689414]),
    ],
)
def test_block_by_hand(
    kind: type[nn.Module], arguments: list[Any], expected: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    dense_spconv.stand_in(monkeypatch)
    module = kind(*arguments).eval()
    see_the_cell_alone(module)
    places = torch.tensor([[0, 1, 2, 3], [0, 1, 2, 4]], dtype=torch.int32)
    found = module(sparse_tensor(torch.tensor([[1.0], [-1.0]]), places, SHAPE, 1))
    assert found.features.flatten().tolist() == pytest.approx(expected, rel=1e-4)


def test_convolutions_that_share_a_key_have_the_neighbours_of_the_first(monkeypatch: pytest.MonkeyPatch) -> None:
    dense_spconv.stand_in(monkeypatch)
    sizes = {
        name: (tuple(weight.shape[1:4]), written) for name, (weight, written) in kernels(Whole(4, 2, True)).items()
    }
    run = {name: size for name, (size, _) in sizes.items()}
    assert {size for name, size in run.items() if name.startswith("first.")} == {ACROSS}
    assert {size for name, size in run.items() if ".block." in name} == {ALONG}
    assert {size for name, size in run.items() if ".after." in name} == {ACROSS}
    assert {size for name, size in run.items() if name.startswith("context.")} == {(3, 1, 1)}
    written = {name: size for name, (_, size) in sizes.items()}
    assert written == {name: tuple(weight.shape[1:4]) for name, (weight, _) in kernels(Whole(4, 2, False)).items()}


def test_dropped_gates_are_of_each_axis_and_make_up_for_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    dense_spconv.stand_in(monkeypatch)
    context = DimensionContext(1, False).eval()
    see_the_cell_alone(context)
    number = torch.arange(700)
    cells = torch.stack([number * 0, number // 72, number // 8 % 9, number % 8], 1).int()
    voxels = sparse_tensor(torch.ones(len(cells), 1), cells, SHAPE, 1)
    found = context(voxels, 0.5, torch.Generator().manual_seed(0)).features / (2 * 0.7310586)
    assert set(found.round().flatten().tolist()) == {0, 1, 2, 3}
    assert torch.allclose(found, found.round(), atol=1e-4)
    assert found.mean().item() == pytest.approx(1.5, abs=0.15)
