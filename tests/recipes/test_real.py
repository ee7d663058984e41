from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tests.backbones.test_stratified_transformer import SMALL
from tests.given import batch_of, recipe_of
from tests.small_run import config_of
from torch import Tensor, nn

from openworld3d.backbones.stratified_transformer import build
from openworld3d.networks.backbone import Backbone
from openworld3d.networks.weights import save_weights, start_from
from openworld3d.protocols.protocol import IGNORED, make_protocol
from openworld3d.recipes import real
from openworld3d.scenes.scene import Scene
from openworld3d.training.augmentation import TrainingData, training_cloud

CLASSES = ["wall", "sofa", "chair"]


class Given(Backbone):
    """Its first features are the logits, two of them, and all others the redundancy classifiers."""

    def __init__(self, columns: int = 2) -> None:
        super().__init__()
        self.classifier = nn.Sequential(First(columns))
        self.redundancy = nn.Sequential(Rest(columns))

    def decode(self, feature: Tensor, geometry: Any) -> Tensor:
        return feature

    def geometry(self, coord: np.ndarray, offset: np.ndarray) -> None:
        return None


class First(nn.Module):
    """The first columns."""

    def __init__(self, columns: int) -> None:
        super().__init__()
        self.columns = columns

    def forward(self, value: Tensor) -> Tensor:
        return value[:, : self.columns]


class Rest(First):
    """The columns that follow."""

    def forward(self, value: Tensor) -> Tensor:
        return value[:, self.columns :]


def loss(feature: Tensor, target: list[int], weight: tuple[float, float] = (1, 1), **keys: Any) -> Tensor:
    recipe = recipe_of("real", **{"calibration_weight": 0, **keys})
    return recipe.loss(Given(), batch_of(feature, target), torch.tensor(weight, dtype=torch.float32))[0]


LOG2, LOG3, LOG5 = math.log(2), math.log(3), math.log(5)


@pytest.mark.parametrize(
    ("feature", "target", "expected"),
    [
        ([[0.0, 0.0, 0.0]], [0], LOG3),
        ([[LOG2, LOG3, LOG5]], [0], math.log(10 / 2)),
        ([[LOG2, LOG3, LOG5]], [2], math.log(10 / 5)),  # synthesised
        ([[LOG2, LOG3, -9.0, LOG5]], [2], math.log(10 / 5)),  # the largest redundancy classifier alone
        ([[LOG2, LOG3, LOG5], [7.0, 7.0, 7.0]], [1, IGNORED], math.log(10 / 3)),
        ([[7.0, 7.0, 7.0]], [IGNORED], 0),
    ],
)
def test_closed_set_and_synthesis_by_hand(feature: list[list[float]], target: list[int], expected: float) -> None:
    assert loss(torch.tensor(feature), target).item() == pytest.approx(expected)


def test_lambda_2_is_the_weight_of_synthesised_points() -> None:
    feature = torch.tensor([[LOG2, LOG3, LOG5], [LOG2, LOG3, LOG5], [LOG2, LOG3, LOG5]])
    expected = (1 * math.log(5) + 4 * math.log(10 / 3) + 0.5 * math.log(2)) / 5.5
    assert loss(feature, [0, 1, 2], (1, 4), unknown_weight=0.5).item() == pytest.approx(expected)


@pytest.mark.parametrize(
    ("logits", "target", "expected"),
    [
        ([[LOG2, LOG3, LOG5]], [0], math.log(8 / 5)),
        ([[LOG2, LOG3, LOG5]], [1], math.log(7 / 5)),
        ([[LOG2, LOG3, LOG5], [LOG2, LOG3, LOG5]], [0, 1], (math.log(8 / 5) + math.log(7 / 5)) / 2),
        ([[LOG2, LOG3, LOG5], [9.0, 0.0, 0.0], [9.0, 0.0, 0.0]], [1, 2, IGNORED], math.log(7 / 5)),
        ([[9.0, 0.0, 0.0]], [2], 0),
        ([[9.0, 2.0]], [0], 0),  # one known class leaves the unknown alone
    ],
)
def test_calibration_by_hand(logits: list[list[float]], target: list[int], expected: float) -> None:
    found = real.calibration(torch.tensor(logits), torch.tensor(target), len(logits[0]) - 1)
    assert found.item() == pytest.approx(expected, abs=1e-7)


def test_calibration_counts_columns_that_no_label_teaches() -> None:
    logits = torch.tensor([[LOG2, LOG3, LOG5, math.log(7)]])
    assert real.calibration(logits, torch.tensor([0]), 2).item() == pytest.approx(math.log((3 + 5 + 7) / 5))


def test_calibration_counts_lambda_1_times() -> None:
    feature = torch.tensor([[LOG2, LOG3, LOG5]])
    expected = math.log(10 / 2) + 0.1 * math.log(8 / 5)
    assert loss(feature, [0], calibration_weight=0.1).item() == pytest.approx(expected)


def test_calibration_moves_no_logit_of_the_true_class_and_is_finite() -> None:
    logits = torch.tensor([[60.0, 1.0, -60.0]], requires_grad=True)
    real.calibration(logits, torch.tensor([0]), 2).backward()
    assert logits.grad is not None
    assert torch.isfinite(logits.grad).all()
    assert logits.grad[0, 0] == 0
    assert logits.grad[0, 2] < 0 < logits.grad[0, 1]


