from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from tests.given import batch_of, recipe_of
from torch import nn

from openworld3d.networks.backbone import Backbone
from openworld3d.protocols.protocol import IGNORED
from openworld3d.recipes import closed_set
from openworld3d.recipes.parts.losses import lovasz_softmax

CLOSED_SET = recipe_of("closed_set")


class Echo(Backbone):
    """A network whose decoder and classifier leave what comes in as it is."""

    def __init__(self) -> None:
        super().__init__()
        self.classifier = nn.Sequential(nn.Identity(), nn.Identity())

    def decode(self, feature: torch.Tensor, geometry: object) -> torch.Tensor:
        return feature

    def forward(self, feature: torch.Tensor, geometry: object) -> torch.Tensor:
        return self.classifier(self.decode(feature, geometry))

    def geometry(self, coord: np.ndarray, offset: np.ndarray) -> None:
        return None


def test_loss_is_the_mean_over_labelled_points() -> None:
    logits = torch.tensor([[0.0, 0.0], [math.log(3), 0.0], [50.0, -50.0]], requires_grad=True)
    loss, returned = CLOSED_SET.loss(Echo(), batch_of(logits, [0, 0, IGNORED]), torch.ones(2))
    assert loss.item() == pytest.approx((math.log(2) + math.log(4 / 3)) / 2)
    assert torch.equal(returned, logits)
    loss.backward()
    assert logits.grad is not None
    assert logits.grad[2].tolist() == [0, 0]


def test_outputs_are_those_that_it_declares() -> None:
    logits = torch.tensor([[1.0, 2.0]])
    outputs = CLOSED_SET.outputs(Echo(), logits, None, torch.Generator())
    assert tuple(outputs) == closed_set.OUTPUTS
    assert torch.equal(outputs["logits"], logits)


def test_weights_count_classes() -> None:
    logits = torch.tensor([[0.0, 0.0], [math.log(3), 0.0]])
    loss, _ = CLOSED_SET.loss(Echo(), batch_of(logits, [0, 1]), torch.tensor([1.0, 3.0]))
    assert loss.item() == pytest.approx((math.log(2) + 3 * math.log(4)) / 4)


def test_batch_without_a_label_teaches_nothing() -> None:
    logits = torch.ones(2, 2, requires_grad=True)
    loss, _ = CLOSED_SET.loss(Echo(), batch_of(logits, torch.full((2,), IGNORED)), torch.ones(2))
    loss.backward()
    assert loss.item() == 0
    assert logits.grad is not None
    assert not logits.grad.any()


def test_lovasz_softmax_is_added_by_its_weight() -> None:
    logits = torch.tensor([[1.0, 0.0], [0.0, 3.0], [2.0, 0.0]])
    batch, weight = batch_of(logits, [0, 1, IGNORED]), torch.ones(2)
    plain, _ = CLOSED_SET.loss(Echo(), batch, weight)
    both, _ = recipe_of("closed_set", lovasz_weight=0.5).loss(Echo(), batch, weight)
    assert (both - plain).item() == pytest.approx(0.5 * lovasz_softmax(logits, batch.target).item())


def test_columns_that_no_label_teaches_take_part_in_the_softmax_and_are_no_prediction() -> None:
    logits = torch.tensor([[math.log(3), 0.0, math.log(2)]])
    loss, known = CLOSED_SET.loss(Echo(), batch_of(logits, [0]), torch.ones(2))
    assert loss.item() == pytest.approx(math.log(2))
    assert known.tolist() == [[pytest.approx(math.log(3)), 0]]
