from __future__ import annotations

from typing import Any

import pytest
import torch
from tests.networks import dense_spconv
from tests.networks.layers.test_sparse import SHAPE, answer
from torch import nn

from openworld3d.networks.layers.asymmetric import AsymmetricBlock, AsymmetricNetwork, DimensionContext
from openworld3d.networks.layers.sparse import sparse_tensor

MODULES: list[tuple[type[nn.Module], list[Any]]] = [
    (AsymmetricBlock, [4, 6, 0]),
    (DimensionContext, [4]),
    (AsymmetricNetwork, [4, 2]),
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
    assert answer(AsymmetricNetwork(4, 2), 4).shape == (60, 8)


def see_the_cell_alone(module: nn.Module) -> None:
    """Make each convolution of one channel return what its own cell has."""
    for part in module.modules():
        if isinstance(part, dense_spconv.Convolution):
            part.weight.data.zero_()
            part.weight.data[0, part.kernel_size[0] // 2, part.kernel_size[1] // 2, part.kernel_size[2] // 2, 0] = 1


# Without neighbours, f is 2 leaky(leaky(f)) in a block, and 3 f sigmoid(f) in a context.
@pytest.mark.parametrize(
    ("kind", "arguments", "expected"),
    [(AsymmetricBlock, [1, 1, 0], [2.0, -2e-4]), (DimensionContext, [1], [3 * 0.7310586, -3 * 0.2689414])],
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