def test_only_the_largest_classifier_learns() -> None:
    feature = torch.tensor([[0.0, 0.0, 1.0, 2.0, -1.0]], requires_grad=True)
    loss(feature, [2]).backward()
    assert feature.grad is not None
    assert feature.grad[0, 3] < 0
    assert feature.grad[0, [2, 4]].tolist() == [0, 0]


def test_outputs_are_known_logits_and_the_unknown() -> None:
    feature = torch.tensor([[1.0, 2.0, 3.0, 9.0, 4.0]])
    outputs = recipe_of("real").outputs(Given(), feature, None, torch.Generator())
    assert tuple(outputs) == real.OUTPUTS
    assert outputs["logits"].tolist() == [[1, 2]]
    assert outputs["unknown_logit"].tolist() == [[9]]


def test_untaught_columns_lie_behind_the_known_and_the_taught() -> None:
    network, feature = Given(3), torch.tensor([[1.0, 2.0, 7.0, 5.0, 9.0, 4.0]])
    network.untaught = 1
    recipe = recipe_of("real", taught=["sofa"])
    outputs = recipe.outputs(network, feature, None, torch.Generator())
    assert outputs["logits"].tolist() == [[1, 2, 5, 7]]
    assert outputs["unknown_logit"].tolist() == [[9]]
    target, weight = torch.tensor([2]), torch.ones(3)
    loss, known = recipe.loss(network, batch_of(feature, target), weight)
    assert known.tolist() == [[1, 2, 5]]
    closed = math.log(sum(math.exp(z - 5) for z in (1, 2, 5, 9, 7)))
    calibrated = math.log(sum(math.exp(z - 9) for z in (1, 2, 9, 7)))
    assert loss.item() == pytest.approx(closed + 0.1 * calibrated, rel=1e-5)


def test_start_is_the_trained_network_with_new_classifiers_beside(tmp_path: Path) -> None:
    trained, network = (build({**SMALL, "initialisation": "xavier"}, 6, 2) for _ in range(2))
    save_weights(tmp_path / "weights.npz", trained, {})
    recipe_of("real", redundancy=5).adapt(network)
    new = {name: value.clone() for name, value in network.state_dict().items() if name.startswith("redundancy.")}
    assert new["redundancy.3.weight"].shape == (5, SMALL["channels"][0])
    start_from(network, tmp_path / "weights.npz")
    state = network.state_dict()
    assert set(state) == {*trained.state_dict(), *new}
    assert all(torch.equal(state[name], value) for name, value in {**trained.state_dict(), **new}.items())


def room() -> Scene:
    """Return a wall, two chairs and two sofas, 400 points each, each thing with an instance of its own."""
    generator = np.random.default_rng(0)
    place = np.repeat([[0, 0, 0], [4, 0, 0], [8, 0, 0], [12, 0, 0], [16, 0, 0]], 400, axis=0)
    return Scene(
        coord=(place + generator.uniform(0, 1, (2000, 3))).astype(np.float32),
        label=np.repeat([0, 2, 2, 1, 1], 400).astype(np.uint8),
        instance=np.repeat([-1, 1, 2, 3, 4], 400).astype(np.int32),
        color=generator.integers(0, 256, (2000, 3)).astype(np.uint8),
    )


def data(**keys: Any) -> TrainingData:
    defaults = {name: key["default"] for name, key in real.TRAINING_KEYS.items() if "default" in key}
    recipe = {**defaults, "kind": "real", "synthesis_classes": ["chair"], **keys}
    config = config_of(seed=0, voxel_size=0.01, **recipe)
    return TrainingData([], make_protocol(CLASSES, ["sofa"]), np.ones(2, np.float32), config)


def test_resized_objects_are_taught_as_unknown() -> None:
    cloud = training_cloud(room(), data(synthesis_share=1), 5000, np.random.default_rng(0))
    chairs = cloud.target == 2
    assert chairs.sum() == pytest.approx(800, abs=30)  # but for points that share a voxel
    assert not (cloud.target == 1).any()
    apart = cloud.coord[chairs]
    assert np.ptp(apart[apart[:, 0] < 6.5], axis=0).max() != pytest.approx(1, abs=0.2)
    plain = training_cloud(room(), data(synthesis_share=0), 5000, np.random.default_rng(0))
    assert set(plain.target.tolist()) == {0, 1, IGNORED}


def test_nothing_of_a_held_out_class_reaches_a_loss() -> None:
    """What is held out may have any label among the unknown and the void, and any instance: the batch is the same."""
    scene = room()
    held_out = scene.label == 1
    generator = np.random.default_rng(1)
    poisoned = replace(
        scene,
        label=np.where(held_out, generator.choice([1, 255], 2000), scene.label).astype(np.uint8),
        instance=np.where(held_out, generator.integers(-1, 9, 2000), scene.instance).astype(np.int32),
    )
    for seed in range(5):
        one, other = (
            training_cloud(each, data(synthesis_share=0.5), 5000, np.random.default_rng(seed))
            for each in (scene, poisoned)
        )
        for array in ("coord", "feature", "target"):
            assert np.array_equal(getattr(one, array), getattr(other, array))
        assert (one.target[np.isin(one.coord[:, 0].round(), range(12, 18))] == IGNORED).all()
