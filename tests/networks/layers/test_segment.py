from __future__ import annotations

from typing import Callable

import pytest
import torch

from openworld3d.networks.layers import segment

INDEX = torch.tensor([2, 0, 2, 0, 3])
SOURCE = torch.tensor([[1.0, 2], [3, 4], [5, 6], [7, 8], [9, -10]])
SOFTMAXES = list(dict.fromkeys([segment.segment_softmax, segment.softmax_by_torch]))

HIGHEST = list(dict.fromkeys([segment.segment_max, segment.max_by_torch]))

Softmax = Callable[[torch.Tensor, torch.Tensor, int], torch.Tensor]


def test_sum_by_hand() -> None:
    expected = [[10.0, 12], [0, 0], [6, 8], [9, -10]]
    assert segment.segment_sum(SOURCE, INDEX, 4).tolist() == expected


@pytest.mark.parametrize("highest", segment.MAXIMA)
def test_max_by_hand(highest: object) -> None:
    lowest = float("-inf")
    expected = [[7.0, 8], [lowest, lowest], [5, 6], [9, -10]]
    assert highest(SOURCE, INDEX, 4).tolist() == expected  # type: ignore[operator]


@pytest.mark.parametrize("highest", HIGHEST)
def test_gradient_of_a_maximum_goes_to_its_row(highest: Softmax) -> None:
    source = SOURCE.clone().requires_grad_()
    largest = highest(source, INDEX, 4)
    assert largest.tolist() == [[7, 8], [0, 0], [5, 6], [9, -10]]
    (largest * torch.arange(8.0).view(4, 2)).sum().backward()
    assert source.grad is not None
    assert source.grad.tolist() == [[0, 0], [0, 0], [4, 5], [0, 1], [6, 7]]


def test_equal_rows_share_the_gradient_of_their_maximum() -> None:
    source = torch.tensor([[1.0], [3.0], [3.0]], requires_grad=True)
    segment.max_by_torch(source, torch.tensor([0, 0, 0]), 1).sum().backward()
    assert source.grad is not None
    assert source.grad.tolist() == [[0], [0.5], [0.5]]


@pytest.mark.parametrize("softmax", SOFTMAXES)
def test_softmax_sums_to_one_and_is_shift_invariant(softmax: Softmax) -> None:
    weight = softmax(SOURCE, INDEX, 4)
    assert segment.sum_by_index_add(weight, INDEX, 4)[[0, 2, 3]] == pytest.approx(1)
    assert torch.allclose(weight, softmax(SOURCE + 1e4, INDEX, 4), atol=1e-3)
    assert weight[4].tolist() == [1, 1]


@pytest.mark.parametrize("softmax", SOFTMAXES)
def test_softmax_gradient(softmax: Softmax) -> None:
    source = SOURCE.double().requires_grad_()
    assert torch.autograd.gradcheck(lambda x: softmax(x, INDEX, 4), (source,))


def test_take_rows_is_indexing() -> None:
    index = torch.tensor([[0, 4], [4, 4], [1, 0]])
    assert torch.equal(segment.take_rows(SOURCE, index), SOURCE[index])


@pytest.mark.skipif(segment.torch_scatter is None, reason="torch-scatter cannot be imported here")
def test_torch_agrees_with_torch_scatter() -> None:
    generator = torch.Generator().manual_seed(0)
    source = torch.randn(1000, 3, generator=generator)
    index = torch.randint(0, 50, (1000,), generator=generator)
    by_scatter = segment.softmax_by_scatter(source, index, 50)
    assert torch.allclose(segment.softmax_by_torch(source, index, 50), by_scatter, atol=1e-6)
    by_scatter = segment.sum_by_scatter(source, index, 50)
    assert torch.allclose(segment.sum_by_index_add(source, index, 50), by_scatter, atol=1e-5)
