"""Train a small network with a recipe for some steps, in this process."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from tests.small_run import BACKBONE, CLASSES, config_of, red_wall_on_green_floor

from openworld3d.metrics.ranking import ranking
from openworld3d.networks.build import build_network
from openworld3d.protocols.protocol import make_protocol
from openworld3d.recipes import recipe_module
from openworld3d.scenes.scene import save_scene
from openworld3d.scoring.apply import Scorer
from openworld3d.training.augmentation import TrainingData
from openworld3d.training.data import make_batch
from openworld3d.training.loop import Learner


class Trained(NamedTuple):
    """The loss of each step, and outputs and targets (N,) of another cloud, 2 where a point is made unknown."""

    losses: list[float]
    outputs: dict[str, np.ndarray]
    target: np.ndarray

    def auroc(self, score: Scorer) -> float:
        """Return how well a score puts the points that were made unknown above those of known classes."""
        counted = self.target <= 2
        return ranking(score(self.outputs)[counted], self.target[counted] == 2).auroc


def training_data(kind: str, scenes: list[Path], **keys: Any) -> TrainingData:
    """Return a training of a recipe on rooms with a floor and a wall."""
    declared = recipe_module(kind).TRAINING_KEYS
    defaults = {name: key["default"] for name, key in declared.items() if "default" in key}
    config = config_of(**{**defaults, "kind": kind, "crop_voxels": 300, **keys})
    return TrainingData(scenes, make_protocol(CLASSES, ["sofa"]), np.ones(2, np.float32), config)


def train_small(kind: str, folder: Path, steps: int, **keys: Any) -> Trained:
    """Train from random weights on two rooms, a scene in a step, and run the network on a third, four times drawn."""
    scenes = [folder / f"room{number}.npz" for number in range(3)]
    for number, path in enumerate(scenes):
        save_scene(path, red_wall_on_green_floor(number))
    data = training_data(kind, scenes, **keys)
    recipe = data.config.recipe
    torch.manual_seed(0)
    network = build_network(BACKBONE, 6, 2, recipe.adapt)
    learner = Learner(network, data, torch.device("cpu"))
    losses = [learner.step(make_batch(network, data, step, np.array([step % 2])))[0] for step in range(steps)]
    network.eval()
    batch = make_batch(network, data, steps, np.array([2, 5, 8, 11]))  # four draws of one room
    with torch.no_grad():
        outputs = recipe.outputs(network, batch.feature, batch.geometry, torch.Generator())
    return Trained(losses, {name: value.numpy() for name, value in outputs.items()}, batch.target.numpy())
