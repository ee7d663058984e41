from __future__ import annotations

import pytest
import torch

from openworld3d.networks.layers.batch_norm import BatchNorm


@pytest.mark.parametrize("training", [True, False])
def test_one_point_is_normalised_by_the_running_statistics(training: bool) -> None:
    layer = BatchNorm(2).train(training)
    layer.running_mean = torch.tensor([1.0, -1.0])
    layer.running_var = torch.tensor([4.0, 0.25])
    layer.weight.data = torch.tensor([3.0, 1.0])
    layer.bias.data = torch.tensor([0.5, 0.0])
    assert layer(torch.tensor([[5.0, 0.0]]))[0].tolist() == pytest.approx([6.5, 2], rel=1e-4)
    assert layer.running_mean.tolist() == [1, -1]
    assert layer.running_var.tolist() == [4, 0.25]


def test_two_points_are_normalised_by_their_own_and_move_the_running_statistics() -> None:
    layer = BatchNorm(1, momentum=0.5)
    assert layer(torch.tensor([[1.0], [5.0]]))[:, 0].tolist() == pytest.approx([-1, 1], rel=1e-4)
    assert layer.running_mean is not None
    assert layer.running_mean.tolist() == [1.5]  # half of 0, half of 3
    assert layer.running_var is not None
    assert layer.running_var.tolist() == [4.5]  # half of 1, half of 8, the unbiased variance
