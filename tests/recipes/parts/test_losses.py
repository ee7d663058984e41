from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from openworld3d.protocols.protocol import IGNORED
from openworld3d.recipes.parts.losses import jaccard_steps, lovasz_softmax, mean_cross_entropy

SURE = 60.0  # a logit beside which those of 0 have no probability


def test_lovasz_by_hand() -> None:
    """Errors of class 0 are 1/4 and 1/2, which cost 1/2 each; of the same two of class 1 only the larger costs."""
    logits = torch.log(torch.tensor([[3 / 4, 1 / 4], [1 / 2, 1 / 2]]))
    assert lovasz_softmax(logits, torch.tensor([0, 1])).item() == pytest.approx((3 / 8 + 1 / 2) / 2)
    with_void = torch.cat([logits, torch.tensor([[9.0, -9.0]])])
    assert lovasz_softmax(with_void, torch.tensor([0, 1, IGNORED])).item() == pytest.approx(7 / 16)


@given(st.lists(st.tuples(st.integers(0, 3), st.sampled_from([0, 1, 2, IGNORED])), min_size=1, max_size=40))
def test_lovasz_of_sure_predictions_is_one_less_the_iou_of_the_classes_that_are_there(
    points: list[tuple[int, int]],
) -> None:
    predicted, target = (torch.tensor(column) for column in zip(*points))
    logits = SURE * torch.nn.functional.one_hot(predicted, 4).float()
    labelled = target != IGNORED
    there = torch.unique(target[labelled]).tolist()
    ious = []
    for label in there:
        hit, said = (target == label) & labelled, (predicted == label) & labelled
        ious.append(((hit & said).sum() / (hit | said).sum()).item())
    expected = 1 - np.mean(ious) if there else 0
    assert lovasz_softmax(logits, target).item() == pytest.approx(expected, abs=1e-5)


def test_lovasz_teaches_each_labelled_point_and_no_other() -> None:
    logits = torch.randn(50, 3, generator=torch.Generator().manual_seed(0)).requires_grad_()
    target = torch.tensor([0, 1, 2, IGNORED, 1] * 10)
    lovasz_softmax(logits, target).backward()
    assert logits.grad is not None
    assert torch.equal(logits.grad.any(1), target != IGNORED)


def test_lovasz_of_a_batch_without_a_label_is_nothing() -> None:
    logits = torch.ones(3, 2, requires_grad=True)
    loss = lovasz_softmax(logits, torch.full((3,), IGNORED))
    loss.backward()
    assert loss.item() == 0
    assert logits.grad is not None
    assert not logits.grad.any()


@given(st.lists(st.tuples(st.floats(0, 1, width=32), st.booleans()), min_size=1, max_size=30))
def test_steps_of_the_jaccard_loss_come_to_that_of_being_wrong_everywhere(points: list[tuple[float, bool]]) -> None:
    probability, of_class = (torch.tensor(column, dtype=torch.float32) for column in zip(*points))
    steps = jaccard_steps(probability, of_class)
    assert (steps >= -1e-6).all()
    assert steps.sum().item() == pytest.approx(1, abs=1e-5)


def test_columns_of_no_class_count_in_the_softmax_and_have_no_weight() -> None:
    logits = torch.log(torch.tensor([[1.0, 2.0, 5.0], [3.0, 1.0, 4.0]]))
    loss = mean_cross_entropy(logits, torch.tensor([0, 1]), torch.tensor([1.0, 3.0]))
    assert loss.item() == pytest.approx((math.log(8) + 3 * math.log(8)) / 4)
