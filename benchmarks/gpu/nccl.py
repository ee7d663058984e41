"""Gather and sum over the processes of a training, of which there is one: NCCL on a GPU, gloo without."""

from __future__ import annotations

import os
from typing import Iterator

import torch
from torch import distributed

from benchmarks.gpu.rows import Row, Setting, seconds
from openworld3d.networks.distributed import free_port

PARAMETERS = 8_020_000  # of the network for S3DIS


def run(setting: Setting) -> Iterator[Row]:
    """Sum as many gradients as the network for S3DIS has."""
    backend = setting.pick("nccl", "gloo")
    os.environ.update(RANK="0", WORLD_SIZE="1", MASTER_ADDR="127.0.0.1", MASTER_PORT=str(free_port()))
    distributed.init_process_group(backend, init_method="env://")
    generator = torch.Generator(setting.device).manual_seed(0)
    gradient = torch.rand(setting.pick(PARAMETERS, 1000), device=setting.device, generator=generator)
    total = gradient.clone()
    distributed.all_reduce(total)
    agrees = torch.equal(total, gradient)
    milliseconds = seconds(lambda: distributed.all_reduce(total), setting.device, 20) * 1e3
    yield {"backend": backend, "what": "all_reduce", "numbers": len(gradient), "ms": milliseconds, "agrees": agrees}
    held = [None]
    distributed.all_gather_object(held, {"rank": 0})
    yield {"backend": backend, "what": "all_gather_object", "agrees": held == [{"rank": 0}]}
    distributed.destroy_process_group()
