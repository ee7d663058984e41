from __future__ import annotations

from typing import Callable

import pytest
import torch

from openworld3d.networks.layers import segment

INDEX = torch.tensor([2, 0, 2, 0, 3])
SOURCE = torch.tensor([[1.0, 2], [3, 4], [5, 6], [7, 8], [9, -10]])
HAS_REDUCE = hasattr(torch.Tensor, "scatter_reduce")  # not torch 1.8, where torch-scatter serves
needs_reduce = pytest.mark.skipif(not HAS_REDUCE, reason="this torch reduces nothing by segment")
SOFTMAXES = list(dict.fromkeys([segment.segment_softmax, *[segment.softmax_by_torch] * HAS_REDUCE]))
HIGHEST = list(dict.fromkeys([segment.segment_max, *[segment.max_by_torch] * HAS_REDUCE]))

Softmax = Callable[[torch.Tensor, torch.Tensor, int], torch.Tensor]


def random_rows() -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    return torch.randn(1000, 3, generator=generator), torch.randint(0, 50, (1000,), generator=generator)


def test_sum_by_hand() -> None:
    expected = [[10.0, 12], [0, 0], [6, 8], [9, -10]]
    assert segment.segment_sum(SOURCE, INDEX, 4).tolist() == expected


@needs_reduce
def test_max_by_hand() -> None:
    lowest = float("-inf")
    expected = [[7.0, 8], [lowest, lowest], [5, 6], [9, -10]]
    assert segment.max_by_reduce(SOURCE, INDEX, 4).tolist() == expected


@pytest.mark.parametrize("highest", HIGHEST)
def test_gradient_of_a_maximum_goes_to_its_row(highest: Softmax) -> None:
    source = SOURCE.clone().requires_grad_()
    largest = highest(source, INDEX, 4)
    assert largest.tolist() == [[7, 8], [0, 0], [5, 6], [9, -10]]
    (largest * torch.arange(8.0).view(4, 2)).sum().backward()
    assert source.grad is not None
    assert source.grad.tolist() == [[0, 0], [0, 0], [4, 5], [0, 1], [6, 7]]


@needs_reduce
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
def test_softmax_is_that_of_each_segment(softmax: Softmax) -> None:
    source, index = random_rows()
    expected = torch.empty_like(source)
    for number in range(50):
        expected[index == number] = source[index == number].softmax(0)
    assert torch.allclose(softmax(source, index, 50), expected, atol=1e-6)


@pytest.mark.parametrize("softmax", SOFTMAXES)
def test_softmax_gradient(softmax: Softmax) -> None:
    source = SOURCE.double().requires_grad_()
    assert torch.autograd.gradcheck(lambda x: softmax(x, INDEX, 4), (source,))


def test_take_rows_is_indexing() -> None:
    index = torch.tensor([[0, 4], [4, 4], [1, 0]])
    assert torch.equal(segment.take_rows(SOURCE, index), SOURCE[index])


def test_sum_is_that_of_each_segment() -> None:
    source, index = random_rows()
    expected = torch.stack([source[index == number].sum(0) for number in range(50)])
    for summed in (segment.segment_sum, segment.sum_by_index_add):
        assert torch.allclose(summed(source, index, 50), expected, atol=1e-5)
