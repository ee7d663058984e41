"""Point Transformer's transitions point by point."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from tests.networks.layers.test_point_attention import disturbed
from torch import Tensor

from openworld3d.networks.layers import point_attention
from openworld3d.networks.layers.point_transition import (
    PointEmbedding,
    PointHead,
    PointTransitionDown,
    PointUpsample,
)


def relu_of_norm(norm: torch.nn.Module, value: Tensor) -> Tensor:
    return norm(value).clamp(min=0)


def test_embedding_is_a_linear_layer_and_a_norm() -> None:
    layer = disturbed(PointEmbedding(6, 8))
    feature = torch.randn(5, 6)
    assert isinstance(layer, PointEmbedding)
    assert torch.allclose(layer(feature), relu_of_norm(layer.bn, feature @ layer.linear.weight.t()), atol=1e-6)


@pytest.mark.parametrize("rows", [1, 2, 9])
def test_transition_down_pools_places_and_features(monkeypatch: pytest.MonkeyPatch, rows: int) -> None:
    torch.manual_seed(0)
    monkeypatch.setattr(point_attention, "CACHED", rows * 3 * 8)
    layer = disturbed(PointTransitionDown(4, 8))
    assert isinstance(layer, PointTransitionDown)
    feature = torch.randn(5, 4)
    neighbor = torch.tensor([[0, 3, 1], [2, 4, 0], [4, 5, 5]])  # the last has one neighbour alone
    relative = torch.randn(3, 3, 3).masked_fill((neighbor == 5)[:, :, None], 0)
    found = layer(feature, neighbor, relative)
    for point, near in enumerate(neighbor.tolist()):
        joined = [
            torch.cat([place, feature[n] if n < 5 else torch.zeros(4)]) for n, place in zip(near, relative[point])
        ]
        each = relu_of_norm(layer.bn, torch.stack(joined) @ layer.linear.weight.t())
        assert torch.allclose(found[point], each.max(0)[0], atol=1e-6)


def test_head_joins_each_point_with_the_mean_of_its_cloud() -> None:
    torch.manual_seed(0)
    layer = disturbed(PointHead(4))
    assert isinstance(layer, PointHead)
    feature, cloud = torch.randn(5, 4), torch.tensor([0, 0, 0, 2, 2])  # nothing of the second cloud is left
    means = [feature[:3].mean(0), feature[3:].mean(0)]
    context = [layer.linear2[0](mean).clamp(min=0) for mean in means]
    joined = torch.stack([torch.cat([one, context[0 if row < 3 else 1]]) for row, one in enumerate(feature)])
    expected = relu_of_norm(layer.linear1[1], layer.linear1[0](joined))
    assert torch.allclose(layer(feature, cloud, 3), expected, atol=1e-6)
    assert layer(feature[:0], cloud[:0], 3).shape == (0, 4)


def test_upsample_adds_what_it_interpolates() -> None:
    torch.manual_seed(0)
    layer = disturbed(PointUpsample(6, 4))
    assert isinstance(layer, PointUpsample)
    skip, coarse = torch.randn(3, 4), torch.randn(2, 6)
    neighbor = torch.tensor([[0, 1, 2], [1, 2, 2], [2, 2, 2]])
    weight = torch.tensor([[0.75, 0.25, 0], [1, 0, 0], [0, 0, 0]])
    own = relu_of_norm(layer.linear1[1], layer.linear1[0](skip))
    far = relu_of_norm(layer.linear2[1], layer.linear2[0](coarse))
    expected = own + torch.stack([0.75 * far[0] + 0.25 * far[1], far[1], torch.zeros(4)])
    assert torch.allclose(layer(skip, coarse, neighbor, weight), expected, atol=1e-6)
    assert np.array_equal(layer(skip, coarse[:0], torch.zeros_like(neighbor), weight.zero_()).detach(), own.detach())
