"""Training and inference on a scene made by hand, with the real network."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tests.backbones.test_stratified_transformer import SMALL
from tests.given import recipe_of
from tests.networks.test_inputs import RANGE
from tests.small_run import CLASSES, config_of, red_wall_on_green_floor
from tests.training.test_optimizer import HALVES
from torch import Tensor

from openworld3d.backbones.stratified_transformer import build
from openworld3d.errors import UserError
from openworld3d.inference.crops import Bounds
from openworld3d.inference.model import Model, infer_scene
from openworld3d.networks.inputs import input_channels
from openworld3d.networks.weights import load_weights, save_weights
from openworld3d.protocols.protocol import make_protocol
from openworld3d.recipes import Recipe
from openworld3d.scenes.scene import save_scene
from openworld3d.training import loop
from openworld3d.training.augmentation import TrainingData
from openworld3d.training.checkpoint import Checkpoint
from openworld3d.training.data import epoch_batches
from openworld3d.training.loop import Learner, Watch, train
from openworld3d.training.optimizer import OF_TODAY

CPU = torch.device("cpu")


@pytest.fixture
def data(tmp_path: Path) -> TrainingData:
    path = tmp_path / "room.npz"
    save_scene(path, red_wall_on_green_floor())
    return TrainingData([path, path], make_protocol(CLASSES, ["sofa"]), np.ones(2, np.float32), config_of())


def trained(data: TrainingData) -> tuple[Any, list[dict[str, float]]]:
    torch.manual_seed(data.config.seed)
    network = build(SMALL, input_channels(red_wall_on_green_floor()), 2)
    checkpoint = Checkpoint(data.scenes[0].with_name("checkpoint.pt"), "this training")
    history, _ = train(network, data, CPU, checkpoint, Watch())
    checkpoint.remove()
    return network.eval(), history


def test_two_classes_are_learnt_and_carried_back_to_every_point(data: TrainingData) -> None:
    network, history = trained(data)
    assert history[-1]["train_loss"] < history[0]["train_loss"] / 3
    scene = red_wall_on_green_floor()
    outputs = infer_scene(Model(network, data.config.recipe, 0.1, RANGE, CPU), scene, "single", Bounds(10000, 10**6))
    assert outputs["inverse"].shape == (800,)
    column = outputs["logits"].argmax(1)[outputs["inverse"]]
    assert (column == data.protocol.targets(scene.label)).mean() > 0.97
    in_crops = infer_scene(
        Model(network, data.config.recipe, 0.1, RANGE, CPU), scene, "fragments", Bounds(150, 10**6)
    )
    assert in_crops["logits"].shape == (800, 2)
    assert (in_crops["logits"].argmax(1) == data.protocol.targets(scene.label)).mean() > 0.97


def test_dropout_is_learnt_with_and_draws_from_the_seed(data: TrainingData) -> None:
    data = data._replace(config=config_of(kind="dropout", dropout=0.3, passes=5))
    network, history = trained(data)
    assert history[-1]["train_loss"] < history[0]["train_loss"] / 2
    assert trained(data)[1] == history
    scene = red_wall_on_green_floor()
    outputs = infer_scene(Model(network, data.config.recipe, 0.1, RANGE, CPU), scene, "single", Bounds(10000, 10**6))
    column = outputs["logits"].argmax(1)[outputs["inverse"]]
    assert (column == data.protocol.targets(scene.label)).mean() > 0.97


def test_equal_seeds_train_equal_weights(data: TrainingData) -> None:
    short = data._replace(config=config_of(epochs=2))
    one, other = [trained(short)[0].state_dict() for _ in range(2)]
    assert all(torch.equal(one[name], other[name]) for name in one)
    different = trained(short._replace(config=config_of(epochs=2, seed=4)))[0].state_dict()
    assert not all(torch.equal(one[name], different[name]) for name in one)


def test_workers_that_make_the_batches_change_no_weight(data: TrainingData, monkeypatch: pytest.MonkeyPatch) -> None:
    short = data._replace(config=config_of(kind="dropout", dropout=0.3, passes=5, epochs=2))
    alone, history = trained(short)
    monkeypatch.setattr(loop, "workers_beside", lambda device: 2)
    beside, same = trained(short)
    assert same == history
    assert all(torch.equal(value, beside.state_dict()[name]) for name, value in alone.state_dict().items())


@pytest.mark.parametrize("precision", HALVES)
def test_mixed_precision_learns_as_full_precision_does(data: TrainingData, precision: str) -> None:
    short = data._replace(config=config_of(epochs=6))
    mixed = data._replace(config=config_of(epochs=6, precision=precision))
    if not OF_TODAY:
        with pytest.raises(UserError, match="set the recipe's precision to float32"):
            trained(mixed)
        return
    _, expected = trained(short)
    network, history = trained(mixed)
    assert [row["train_loss"] for row in history] == pytest.approx([row["train_loss"] for row in expected], rel=0.1)
    assert all(value.dtype == torch.float32 for value in network.parameters())


@dataclass(frozen=True)
class Overflowing(Recipe):
    """A recipe whose loss is finite and whose gradients, or whose loss, are not at some of its calls."""

    calls: set[int]
    factor: float
    made: list[int] = field(default_factory=list)

    def loss(self, *given: Any) -> tuple[Tensor, Tensor]:
        loss, logits = recipe_of("closed_set").loss(*given)
        self.made.append(len(self.made))
        if self.made[-1] not in self.calls:
            return loss, logits
        return loss + self.factor * (loss - loss.detach()), logits


@pytest.mark.skipif(not OF_TODAY, reason="this torch scales gradients on GPUs alone")
@pytest.mark.parametrize(("factor", "is_finite"), [(1e38, True), (float("inf"), False)])
def test_step_without_finite_gradients_is_skipped_under_float16(
    data: TrainingData, factor: float, is_finite: bool
) -> None:
    config = replace(config_of(precision="float16"), recipe=Overflowing((), (), {1}, factor))
    network = build(SMALL, 6, 2)
    learner = Learner(network, data._replace(config=config), CPU)
    (batch, _) = epoch_batches(network, data, 0)

    losses, scales, states = [], [], []
    for _ in range(3):
        losses.append(learner.step(batch)[0])
        scales.append(learner.scaler.get_scale())
        states.append((learner.state(), learner.skipped))
    assert [skipped for _, skipped in states] == [0, 1, 0]
    assert scales == [2.0**16, 2.0**15, 2.0**15]
    assert np.isfinite(losses).tolist() == [True, is_finite, True]
    (first, _), (second, _), (third, _) = states
    assert all(torch.equal(first[name], second[name]) for name in first)
    assert not all(torch.equal(second[name], third[name]) for name in first)


@pytest.mark.skipif(not OF_TODAY, reason="this torch scales gradients on GPUs alone")
def test_many_skipped_steps_in_a_row_end_the_training(data: TrainingData, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two steps per epoch, of which the fourth and those from the seventh on are skipped."""
    monkeypatch.setattr(loop, "MOST_SKIPPED", 4)
    overflowing = Overflowing((), (), {3, *range(6, 99)}, float("nan"))
    config = replace(config_of(precision="float16", epochs=9, crop_voxels=20), recipe=overflowing)
    with pytest.raises(
        UserError,
        match=r"epoch 6, step 11: the gradients of 5 steps in a row are not finite, expected 4 at most; lower "
        r"learning_rate or set precision to float32 \(the checkpoint of epoch 5 is kept\)",
    ):
        trained(data._replace(config=config))
    network = build(SMALL, 6, 2)
    checkpoint = Checkpoint(data.scenes[0].with_name("checkpoint.pt"), "this training")
    learner = Learner(network, data._replace(config=config), CPU)
    history, _ = checkpoint.load(network, learner.optimizer, learner.scaler)
    assert [row["train_skipped"] for row in history] == [0, 1, 0, 2, 2]
    assert [np.isfinite(row["train_loss"]) for row in history] == [True, True, True, False, False]
    assert all(torch.isfinite(value).all() for value in network.state_dict().values())


def test_weights_are_read_back(tmp_path: Path) -> None:
    network = build(SMALL, 6, 2)
    save_weights(tmp_path / "weights.npz", network, {"known": ["floor", "wall"]})
    state, config = load_weights(tmp_path / "weights.npz")
    assert config == {"known": ["floor", "wall"]}
    assert all(torch.equal(value, state[name]) for name, value in network.state_dict().items())
