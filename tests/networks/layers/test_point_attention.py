"""Point Transformer's attention point by point, and some points at a time."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from openworld3d.networks.layers import point_attention
from openworld3d.networks.layers.point_attention import PointAttention, PointBlock

CHANNELS, POINTS, NEAR = 16, 7, 4


def disturbed(layer: nn.Module) -> nn.Module:
    """Return a layer in evaluation mode, its batch norms with statistics and weights of their own."""
    for module in layer.modules():
        if isinstance(module, nn.BatchNorm1d):
            for value in (module.weight, module.bias, module.running_mean):
                assert value is not None
                nn.init.normal_(value, 0.2)
            assert module.running_var is not None
            nn.init.uniform_(module.running_var, 0.5, 2)
    return layer.eval()


def cloud() -> tuple[Tensor, Tensor, Tensor]:
    """Return features, neighbours of which the last two points lack some, and where these are."""
    generator = torch.Generator().manual_seed(0)
    feature = torch.randn(POINTS, CHANNELS, generator=generator)
    neighbor = torch.randint(0, POINTS, (POINTS, NEAR), generator=generator)
    neighbor[-2, 2:] = neighbor[-1, 1:] = POINTS
    relative = torch.randn(POINTS, NEAR, 3, generator=generator)
    return feature, neighbor, relative.masked_fill((neighbor == POINTS)[:, :, None], 0)


def attended(layer: PointAttention, feature: Tensor, neighbor: list[int], relative: Tensor, point: int) -> np.ndarray:
    """Return y of a point by its formula, channel by channel; a missing neighbour's key and value are 0."""
    query, key, value = (part(feature) for part in (layer.linear_q, layer.linear_k, layer.linear_v))
    nothing = torch.zeros(CHANNELS)
    logits, values = [], []
    for near, place in zip(neighbor, relative):
        position = layer.linear_p(place[None])[0]
        of_key, of_value = (part[near] if near < POINTS else nothing for part in (key, value))
        logits.append(layer.linear_w((of_key - query[point] + position)[None])[0].detach().double().numpy())
        values.append((of_value + position).detach().double().numpy())
    weight = np.exp(logits) / np.exp(logits).sum(0)  # (k, C / 8)
    return np.array([sum(weight[:, c % 2] * np.array(values)[:, c]) for c in range(CHANNELS)])


def test_attention_point_by_point() -> None:
    torch.manual_seed(0)
    layer = disturbed(PointAttention(CHANNELS))
    assert isinstance(layer, PointAttention)
    feature, neighbor, relative = cloud()
    found = layer(feature, neighbor, relative).detach().numpy()
    for point, near in enumerate(neighbor.tolist()):
        expected = attended(layer, feature, near, relative[point], point)
        assert found[point] == pytest.approx(expected, abs=1e-5)


def test_block_is_the_attention_between_two_linear_layers() -> None:
    torch.manual_seed(0)
    block = disturbed(PointBlock(CHANNELS))
    assert isinstance(block, PointBlock)
    feature, neighbor, relative = cloud()
    hidden = block.bn1(block.linear1(feature)).clamp(min=0)
    hidden = block.bn2(block.transformer(hidden, neighbor, relative)).clamp(min=0)
    expected = (feature + block.bn3(block.linear3(hidden))).clamp(min=0)
    assert torch.allclose(block(feature, neighbor, relative), expected)


@pytest.mark.parametrize("rows", [1, 3])
def test_some_points_at_a_time_are_all_points_at_once(monkeypatch: pytest.MonkeyPatch, rows: int) -> None:
    torch.manual_seed(0)
    layer = disturbed(PointAttention(CHANNELS))
    feature, neighbor, relative = cloud()
    at_once = layer(feature, neighbor, relative)
    monkeypatch.setattr(point_attention, "CACHED", rows * NEAR * CHANNELS)
    assert torch.allclose(layer(feature, neighbor, relative), at_once, atol=1e-6)


def test_missing_neighbours_count_in_a_batchs_statistics() -> None:
    """The first norm of the positions sees a row for each of the neighbours, at no distance where there is none."""
    torch.manual_seed(0)
    layer = PointAttention(CHANNELS).train()
    feature, neighbor, relative = cloud()
    layer(feature, neighbor, relative)
    rows = layer.linear_p[0](relative.view(-1, 3))
    norm = layer.linear_p[1]
    assert len(rows) == POINTS * NEAR
    assert torch.allclose(norm.running_mean, 0.1 * rows.mean(0), atol=1e-6)  # type: ignore[arg-type]


def test_no_points_are_none() -> None:
    nothing = torch.zeros(0, CHANNELS)
    neighbor, relative = torch.zeros(0, NEAR, dtype=torch.int64), torch.zeros(0, NEAR, 3)
    for training in (True, False):
        assert PointBlock(CHANNELS).train(training)(nothing, neighbor, relative).shape == (0, CHANNELS)
