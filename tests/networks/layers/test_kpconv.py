from __future__ import annotations

import pytest
import torch

from openworld3d.networks.layers import kpconv


def test_chunks_make_no_difference(monkeypatch: pytest.MonkeyPatch) -> None:
    torch.manual_seed(0)
    layer = kpconv.KPConv(3, 4, reach=0.5).double()
    feature = torch.randn(20, 3, dtype=torch.float64, requires_grad=True)
    coord, neighbor = torch.rand(20, 3, dtype=torch.float64), torch.randint(0, 21, (20, 6))
    results = []
    for chunk in (100, 7):
        monkeypatch.setattr(kpconv, "CHUNK", chunk)
        out = layer(feature, kpconv.Neighborhood(coord, neighbor))
        results.append([out, *torch.autograd.grad(out.square().sum(), [feature, layer.weight])])
    for whole, chunked in zip(*results):
        assert (whole - chunked).abs().max() < 1e-10


@pytest.mark.parametrize(
    ("moved", "reach"), [(0.0, 0.5), (0.1, 0.5), (0.0, 0.4)], ids=["alike", "moved", "another reach"]
)
def test_layers_share_influences_only_where_their_kernel_points_are_alike(moved: float, reach: float) -> None:
    torch.manual_seed(0)
    coord, neighbor = torch.rand(20, 3), torch.randint(0, 21, (20, 6))
    points = kpconv.kernel_points(0.75)
    shared = kpconv.Neighborhood(coord, neighbor)
    first = shared.influences_of(points, 0.5)
    (found,) = shared.influences_of(points + moved, reach)
    (alone,) = kpconv.Neighborhood(coord, neighbor).influences_of(points + moved, reach)
    assert torch.equal(found, alone)
    assert (found is first[0]) == (moved == 0 and reach == 0.5)
