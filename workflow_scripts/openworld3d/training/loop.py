"""The training loop: scenes to steps, one optimizer, one schedule, every random number from seed, epoch and scene."""

from __future__ import annotations

import math
from types import ModuleType

import numpy as np
import torch
from torch import Tensor, nn

from openworld3d.errors import UserError
from openworld3d.networks import distributed
from openworld3d.networks.backbone import Backbone
from openworld3d.networks.inputs import Batch, TrainingData
from openworld3d.networks.weights import State
from openworld3d.training.checkpoint import Checkpoint, History
from openworld3d.training.data import epoch_batches, steps_of_epoch
from openworld3d.training.optimizer import autocast, first_epoch, make_optimizer, make_scaler, set_rates


class Watch:
    """What a training tells while it runs; this one listens and says nothing. No watch moves a weight."""

    def start(self, history: History) -> None:
        """Hear of the epochs that a checkpoint holds."""

    def step(self, logits: Tensor, batch: Batch) -> None:
        """Hear of a step: logits (N, known classes) of a batch."""

    def epoch(self, network: Backbone) -> dict[str, float]:
        """Return what is measured at an epoch's end."""
        return {}

    def record(self, history: History) -> None:
        """Hear of the epochs so far, the last one written to the checkpoint."""


class Learner:
    """A network in training, and what its steps need."""

    def __init__(
        self, network: Backbone, recipe_module: ModuleType, data: TrainingData, device: torch.device
    ) -> None:
        self.network = network.to(device).train()
        self.recipe_module = recipe_module
        self.recipe = data.recipe
        self.device = device
        self.class_weight = torch.from_numpy(data.class_weight).to(device)
        self.optimizer = make_optimizer(network, data.recipe)
        self.scaler = make_scaler(device, data.recipe["precision"])

    def state(self) -> State:
        """Return the network's state as it is now."""
        return {name: value.detach().cpu().clone() for name, value in self.network.state_dict().items()}

    def step(self, batch: Batch) -> tuple[float, Tensor]:
        """Take one step; return the loss over the batch of all processes, and the logits of this one's (N, K)."""
        self.optimizer.zero_grad()
        with autocast(self.device, self.recipe["precision"]):
            loss, logits = self.recipe_module.loss(
                self.network, batch.to(self.device), self.class_weight, self.recipe
            )
        whole = float(distributed.total(loss.detach())) / distributed.processes()
        if math.isfinite(whole):
            self.scaler.scale(loss).backward()
            distributed.average_gradients(self.network)
            self.scaler.unscale_(self.optimizer)
            nn.utils.clip_grad_norm_(self.network.parameters(), self.recipe["clip_gradient"])
            self.scaler.step(self.optimizer)
            self.scaler.update()
        return whole, logits.detach()


def train(
    network: Backbone,
    recipe_module: ModuleType,
    data: TrainingData,
    device: torch.device,
    checkpoint: Checkpoint,
    watch: Watch,
) -> tuple[History, dict[int, State]]:
    """Train a network in place, on from the checkpoint where there is one.

    Returns a row for each epoch, and the states after the epochs that the recipe keeps. Raises UserError where the
    loss is no longer finite.
    """
    learner = Learner(network, recipe_module, data, device)
    history, kept = checkpoint.load(network, learner.optimizer, learner.scaler)
    watch.start(history)
    epochs, steps = data.recipe["epochs"], steps_of_epoch(data)
    for epoch in range(first_epoch(data.recipe) + len(history), epochs):
        seed = np.random.SeedSequence([data.seed, epoch, distributed.rank()]).generate_state(1)[0]
        torch.manual_seed(int(seed))
        losses = []
        for step, batch in enumerate(epoch_batches(network, data, epoch), epoch * steps):
            set_rates(learner.optimizer, data.recipe, step, epochs * steps)
            loss, logits = learner.step(batch)
            if not math.isfinite(loss):
                raise UserError(
                    f"epoch {epoch + 1}, step {step + 1}: the loss is {loss}, expected a finite number; lower "
                    f"learning_rate or clip_gradient (the checkpoint of epoch {epoch} is kept)"
                )
            losses.append(loss)
            watch.step(logits, batch)
        rate = learner.optimizer.param_groups[0]["lr"]
        row = {"epoch": epoch + 1, "rate": rate, "train_loss": float(np.mean(losses)), **watch.epoch(network)}
        if hasattr(recipe_module, "told"):
            row.update(recipe_module.told(network))
        history.append(row)
        if epoch + 1 in data.recipe.get("keep_epochs", ()):
            kept[epoch + 1] = learner.state()
        if distributed.rank() == 0:
            checkpoint.save(network, learner.optimizer, learner.scaler, history, kept)
        watch.record(history)
    return history, kept
