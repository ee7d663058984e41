"""Training and inference on a scene made by hand, with the real network."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from openworld3d.backbones.stratified_transformer import build
from openworld3d.batches import TrainingData, input_channels
from openworld3d.checkpoint import Checkpoint
from openworld3d.crops import Bounds
from openworld3d.inference import infer_scene
from openworld3d.protocol import make_protocol
from openworld3d.recipes import closed_set
from openworld3d.scene import Scene, save_scene
from openworld3d.training import prefetch, rate_factor, train
from openworld3d.weights import load_weights, save_weights
from tests.backbones.test_stratified_transformer import SMALL
from tests.test_batches import STILL

RECIPE: dict[str, Any] = {
    **STILL,
    "epochs": 12,
    "scenes_per_step": 1,
    "crop_voxels": 5000,
    "learning_rate": 0.01,
    "block_learning_rate": 0.003,
    "weight_decay": 0.0,
    "warmup_steps": 2,
    "clip_gradient": 10.0,
}
CLASSES = ["floor", "sofa", "wall"]


def red_wall_on_green_floor() -> Scene:
    generator = np.random.default_rng(0)
    floor = np.c_[generator.uniform(0, 2, (400, 2)), np.zeros(400)]
    wall = np.c_[np.zeros(400), generator.uniform(0, 2, (400, 2))]
    color = np.repeat([[20, 200, 20], [200, 20, 20]], 400, axis=0)
    label = np.repeat([0, 2], 400).astype(np.uint8)
    coord = np.concatenate([floor, wall]).astype(np.float32)
    return Scene(coord, label, np.full(800, -1, np.int32), color=color.astype(np.uint8))


@pytest.fixture
def data(tmp_path: Path) -> TrainingData:
    path = tmp_path / "room.npz"
    save_scene(path, red_wall_on_green_floor())
    return TrainingData(
        [path, path], make_protocol(CLASSES, ["sofa"]), "ignore", RECIPE, 0.1, np.ones(2, np.float32), seed=3
    )


def trained(data: TrainingData) -> tuple[Any, list[dict[str, float]]]:
    torch.manual_seed(data.seed)
    network = build(SMALL, input_channels(red_wall_on_green_floor()), 2)
    checkpoint = Checkpoint(data.scenes[0].with_name("checkpoint.npz"), "this training")
    history = train(network, closed_set, data, torch.device("cpu"), checkpoint)
    checkpoint.remove()
    return network.eval(), history


def test_two_classes_are_learnt_and_carried_back_to_every_point(data: TrainingData) -> None:
    network, history = trained(data)
    assert history[-1]["loss"] < history[0]["loss"] / 3
    scene = red_wall_on_green_floor()
    outputs = infer_scene(network, closed_set, scene, 0.1, "single", Bounds(10000, 10**6), torch.device("cpu"))
    assert outputs["inverse"].shape == (800,)
    column = outputs["logits"].argmax(1)[outputs["inverse"]]
    assert (column == data.protocol.targets(scene.label)).mean() > 0.97
    in_crops = infer_scene(network, closed_set, scene, 0.1, "fragments", Bounds(150, 10**6), torch.device("cpu"))
    assert in_crops["logits"].shape == (800, 2)
    assert (in_crops["logits"].argmax(1) == data.protocol.targets(scene.label)).mean() > 0.97


def test_equal_seeds_train_equal_weights(data: TrainingData) -> None:
    short = data._replace(recipe={**RECIPE, "epochs": 2})
    one, other = [trained(short)[0].state_dict() for _ in range(2)]
    assert all(torch.equal(one[name], other[name]) for name in one)
    different = trained(short._replace(seed=4))[0].state_dict()
    assert not all(torch.equal(one[name], different[name]) for name in one)


def test_weights_are_read_back(tmp_path: Path) -> None:
    network = build(SMALL, 6, 2)
    save_weights(tmp_path / "weights.npz", network, {"known": ["floor", "wall"]})
    state, config = load_weights(tmp_path / "weights.npz")
    assert config == {"known": ["floor", "wall"]}
    assert all(torch.equal(value, state[name]) for name, value in network.state_dict().items())


@pytest.mark.parametrize(("step", "factor"), [(0, 0.25), (3, 1.0), (4, 1.0), (12, 0.5), (20, 0.0)])
def test_rate_rises_then_falls(step: int, factor: float) -> None:
    assert rate_factor(step, 4, 20) == pytest.approx(factor)


def test_prefetch_keeps_the_order() -> None:
    items = [np.array([number]) for number in range(5)]
    assert list(prefetch(lambda item: int(item[0]) ** 2, items)) == [0, 1, 4, 9, 16]
