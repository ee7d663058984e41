"""A command for tests/networks/test_distributed.py: what processes make of one batch."""

from __future__ import annotations

import json
import os
import signal
import sys

import torch
from torch import distributed as torch_distributed
from torch import nn

from openworld3d.networks import distributed
from openworld3d.networks.layers.batch_norm import BatchNorm
from openworld3d.recipes.parts.losses import lovasz_softmax

POINTS = 7
SHARES = {1: [7], 2: [4, 3]}  # of one batch, for so many processes


def network() -> nn.Module:
    """Return a network whose gradients depend on the whole batch's statistics."""
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(3, 4), BatchNorm(4), nn.ReLU(), nn.Linear(4, 2))


def step() -> None:
    """Print loss, gradients and running statistics after one step over the batch."""
    torch.manual_seed(1)
    batch, weight, target = torch.randn(POINTS, 3), torch.rand(POINTS), torch.tensor([0, 1, 1, 255, 0, 0, 1])
    shares = SHARES[distributed.processes()]
    mine, important, label = (each.split(shares)[distributed.rank()] for each in (batch, weight, target))
    learner = network()
    logits = learner(mine)
    loss = distributed.mean((logits.square().sum(1) * important).sum(), important.sum())
    loss = loss + lovasz_softmax(logits, label)
    loss.backward()
    distributed.average_gradients(learner)
    whole = distributed.total(loss.detach()) / distributed.processes()
    names = distributed.gather(f"process {distributed.rank()}")
    if distributed.rank() == 0:
        gradients = {
            name: value.grad.tolist() for name, value in learner.named_parameters() if value.grad is not None
        }
        state = {name: value.tolist() for name, value in learner.named_buffers()}
        print(json.dumps({"loss": whole.item(), "gradients": gradients, "state": state, "names": names}))


def die() -> None:
    """Let the last process be killed while the other waits for it."""
    if distributed.rank() == 1:
        os.kill(os.getpid(), signal.SIGKILL)
    torch_distributed.barrier()


if __name__ == "__main__":
    distributed.launch(int(sys.argv[2]))
    distributed.join()
    {"step": step, "die": die}[sys.argv[1]]()
    distributed.leave()
