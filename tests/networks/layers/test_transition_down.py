from __future__ import annotations

import pytest
import torch

from openworld3d.networks.layers import transition_down
from openworld3d.networks.layers.transition_down import TransitionDown


def test_points_pooled_in_chunks_are_those_pooled_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    torch.manual_seed(0)
    layer = TransitionDown(3, 4).double()
    feature = torch.randn(20, 3, dtype=torch.float64, requires_grad=True)
    neighbor = torch.randint(0, 20, (11, 5))
    results = []
    for chunk in (100, 4):
        monkeypatch.setattr(transition_down, "CHUNK", chunk)
        out = layer(feature, neighbor)
        results.append([out, *torch.autograd.grad(out.square().sum(), [feature, layer.linear.weight])])
    for whole, chunked in zip(*results):
        assert (whole - chunked).abs().max() < 1e-10
