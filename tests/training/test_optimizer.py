"""Parameter groups and their rates; mixed precision on the CPU, where this torch has it."""

from __future__ import annotations

from typing import Any, Iterable

import pytest
import torch
from tests.small_run import config_of
from tests.toy_network import ToyNetwork
from torch import nn

from openworld3d.errors import UserError
from openworld3d.training.optimizer import OF_TODAY, autocast, make_optimizer, make_scaler, rate_factor, set_rates

COSINE = [(0, 1e-6), (1, 0.25 + 0.75e-6), (3, 0.75 + 0.25e-6), (4, 1.0), (12, 0.5), (20, 0.0)]
MULTISTEP = [(0, 1e-6), (2, 0.5 + 0.5e-6), (4, 1.0), (11, 1.0), (12, 0.1), (15, 0.1), (16, 0.01), (19, 0.01)]
CONSTANT = [(0, 1e-6), (2, 0.5 + 0.5e-6), (4, 1.0), (12, 1.0), (19, 1.0)]
CPU = torch.device("cpu")
HALVES = ("bfloat16", "float16")


@pytest.mark.parametrize(
    ("schedule", "step", "factor"),
    [
        *[("cosine", *case) for case in COSINE],
        *[("multistep", *case) for case in MULTISTEP],
        *[("constant", *case) for case in CONSTANT],
    ],
)
def test_rate_rises_over_four_steps_then_falls_or_stays(schedule: str, step: int, factor: float) -> None:
    assert rate_factor(schedule, step, 4, 20) == pytest.approx(factor, rel=1e-12)


class OneBlock(ToyNetwork):
    """A stem and a block, of a weight and a bias each."""

    def __init__(self) -> None:
        super().__init__()
        self.stem, self.block = nn.Linear(1, 1), nn.Linear(1, 1)

    def block_parameters(self) -> Iterable[nn.Parameter]:
        return self.block.parameters()


def test_blocks_have_a_rate_of_their_own() -> None:
    network = OneBlock()
    network.stem.bias.requires_grad = False
    rates: dict[str, Any] = {"learning_rate": 0.1, "block_learning_rate": 0.01, "weight_decay": 0.05}
    options = config_of(**rates, schedule="multistep", warmup_steps=0).optimisation
    optimizer = make_optimizer(network, options)
    others, blocks = (group["params"] for group in optimizer.param_groups)
    assert [id(value) for value in others] == [id(network.stem.weight)]
    assert [id(value) for value in blocks] == [id(value) for value in network.block.parameters()]
    set_rates(optimizer, options, 7, 10)
    assert [group["lr"] for group in optimizer.param_groups] == pytest.approx([0.01, 0.001])
    assert isinstance(optimizer, torch.optim.AdamW)


def test_momentum_is_of_sgd() -> None:
    """Two steps of x -> x - 0.1 v with the gradient 1 and a decay of 0.5: v is g + 0.5 x, then 0.9 v + g + 0.5 x."""
    network = OneBlock()
    for value in network.parameters():
        nn.init.ones_(value)
    keys: dict[str, Any] = {"learning_rate": 0.1, "block_learning_rate": 0.1, "weight_decay": 0.5, "momentum": 0.9}
    optimizer = make_optimizer(network, config_of(**keys).optimisation)
    for _ in range(2):
        for value in network.parameters():
            value.grad = torch.ones_like(value)
        optimizer.step()
    first = 1 - 0.1 * 1.5
    assert [value.item() for value in network.parameters()] == pytest.approx(
        [first - 0.1 * (0.9 * 1.5 + 1 + 0.5 * first)] * 4
    )


@pytest.mark.parametrize("precision", ["float32", *HALVES])
def test_products_are_in_the_precision_that_was_asked_for(precision: str) -> None:
    if precision in HALVES and not OF_TODAY:
        with pytest.raises(UserError, match=f"does not train in {precision} on cpu; set the"):
            autocast(CPU, precision)
        return
    with autocast(CPU, precision):
        product = nn.Linear(2, 2)(torch.ones(1, 2))
    assert product.dtype == getattr(torch, precision)


def test_only_float16_is_scaled() -> None:
    assert make_scaler(CPU, "float32").state_dict() == {}
    assert make_scaler(CPU, "bfloat16").state_dict() == {}
    if OF_TODAY:
        assert make_scaler(CPU, "float16").state_dict()["scale"] > 1
