"""The training loop: scenes to steps, one optimizer, one schedule, every random number from seed, epoch and scene."""

from __future__ import annotations

import math
import time
from concurrent.futures import ThreadPoolExecutor
from types import ModuleType
from typing import Any, Callable, Iterator, NamedTuple, TypeVar

import numpy as np
import torch
from torch import Tensor, nn

from openworld3d.backbone import Backbone
from openworld3d.batches import TrainingData, join, offsets, training_cloud
from openworld3d.checkpoint import Checkpoint, History
from openworld3d.errors import UserError
from openworld3d.scene import load_scene

T = TypeVar("T")


class Batch(NamedTuple):
    """One step's input: feature (N, F) float32, geometry of the network's own making, target (N,) int64."""

    feature: Tensor
    geometry: Any
    target: Tensor


def train(
    network: Backbone, recipe_module: ModuleType, data: TrainingData, device: torch.device, checkpoint: Checkpoint
) -> History:
    """Train a network in place, on from the checkpoint where there is one; returns loss and rate of each epoch.

    Raises UserError where the loss is no longer finite.
    """
    recipe = data.recipe
    steps_per_epoch = math.ceil(len(data.scenes) / recipe["scenes_per_step"])
    network.to(device).train()
    optimizer = make_optimizer(network, recipe)
    class_weight = torch.from_numpy(data.class_weight).to(device)
    history = checkpoint.load(network, optimizer)
    if history:
        print(f"going on after epoch {len(history)}", flush=True)
    for epoch in range(len(history), recipe["epochs"]):
        began = time.monotonic()
        torch.manual_seed(int(np.random.SeedSequence([data.seed, epoch]).generate_state(1)[0]))
        losses = []
        for step, batch in enumerate(epoch_batches(network, data, epoch), epoch * steps_per_epoch):
            factor = rate_factor(step, recipe["warmup_steps"], recipe["epochs"] * steps_per_epoch)
            set_rates(optimizer, recipe, factor)
            optimizer.zero_grad()
            loss = recipe_module.loss(
                network,
                batch.feature.to(device),
                batch.geometry.to(device),
                batch.target.to(device),
                class_weight,
            )
            losses.append(float(loss.detach()))
            if not math.isfinite(losses[-1]):
                raise UserError(
                    f"epoch {epoch + 1}, step {step + 1}: the loss is {losses[-1]}, expected a finite number; lower "
                    f"learning_rate or clip_gradient (the checkpoint of epoch {epoch} is kept)"
                )
            loss.backward()
            nn.utils.clip_grad_norm_(network.parameters(), recipe["clip_gradient"])
            optimizer.step()
        rate = recipe["learning_rate"] * factor
        history.append({"epoch": epoch + 1, "loss": float(np.mean(losses)), "rate": rate})
        checkpoint.save(network, optimizer, history)
        seconds = time.monotonic() - began
        print(
            f"epoch {epoch + 1}/{recipe['epochs']}  loss {history[-1]['loss']:.4f}  {seconds:.1f} s",
            flush=True,
        )
    return history


def make_optimizer(network: nn.Module, recipe: dict[str, Any]) -> torch.optim.Optimizer:
    """Return AdamW with a rate of its own for transformer blocks, as the reference trains."""
    blocks = [value for name, value in network.named_parameters() if ".blocks." in name and value.requires_grad]
    others = [value for name, value in network.named_parameters() if ".blocks." not in name and value.requires_grad]
    groups = [
        {"params": others, "lr": recipe["learning_rate"]},
        {"params": blocks, "lr": recipe["block_learning_rate"]},
    ]
    return torch.optim.AdamW(groups, weight_decay=recipe["weight_decay"])


def set_rates(optimizer: torch.optim.Optimizer, recipe: dict[str, Any], factor: float) -> None:
    """Set the rates of the two groups that `make_optimizer` makes; the schedule keeps no state of its own."""
    for group, key in zip(optimizer.param_groups, ("learning_rate", "block_learning_rate")):
        group["lr"] = recipe[key] * factor


def rate_factor(step: int, warmup: int, steps: int) -> float:
    """Return the learning rate's factor: linear warm-up, then half a cosine down to 0."""
    if step < warmup:
        return (step + 1) / warmup
    return 0.5 * (1 + math.cos(math.pi * (step - warmup) / max(1, steps - warmup)))


def epoch_batches(network: Backbone, data: TrainingData, epoch: int) -> Iterator[Batch]:
    """Yield the batches of one epoch, the next prepared while the last is learnt."""
    order = np.random.default_rng([data.seed, epoch]).permutation(len(data.scenes))
    size = data.recipe["scenes_per_step"]

    def make(numbers: np.ndarray) -> Batch:
        clouds = [
            training_cloud(
                load_scene(data.scenes[number], data.protocol.classes),
                data,
                np.random.default_rng([data.seed, epoch, number]),
            )
            for number in numbers
        ]
        joined = join(clouds)
        geometry = network.geometry(joined.coord, offsets(clouds))
        return Batch(torch.from_numpy(joined.feature), geometry, torch.from_numpy(joined.target))

    return prefetch(make, [order[start : start + size] for start in range(0, len(order), size)])


def prefetch(make: Callable[[np.ndarray], T], items: list[np.ndarray]) -> Iterator[T]:
    """Yield make(item) for each item in order, one ahead in a thread."""
    with ThreadPoolExecutor(1) as pool:
        coming = [pool.submit(make, item) for item in items[:1]]
        for following in [*items[1:], None]:
            ready = coming.pop().result()
            if following is not None:
                coming.append(pool.submit(make, following))
            yield ready
