from __future__ import annotations

import pytest
import torch
from torch import nn

from openworld3d.training.schedule import make_optimizer, rate_factor, set_rates

COSINE = [(0, 0.25), (3, 1.0), (4, 1.0), (12, 0.5), (20, 0.0)]
MULTISTEP = [(0, 0.25), (4, 1.0), (11, 1.0), (12, 0.1), (15, 0.1), (16, 0.01), (19, 0.01)]


@pytest.mark.parametrize(
    ("schedule", "step", "factor"),
    [*[("cosine", *case) for case in COSINE], *[("multistep", *case) for case in MULTISTEP]],
)
def test_rate_rises_over_four_steps_then_falls(schedule: str, step: int, factor: float) -> None:
    assert rate_factor(schedule, step, 4, 20) == pytest.approx(factor)


def test_blocks_have_a_rate_of_their_own() -> None:
    network = nn.ModuleDict({"stem": nn.Linear(1, 1), "layer": nn.ModuleDict({"blocks": nn.Linear(1, 1)})})
    network["stem"].bias.requires_grad = False
    recipe = {
        "learning_rate": 0.1,
        "block_learning_rate": 0.01,
        "weight_decay": 0.05,
        "schedule": "multistep",
        "warmup_steps": 0,
    }
    optimizer = make_optimizer(network, recipe)
    assert [len(group["params"]) for group in optimizer.param_groups] == [1, 2]
    set_rates(optimizer, recipe, 7, 10)
    assert [group["lr"] for group in optimizer.param_groups] == pytest.approx([0.01, 0.001])
    assert isinstance(optimizer, torch.optim.AdamW)
