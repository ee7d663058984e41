"""The training loop: scenes to steps, one optimizer, one schedule, every random number from seed, epoch and scene."""

from __future__ import annotations

import math
from itertools import islice

import numpy as np
import torch
from torch import Tensor, nn

from openworld3d.errors import UserError
from openworld3d.networks import distributed
from openworld3d.networks.backbone import Backbone
from openworld3d.networks.inputs import Batch
from openworld3d.networks.weights import State
from openworld3d.training.augmentation import TrainingData
from openworld3d.training.checkpoint import Checkpoint, History
from openworld3d.training.data import epoch_batches, steps_of_epoch
from openworld3d.training.optimizer import autocast, make_optimizer, make_scaler, set_rates
from openworld3d.training.prefetch import workers_beside

# In a row. Each halves the scale of the loss, which begins at 2**16: after so many, it is not to blame.
MOST_SKIPPED = 30


class Watch:
    """Callbacks of a training, which do nothing here. No watch may move a weight."""

    def start(self, history: History) -> None:
        """Called before the first step, with the epochs that a checkpoint holds."""

    def step(self, logits: Tensor, batch: Batch) -> None:
        """Called after each step: logits (N, known classes) of a batch."""

    def epoch(self, network: Backbone) -> dict[str, float]:
        """Called after each epoch; return its metrics."""
        return {}

    def record(self, history: History) -> None:
        """Called once the last epoch of a history is in the checkpoint."""


class Learner:
    """A network in training, with its optimizer and gradient scaler, and how many steps in a row were skipped."""

    def __init__(self, network: Backbone, data: TrainingData, device: torch.device) -> None:
        self.network = network.to(device).train()
        self.recipe = data.config.recipe
        self.options = data.config.optimisation
        self.device = device
        self.class_weight = torch.from_numpy(data.class_weight).to(device)
        self.optimizer = make_optimizer(network, self.options)
        self.scaler = make_scaler(device, self.options.precision)
        self.skipped = 0

    def state(self) -> State:
        """Return the network's state as it is now."""
        return {name: value.detach().cpu().clone() for name, value in self.network.state_dict().items()}

    def step(self, batch: Batch) -> tuple[float, Tensor]:
        """Take one step; return the loss over the batch of all processes, and the logits of this process (N, K).

        Under float16 a step whose gradients are not finite is skipped, and the scale of the loss halved. In float32
        and bfloat16 no step is taken where the loss is not finite.
        """
        before = [buffer.clone() for buffer in self.network.buffers()] if self.scaler.is_enabled() else []
        self.optimizer.zero_grad()
        with autocast(self.device, self.options.precision):
            loss, logits = self.recipe.loss(self.network, batch.to(self.device), self.class_weight)
        whole = float(distributed.total(loss.detach())) / distributed.processes()
        if math.isfinite(whole) or self.scaler.is_enabled():
            scale = self.scaler.get_scale()
            self.scaler.scale(loss).backward()
            distributed.average_gradients(self.network)
            self.scaler.unscale_(self.optimizer)
            nn.utils.clip_grad_norm_(self.network.parameters(), self.options.clip_gradient)
            self.scaler.step(self.optimizer)
            self.scaler.update()
            self.skipped = self.skipped + 1 if self.scaler.get_scale() < scale else 0
        if self.skipped:  # or else running statistics that are not finite would stay so
            for buffer, value in zip(self.network.buffers(), before):
                buffer.copy_(value)
        return whole, logits.detach()

    def check(self, loss: float, epoch: int, step: int) -> None:
        """Raise UserError where a step, numbered from 0, ends the training: its loss, or too many steps skipped."""
        if self.skipped > MOST_SKIPPED:
            found = f"the gradients of {self.skipped} steps in a row are not finite, expected {MOST_SKIPPED} at most"
            remedy = "lower learning_rate or set precision to float32"
        elif not (math.isfinite(loss) or self.scaler.is_enabled()):
            found, remedy = f"the loss is {loss}, expected a finite number", "lower learning_rate or clip_gradient"
        else:
            return
        place = f"epoch {epoch + 1}, step {step + 1}"
        raise UserError(f"{place}: {found}; {remedy} (the checkpoint of epoch {epoch} is kept)")


def train(
    network: Backbone, data: TrainingData, device: torch.device, checkpoint: Checkpoint, watch: Watch
) -> tuple[History, dict[int, State]]:
    """Train a network in place, resuming from the checkpoint where there is one.

    Returns a row for each epoch, and the states after `keep_epochs`. Raises UserError where the loss is not finite,
    or under float16 where the gradients of many steps in a row are not.
    """
    options, seed = data.config.optimisation, data.config.seed
    learner = Learner(network, data, device)
    history, kept = checkpoint.load(network, learner.optimizer, learner.scaler)
    watch.start(history)
    epochs, steps = options.epochs, steps_of_epoch(data)
    left = range(options.start_epoch + len(history), epochs)
    batches = epoch_batches(network, data, *left, workers=workers_beside(device))
    for epoch in left:
        torch.manual_seed(int(np.random.SeedSequence([seed, epoch, distributed.rank()]).generate_state(1)[0]))
        losses = []
        for step, batch in enumerate(islice(batches, steps), epoch * steps):
            set_rates(learner.optimizer, options, step, epochs * steps)
            loss, logits = learner.step(batch)
            learner.check(loss, epoch, step)
            if not learner.skipped:
                losses.append(loss)
            watch.step(logits, batch)
        row = {
            "epoch": epoch + 1,
            "rate": learner.optimizer.param_groups[0]["lr"],
            "train_loss": float(np.mean(losses)) if losses else math.nan,
            "train_skipped": steps - len(losses),
        }
        history.append({**row, **watch.epoch(network), **learner.recipe.measured()})
        if epoch + 1 in options.keep_epochs:
            kept[epoch + 1] = learner.state()
        if distributed.rank() == 0:
            checkpoint.save(network, learner.optimizer, learner.scaler, history, kept)
        watch.record(history)
    return history, kept
