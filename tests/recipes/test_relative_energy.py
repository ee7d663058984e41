from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tests.backbones.test_stratified_transformer import SMALL
from tests.given import batch_of, recipe_of
from tests.recipes.trained import train_small, training_data
from tests.scores.scored import made
from tests.small_run import red_wall_on_green_floor
from torch import Tensor, nn

from openworld3d.backbones.stratified_transformer import build
from openworld3d.networks.backbone import Backbone
from openworld3d.networks.weights import save_weights, start_from
from openworld3d.protocols.protocol import IGNORED
from openworld3d.recipes import relative_energy
from openworld3d.training.augmentation import training_cloud

LOG2, LOG3, LOG5 = math.log(2), math.log(3), math.log(5)
# Positive logits 2 + 3 = 5, negative ones 5 + 10 = 15: the relative energy is log 3.
ROW = [LOG2, LOG3, LOG5, math.log(10)]
# The other way round: -log 3.
TURNED = [LOG5, math.log(10), LOG2, LOG3]


class Given(Backbone):
    """Its first two features are the logits, the others the negative ones."""

    def __init__(self) -> None:
        super().__init__()
        self.classifier = nn.Sequential(Columns(slice(2)))
        self.negative = nn.Sequential(Columns(slice(2, None)))

    def decode(self, feature: Tensor, geometry: Any) -> Tensor:
        return feature

    def geometry(self, coord: np.ndarray, offset: np.ndarray) -> None:
        return None


class Columns(nn.Module):
    """Some of the columns."""

    def __init__(self, columns: slice) -> None:
        super().__init__()
        self.columns = columns

    def forward(self, value: Tensor) -> Tensor:
        return value[:, self.columns]


def loss(feature: Tensor, target: list[int], weight: tuple[float, float] = (1, 1), **keys: Any) -> Tensor:
    recipe = recipe_of("relative_energy", **{"raised_weight": 1.0, **keys})
    return recipe.loss(Given(), batch_of(feature, target), torch.tensor(weight, dtype=torch.float32))[0]


@pytest.mark.parametrize(
    ("feature", "target", "expected"),
    [
        ([ROW], [0], math.log(5 / 2) + math.log(1 + 3)),
        ([TURNED], [1], math.log(15 / 10) + math.log(1 + 1 / 3)),
        ([ROW], [2], math.log(1 + 1 / 3)),  # raised: of no class, and unknown
        ([TURNED], [2], math.log(1 + 3)),
        ([ROW, TURNED], [0, 2], math.log(5 / 2) + (math.log(4) + math.log(4)) / 2),
        ([ROW, [9.0, 9.0, 9.0, 9.0]], [0, IGNORED], math.log(5 / 2) + math.log(4)),
        ([ROW], [IGNORED], 0),
    ],
)
def test_loss_by_hand(feature: list[list[float]], target: list[int], expected: float) -> None:
    assert loss(torch.tensor(feature), target).item() == pytest.approx(expected, rel=1e-6)


def test_weights_of_classes_and_of_raised_points() -> None:
    closed = (math.log(5 / 2) + 4 * math.log(15 / 10)) / 5
    logistic = (math.log(4) + math.log(4 / 3) + 7 * math.log(4 / 3)) / 3
    found = loss(torch.tensor([ROW, TURNED, ROW]), [0, 1, 2], (1, 4), raised_weight=7.0)
    assert found.item() == pytest.approx(closed + logistic, rel=1e-6)


def test_score_is_the_relative_energy() -> None:
    recipe = recipe_of("relative_energy")
    outputs = recipe.outputs(Given(), torch.tensor([ROW, TURNED]), None, torch.Generator())
    assert tuple(outputs) == relative_energy.OUTPUTS
    assert outputs["logits"].tolist() == [pytest.approx(row[:2]) for row in (ROW, TURNED)]
    score = made("redundancy", {})({name: value.numpy() for name, value in outputs.items()})
    assert score == pytest.approx([LOG3, -LOG3], rel=1e-6)


def test_extended_energy_ranks_alike() -> None:
    """NDP's log-sum of all logits less that of the positive ones is log(1 + e^s)."""
    logits = torch.randn(50, 4, generator=torch.Generator().manual_seed(0)) * 4
    outputs = recipe_of("relative_energy").outputs(Given(), logits, None, torch.Generator())
    score = outputs["unknown_logit"][:, 0] - torch.logsumexp(outputs["logits"], 1)
    extended = torch.logsumexp(logits, 1) - torch.logsumexp(logits[:, :2], 1)
    np.testing.assert_allclose(extended.numpy(), nn.functional.softplus(score).numpy(), rtol=1e-5, atol=1e-5)


def test_columns_that_no_label_teaches_are_in_no_energy() -> None:
    class Untaught(Given):
        def __init__(self) -> None:
            super().__init__()
            self.classifier = nn.Sequential(Columns(slice(3)))
            self.negative = nn.Sequential(Columns(slice(3, None)))
            self.untaught = 1

    feature = torch.tensor([[*ROW[:2], 4.0, *ROW[2:]]])
    found, known = recipe_of("relative_energy", raised_weight=1.0).loss(
        Untaught(), batch_of(feature, [2]), torch.ones(2)
    )
    assert known.tolist() == [pytest.approx(ROW[:2])]
    assert found.item() == pytest.approx(math.log(4 / 3), rel=1e-6)


def test_start_is_the_trained_network_with_a_head_of_negative_logits(tmp_path: Path) -> None:
    trained, network = (build({**SMALL, "initialisation": "xavier"}, 6, 4) for _ in range(2))
    save_weights(tmp_path / "weights.npz", trained, {})
    network.untaught = 1
    recipe_of("relative_energy").adapt(network)
    assert network.state_dict()["negative.3.weight"].shape == (3, SMALL["channels"][0])
    start_from(network, tmp_path / "weights.npz")
    state = network.state_dict()
    assert all(torch.equal(state[name], value) for name, value in trained.state_dict().items())


RAISED = {"raised_classes": ["floor"], "raised_radius": 0.7}


def test_raised_points_are_taught_as_unknown() -> None:
    data = training_data("relative_energy", [], crop_voxels=5000, **RAISED)
    cloud = training_cloud(red_wall_on_green_floor(), data, 5000, np.random.default_rng(0))
    raised = cloud.target == 2
    assert 20 < raised.sum() < 200
    assert cloud.coord[raised, 2].max() > 0.3
    assert cloud.coord[cloud.target == 0, 2].max() == 0


def test_some_steps_put_raised_points_above_known_ones(tmp_path: Path) -> None:
    trained = train_small("relative_energy", tmp_path, 30, **RAISED)
    assert np.mean(trained.losses[-5:]) < np.mean(trained.losses[:5]) / 2
    assert trained.auroc(made("redundancy", {})) > 0.9
