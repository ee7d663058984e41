"""Several processes that train one network: each takes its share of a batch, and all take the same step.

With one process, nothing here communicates and every sum is the process's own.
"""

from __future__ import annotations

import os
import socket
import sys
from importlib.util import find_spec
from typing import TypeVar

import torch
import torch.distributed.nn
from torch import Tensor, distributed, nn

from openworld3d.errors import UserError

T = TypeVar("T")
RANK, LOCAL_RANK = "RANK", "LOCAL_RANK"  # what launchers tell a process
LAUNCHER, OLD_LAUNCHER = ["torch.distributed.run"], ["torch.distributed.launch", "--use_env"]


def launch(processes: int) -> None:
    """Become so many processes that run this command, unless this is one of them; does not return where it does.

    torchrun's module from torch 1.9 on, before it torch.distributed.launch; either ends all when one has failed.
    """
    if processes == 1 or RANK in os.environ:
        return
    cards = torch.cuda.device_count()
    if cards and cards < processes:
        raise UserError(f"{processes} processes for {cards} cards, expected a card each; lower the rule's gpu")
    launcher = LAUNCHER if find_spec(LAUNCHER[0]) else OLD_LAUNCHER
    place = ["--master_addr", "127.0.0.1", "--master_port", str(free_port()), "--nproc_per_node", str(processes)]
    os.environ["OMP_NUM_THREADS"] = str(max(1, torch.get_num_threads() // processes))
    os.execv(sys.executable, [sys.executable, "-m", *launcher, *place, *sys.argv])


def free_port() -> int:
    """Return a port of this machine that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def join() -> torch.device:
    """Join the other processes, where there are any, and return this one's device."""
    device = torch.device("cpu")
    if torch.cuda.is_available():
        device = torch.device("cuda", int(os.environ.get(LOCAL_RANK, 0)))
        torch.cuda.set_device(device)
    if RANK in os.environ:
        distributed.init_process_group("nccl" if device.type == "cuda" else "gloo", init_method="env://")
    return device


def leave() -> None:
    """Part from the other processes."""
    if processes() > 1:
        distributed.destroy_process_group()


def processes() -> int:
    """Return how many processes train together."""
    return distributed.get_world_size() if distributed.is_initialized() else 1


def rank() -> int:
    """Return which of them this one is, from 0."""
    return distributed.get_rank() if distributed.is_initialized() else 0


def total(value: Tensor) -> Tensor:
    """Return the sum of a tensor over the processes; gradients flow through."""
    return torch.distributed.nn.all_reduce(value) if processes() > 1 else value


def mean(value: Tensor, weight: Tensor) -> Tensor:
    """Return the sum of `value` over that of `weight`, 0 where nothing weighs: a loss's mean over the whole batch.

    Both are this process's sums. The mean of the returned numbers over the processes is the batch's mean, and so is
    the mean of their gradients, which `average_gradients` takes.
    """
    weight = total(weight)
    return value * processes() / torch.where(weight > 0, weight, torch.ones_like(weight))


def average_gradients(network: nn.Module) -> None:
    """Replace each gradient by its mean over the processes; a parameter without one counts as zero."""
    if processes() == 1:
        return
    parameters = [parameter for parameter in network.parameters() if parameter.requires_grad]
    gradients = [torch.zeros_like(p) if p.grad is None else p.grad for p in parameters]
    flat = torch.cat([gradient.reshape(-1) for gradient in gradients])
    distributed.all_reduce(flat)
    flat /= processes()
    for parameter, part in zip(parameters, flat.split([p.numel() for p in parameters])):
        parameter.grad = part.view_as(parameter)


def gather(value: T) -> list[T]:
    """Return what each process holds, in their order; sent as pickles, between processes of one training alone."""
    if processes() == 1:
        return [value]
    held: list[T | None] = [None] * processes()
    distributed.all_gather_object(held, value)
    return [each for each in held if each is not None]
