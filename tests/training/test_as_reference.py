"""Twenty steps of the loop beside the formulas that Stratified Transformer trains by, written down plainly.

Optimizer, rates and loss are those of its train.py and util/lr.py (6bc2776), with this project's class weights and
clipping. In float64, where gradients that are 0 but for rounding stay below AdamW's epsilon.
"""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tests.backbones.test_stratified_transformer import SMALL
from tests.small_run import CLASSES, config_of, write_run
from torch import Tensor

from openworld3d.backbones.stratified_transformer import build
from openworld3d.networks.backbone import Backbone
from openworld3d.protocols.protocol import IGNORED, make_protocol
from openworld3d.training.augmentation import TrainingData
from openworld3d.training.checkpoint import Checkpoint
from openworld3d.training.data import epoch_batches
from openworld3d.training.loop import Watch, train

EPOCHS, STEPS = 10, 20  # of two rooms, one a step
BASE, OF_BLOCKS, DECAY, CLIP, WARMUP = 0.006, 0.0006, 0.05, 1.33, 4
BETAS, EPSILON = (0.9, 0.999), 1e-8
CLASS_WEIGHT = np.array([1.0, 2.0])


@pytest.fixture
def data(tmp_path: Path) -> TrainingData:
    folder = write_run(tmp_path).parent
    config = config_of(
        epochs=EPOCHS,
        learning_rate=BASE,
        block_learning_rate=OF_BLOCKS,
        weight_decay=DECAY,
        clip_gradient=CLIP,
        schedule="multistep",
        warmup_steps=WARMUP,
        crop_voxels=100,
        rotation_degrees=180,
        appearance_shift=0.1,
    )
    scenes = [folder / f"room{number}.npz" for number in range(2)]
    return TrainingData(scenes, make_protocol(CLASSES, ["sofa"]), CLASS_WEIGHT, config)


def doubled(value: Any) -> Any:
    """Return a geometry in float64."""
    if isinstance(value, tuple):
        parts = [doubled(part) for part in value]
        return type(value)(*parts) if hasattr(value, "_fields") else tuple(parts)
    if isinstance(value, list):
        return [doubled(part) for part in value]
    return value.double() if isinstance(value, Tensor) and value.is_floating_point() else value


class InDouble(Backbone):
    """A network in float64."""

    def __init__(self, network: Backbone) -> None:
        super().__init__()
        self.network = network.double()

    def geometry(self, coord: np.ndarray, offset: np.ndarray) -> Any:
        return doubled(self.network.geometry(coord, offset))

    def decode(self, feature: Tensor, geometry: Any) -> Tensor:
        return self.network.decode(feature.double(), geometry)

    def forward(self, feature: Tensor, geometry: Any) -> Tensor:
        return self.network(feature.double(), geometry)

    def block_parameters(self) -> Any:
        return self.network.block_parameters()


def rate_factor(step: int) -> float:
    """Return a tenth after 60 % and after 80 % of the steps, rising from a millionth over the first."""
    milestones = [int(EPOCHS * 0.6) * 2, int(EPOCHS * 0.8) * 2]
    factor = 0.1 ** sum(step >= milestone for milestone in milestones)
    return factor * (1 - (1 - step / WARMUP) * (1 - 1e-6) if step <= WARMUP else 1)


def loss_of(logits: Tensor, target: Tensor) -> Tensor:
    """Return sum_i w_{y_i} (log sum_k e^{z_ik} - z_{i y_i}) / sum_i w_{y_i} over the labelled points."""
    labelled = target != IGNORED
    logits, target = logits[labelled], target[labelled]
    surprise = logits.exp().sum(1).log() - logits[torch.arange(len(target)), target]
    weight = torch.from_numpy(CLASS_WEIGHT)[target]
    return (weight * surprise).sum() / weight.sum()


def by_formulas(network: Backbone, data: TrainingData) -> list[float]:
    """Train a network in place; return the norm of each step's gradient."""
    network.train()
    # The stem has a norm that neither here nor in the reference is applied.
    parameters = {name: value for name, value in network.named_parameters() if value.requires_grad}
    parameters = {name: value for name, value in parameters.items() if "stem_layer.1.bn" not in name}
    first = {name: torch.zeros_like(value) for name, value in parameters.items()}
    second = {name: torch.zeros_like(value) for name, value in parameters.items()}
    norms: list[float] = []
    for epoch in range(EPOCHS):
        for batch in epoch_batches(network, data, epoch):
            step = len(norms)
            loss = loss_of(network(batch.feature, batch.geometry), batch.target)
            gradients = dict(zip(parameters, torch.autograd.grad(loss, list(parameters.values()))))
            norms.append(float(sum((gradient**2).sum() for gradient in gradients.values()) ** 0.5))
            for name, value in parameters.items():
                gradient = gradients[name] * min(1.0, CLIP / (norms[-1] + 1e-6))
                rate = rate_factor(step) * (OF_BLOCKS if "blocks" in name else BASE)
                first[name] = BETAS[0] * first[name] + (1 - BETAS[0]) * gradient
                second[name] = BETAS[1] * second[name] + (1 - BETAS[1]) * gradient**2
                mean = first[name] / (1 - BETAS[0] ** (step + 1))
                deviation = (second[name] / (1 - BETAS[1] ** (step + 1))).sqrt()
                with torch.no_grad():
                    value.mul_(1 - rate * DECAY)
                    value.sub_(rate * mean / (deviation + EPSILON))
    return norms


def test_twenty_steps_are_those_of_the_formulas(data: TrainingData) -> None:
    torch.manual_seed(0)
    start = InDouble(build({**SMALL, "drop_path_rate": 0.0}, 6, 2))
    ours, plain = deepcopy(start), deepcopy(start)
    train(ours, data, torch.device("cpu"), Checkpoint(data.scenes[0].with_name("c.pt"), "this"), Watch())
    norms = by_formulas(plain, data)
    assert len(norms) == STEPS
    assert min(norms) < CLIP < max(norms)

    expected, moved = plain.state_dict(), 0.0
    for name, value in ours.state_dict().items():
        moved = max(moved, float((value.double() - start.state_dict()[name].double()).abs().max()))
        assert torch.allclose(value.double(), expected[name].double(), rtol=1e-6, atol=1e-8), name
    assert moved > BASE
