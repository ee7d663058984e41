"""Data-parallel training in several processes: each computes a share of the batch, and all take the same step.

With one process, nothing here communicates, and every sum is the process's own.
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
from openworld3d.processes import die_with_parent

T = TypeVar("T")
RANK, LOCAL_RANK = "RANK", "LOCAL_RANK"  # environment variables set by the launcher
LAUNCHER, OLD_LAUNCHER = ["torch.distributed.run"], ["torch.distributed.launch", "--use_env"]


def launch(processes: int) -> None:
    """Re-exec this command under torchrun with so many ranks; no-op for one process or inside a rank.

    Before torch 1.9 under torch.distributed.launch. Both end all ranks when one fails. A rank ends with the launcher,
    which starts it in a session of its own.
    """
    if RANK in os.environ:
        die_with_parent()
        return
    if processes == 1:
        return
    gpus = torch.cuda.device_count()
    if gpus and gpus < processes:
        raise UserError(f"{processes} processes for {gpus} GPUs, expected one GPU each; lower the rule's gpu")
    launcher = LAUNCHER if find_spec(LAUNCHER[0]) else OLD_LAUNCHER
    options = ["--master_addr", "127.0.0.1", "--master_port", str(free_port()), "--nproc_per_node", str(processes)]
    os.environ["OMP_NUM_THREADS"] = str(max(1, torch.get_num_threads() // processes))
    os.execv(sys.executable, [sys.executable, "-m", *launcher, *options, *sys.argv])


def free_port() -> int:
    """Return a free port of this machine."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def join() -> torch.device:
    """Initialise the process group, if launched with one, and return this process's device."""
    device = torch.device("cpu")
    if torch.cuda.is_available():
        device = torch.device("cuda", int(os.environ.get(LOCAL_RANK, 0)))
        torch.cuda.set_device(device)
    if RANK in os.environ:
        distributed.init_process_group("nccl" if device.type == "cuda" else "gloo", init_method="env://")
    return device


def leave() -> None:
    """Destroy the process group, if there is one."""
    if processes() > 1:
        distributed.destroy_process_group()


def processes() -> int:
    """Return the number of processes that train together."""
    return distributed.get_world_size() if distributed.is_initialized() else 1


def rank() -> int:
    """Return this process's rank, from 0."""
    return distributed.get_rank() if distributed.is_initialized() else 0


def total(value: Tensor) -> Tensor:
    """Return the differentiable sum of a tensor over the processes."""
    return torch.distributed.nn.all_reduce(value) if processes() > 1 else value


def mean(value: Tensor, weight: Tensor) -> Tensor:
    """Return this process's share of a loss's mean over the whole batch, times the number of processes.

    `value` and `weight` are this process's sums of weighted losses and of weights; 0 if all weights are 0. The mean
    of the returned numbers over the processes is the batch's mean; `average_gradients` does the same for gradients.
    """
    weight = total(weight)
    return value * processes() / torch.where(weight > 0, weight, torch.ones_like(weight))


def average_gradients(network: nn.Module) -> None:
    """Replace each gradient by its mean over the processes; a missing gradient counts as zero."""
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
    """Return the values of all processes by rank; sent as pickles, but only between processes of one training."""
    if processes() == 1:
        return [value]
    held: list[T | None] = [None] * processes()
    distributed.all_gather_object(held, value)
    return [each for each in held if each is not None]


def gather_rows(value: Tensor) -> tuple[Tensor, slice]:
    """Return the rows of all processes, without their history, and where this process's are: (N, ...) -> (M, ...)."""
    if processes() == 1:
        return value.detach(), slice(None)
    parts = gather(value.detach().cpu())
    start = sum(len(part) for part in parts[: rank()])
    return torch.cat(parts).to(value.device), slice(start, start + len(value))
