"""The optimizer, and the learning rate of each step."""

from __future__ import annotations

import math
from typing import Any, Mapping

import torch
from torch import nn

MILESTONES = (0.6, 0.8)  # of all steps


def make_optimizer(network: nn.Module, recipe: dict[str, Any]) -> torch.optim.Optimizer:
    """Return AdamW with a rate of its own for transformer blocks, as the reference trains."""
    blocks = [value for name, value in network.named_parameters() if ".blocks." in name and value.requires_grad]
    others = [value for name, value in network.named_parameters() if ".blocks." not in name and value.requires_grad]
    groups = [
        {"params": others, "lr": recipe["learning_rate"]},
        {"params": blocks, "lr": recipe["block_learning_rate"]},
    ]
    return torch.optim.AdamW(groups, weight_decay=recipe["weight_decay"])


def first_epoch(recipe: Mapping[str, Any]) -> int:
    """Return the first epoch of a training, counted from 0 in a schedule whose first epochs another run has done."""
    return recipe.get("start_epoch", 0)


def set_rates(optimizer: torch.optim.Optimizer, recipe: dict[str, Any], step: int, steps: int) -> None:
    """Set the rates of the two groups that `make_optimizer` makes; the schedule keeps no state of its own."""
    factor = rate_factor(recipe["schedule"], step, recipe["warmup_steps"], steps)
    for group, key in zip(optimizer.param_groups, ("learning_rate", "block_learning_rate")):
        group["lr"] = recipe[key] * factor


def rate_factor(schedule: str, step: int, warmup: int, steps: int) -> float:
    """Return the learning rate's factor in 0..1: a linear warm-up, then the schedule.

    `cosine`: half a cosine down to 0. `multistep`: a tenth after 60 % and after 80 % of all steps, as Stratified
    Transformer trains.
    """
    if step < warmup:
        return (step + 1) / warmup
    if schedule == "multistep":
        return 0.1 ** sum(step >= milestone * steps for milestone in MILESTONES)
    return 0.5 * (1 + math.cos(math.pi * (step - warmup) / max(1, steps - warmup)))
