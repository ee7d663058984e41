"""The optimizer: parameter groups, the learning rate of each step, mixed precision and gradient scaling."""

from __future__ import annotations

import math
from contextlib import nullcontext
from typing import Any, ContextManager

import torch

from openworld3d.errors import UserError
from openworld3d.networks.backbone import Backbone
from openworld3d.training.config import Optimisation

START = 1e-6  # of the learning rate, where the warm-up begins
MILESTONES = (0.6, 0.8)  # of all steps
ADVICE = "set the recipe's precision to float32"
# From torch 2.3 on, which supports all of it on the CPU: before, its layer norms refused mixed input.
OF_TODAY = hasattr(torch, "amp") and hasattr(torch.amp, "GradScaler")


def make_optimizer(network: Backbone, options: Optimisation) -> torch.optim.Optimizer:
    """Return AdamW, or SGD, with two groups of parameters: blocks, at `block_learning_rate`, and all others."""
    of_blocks = {id(parameter) for parameter in network.block_parameters()}
    trained = [parameter for parameter in network.parameters() if parameter.requires_grad]
    blocks = [parameter for parameter in trained if id(parameter) in of_blocks]
    others = [parameter for parameter in trained if id(parameter) not in of_blocks]
    groups = [
        {"params": others, "lr": options.learning_rate},
        {"params": blocks, "lr": options.block_learning_rate},
    ]
    if options.momentum is not None:
        return torch.optim.SGD(groups, momentum=options.momentum, weight_decay=options.weight_decay)
    return torch.optim.AdamW(groups, weight_decay=options.weight_decay)


def set_rates(optimizer: torch.optim.Optimizer, options: Optimisation, step: int, steps: int) -> None:
    """Set the rates of the two groups that `make_optimizer` makes; the schedule keeps no state of its own."""
    factor = rate_factor(options.schedule, step, options.warmup_steps, steps)
    for group, rate in zip(optimizer.param_groups, (options.learning_rate, options.block_learning_rate)):
        group["lr"] = rate * factor


def rate_factor(schedule: str, step: int, warmup: int, steps: int) -> float:
    """Return the learning rate's factor in 0..1: a linear warm-up from 1e-6, then the schedule.

    `cosine`: half a cosine down to 0. `multistep`: a tenth after 60 % and after 80 % of all steps; it and the warm-up
    are Stratified Transformer's. `constant`: no decay, as Cylinder3D and REAL train.
    """
    if step < warmup:
        return 1 - (1 - step / warmup) * (1 - START)
    if schedule == "constant":
        return 1.0
    if schedule == "multistep":
        return 0.1 ** sum(step >= milestone * steps for milestone in MILESTONES)
    return 0.5 * (1 + math.cos(math.pi * (step - warmup) / max(1, steps - warmup)))


def autocast(device: torch.device, precision: str) -> ContextManager[Any]:
    """Return a context in which matrix products run in `precision`, `float32` as they are.

    Raises UserError where this torch cannot: bfloat16 needs torch 1.10 on a GPU, the CPU needs 2.3 for either.
    """
    if precision == "float32":
        return nullcontext()
    if OF_TODAY or (device.type == "cuda" and hasattr(torch, "autocast")):
        return torch.autocast(device.type, dtype=getattr(torch, precision))
    if device.type == "cuda" and precision == "float16":
        return torch.cuda.amp.autocast()
    raise UserError(f"torch {torch.__version__} does not train in {precision} on {device.type}; {ADVICE}")


def make_scaler(device: torch.device, precision: str) -> Any:
    """Return the gradient scaler, without which float16's gradients vanish; it does nothing for the others."""
    scaled = precision == "float16"
    if OF_TODAY:
        return torch.amp.GradScaler(device.type, enabled=scaled)
    return torch.cuda.amp.GradScaler(enabled=scaled)
