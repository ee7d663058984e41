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
        out = layer(feature, coord, neighbor)
        results.append([out, *torch.autograd.grad(out.square().sum(), [feature, layer.weight])])
    for whole, chunked in zip(*results):
        assert (whole - chunked).abs().max() < 1e-10
