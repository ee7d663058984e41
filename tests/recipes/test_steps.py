"""Recipes that learn unknown classes one step after another: REAL's and its baselines."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tests.backbones.test_stratified_transformer import SMALL
from tests.given import batch_of, recipe_of
from tests.inference.test_model import cube
from tests.recipes.test_real import Given

from openworld3d.backbones.stratified_transformer import build
from openworld3d.networks.build import build_network
from openworld3d.networks.inputs import evaluation_cloud
from openworld3d.networks.weights import save_weights, start_from
from openworld3d.protocols.protocol import IGNORED
from openworld3d.recipes import learning_without_forgetting

BACKBONE = {**SMALL, "network": "stratified_transformer", "initialisation": "xavier"}
BASELINES = ["fine_tuning", "feature_extraction", "learning_without_forgetting"]
LOG2, LOG3, LOG5 = math.log(2), math.log(3), math.log(5)


def test_classifier_of_redundancy_becomes_that_of_the_new_class() -> None:
    """Two classes known, three redundancy classifiers, the first reassigned: the largest of the others is unknown."""
    feature = torch.tensor([[1.0, 2.0, 7.0, 3.0, 5.0]])
    first = recipe_of("incremental", redundancy=3, taught=["sofa"])
    outputs = first.outputs(Given(), feature, None, torch.Generator())
    assert outputs["logits"].tolist() == [[1, 2, 7]]
    assert outputs["unknown_logit"].tolist() == [[5]]
    second = recipe_of("incremental", redundancy=3, taught=["sofa", "bed"])
    both = second.outputs(Given(), feature, None, torch.Generator())
    assert both["logits"].tolist() == [[1, 2, 7, 3]]
    assert both["unknown_logit"].tolist() == [[5]]


@pytest.mark.parametrize(
    ("target", "calibration_weight", "expected"),
    [
        (2, 0, math.log(15 / 4)),  # the new class
        (0, 0, math.log(15 / 2)),  # an old one
        (3, 0, math.log(15 / 5)),  # a new object that was resized
        (2, 0.01, math.log(15 / 4) + 0.01 * math.log(11 / 5)),
    ],
)
def test_loss_by_hand(target: int, calibration_weight: float, expected: float) -> None:
    feature = torch.tensor([[LOG2, math.log(4), math.log(4), LOG3, LOG5]])
    recipe = recipe_of("incremental", redundancy=3, taught=["sofa"], calibration_weight=calibration_weight)
    loss, logits = recipe.loss(Given(), batch_of(feature, [target]), torch.ones(3))
    assert loss.item() == pytest.approx(expected)
    assert logits.tolist() == [pytest.approx([LOG2, math.log(4), math.log(4)])]


def step_of(kind: str) -> Any:
    """Return a step that learns a fourth class."""
    return recipe_of(kind, taught=["sofa"], teaches=["sofa"])


def network_of(recipe: Any, tmp_path: Path) -> Any:
    """Return a network that starts a step from a trained one of three classes."""
    torch.manual_seed(0)
    save_weights(tmp_path / "weights.npz", build(BACKBONE, 6, 3), {})
    network = build_network(BACKBONE, 6, 3, recipe.adapt)
    start_from(network, tmp_path / "weights.npz")
    recipe.started(network)
    return network


def cloud() -> tuple[Any, Any]:
    """Return the input of a network: features, and where the points are."""
    scene = cube(300)
    shown = evaluation_cloud(scene, np.arange(len(scene)), [-2, 2])
    return torch.from_numpy(shown.feature), shown.coord


@pytest.mark.parametrize("kind", BASELINES)
def test_step_begins_with_the_logits_of_the_network_before(kind: str, tmp_path: Path) -> None:
    network = network_of(step_of(kind), tmp_path).eval()
    before = build(BACKBONE, 6, 3).eval()
    start_from(before, tmp_path / "weights.npz")
    feature, coord = cloud()
    geometry = network.geometry(coord, np.array([len(coord)]))
    with torch.no_grad():
        logits = step_of(kind).outputs(network, feature, geometry, torch.Generator())["logits"]
        assert torch.equal(logits[:, :3], before(feature, geometry))
    assert logits.shape == (len(coord), 4)


@pytest.mark.parametrize("kind", BASELINES)
def test_second_step_keeps_the_row_of_the_first(kind: str, tmp_path: Path) -> None:
    first = network_of(step_of(kind), tmp_path)
    save_weights(tmp_path / "first.npz", first, {})
    second = build_network(BACKBONE, 6, 3, recipe_of(kind, taught=["sofa", "bed"], teaches=["bed"]).adapt)
    start_from(second, tmp_path / "first.npz")
    assert torch.equal(second.state_dict()["novel.weight"][:1], first.state_dict()["novel.weight"])
    assert set(second.state_dict()) == set(first.state_dict())  # no teacher is stored


def step(kind: str, tmp_path: Path) -> dict[str, torch.Tensor]:
    """Take one step on points of the new class, and return what is no longer as it was."""
    recipe = step_of(kind)
    network = network_of(recipe, tmp_path)
    before = {name: value.clone() for name, value in network.state_dict().items()}
    feature, coord = cloud()
    target = torch.full((len(coord),), IGNORED)
    target[:50] = 3
    geometry = network.train().geometry(coord, np.array([len(coord)]))
    loss, _ = recipe.loss(network, batch_of(feature, target, geometry), torch.ones(4))
    loss.backward()
    torch.optim.SGD([p for p in network.parameters() if p.requires_grad], 0.1).step()
    return {name: value for name, value in network.state_dict().items() if not torch.equal(value, before[name])}


def test_feature_extraction_moves_the_new_row_alone(tmp_path: Path) -> None:
    moved = step("feature_extraction", tmp_path)
    assert set(moved) == {"novel.weight", "novel.bias"}


@pytest.mark.parametrize("kind", ["fine_tuning", "learning_without_forgetting"])
def test_other_baselines_move_the_backbone(kind: str, tmp_path: Path) -> None:
    moved = step(kind, tmp_path)
    assert any(name.startswith("layers.") for name in moved)


@pytest.mark.parametrize(
    ("logits", "before", "temperature", "expected"),
    [
        ([[LOG2, LOG2]], [[0, 0]], 1, 0),
        ([[0, 0]], [[LOG3, 0]], 1, 3 / 4 * math.log(3 / 2) + 1 / 4 * math.log(1 / 2)),
        ([[0, 0]], [[2 * LOG3, 0]], 2, 4 * (3 / 4 * math.log(3 / 2) + 1 / 4 * math.log(1 / 2))),
        ([[0, 0], [5, 5]], [[LOG3, 0], [1, 1]], 1, (3 / 4 * math.log(3 / 2) + 1 / 4 * math.log(1 / 2)) / 2),
    ],
)
def test_distillation_by_hand(
    logits: list[list[float]], before: list[list[float]], temperature: float, expected: float
) -> None:
    given, teacher = torch.tensor(logits, dtype=torch.float32), torch.tensor(before, dtype=torch.float32)
    term = learning_without_forgetting.distillation(given, teacher, temperature)
    assert term.item() == pytest.approx(expected, abs=1e-6)


def test_what_holds_the_old_classes_is_the_network_before(tmp_path: Path) -> None:
    """At the start the networks agree but for batch normalisation's mode, so with evaluation mode the term is 0."""
    recipe = step_of("learning_without_forgetting")
    network = network_of(recipe, tmp_path).eval()
    feature, coord = cloud()
    geometry = network.geometry(coord, np.array([len(coord)]))
    target = torch.full((len(coord),), IGNORED)
    loss, _ = recipe.loss(network, batch_of(feature, target, geometry), torch.ones(4))
    assert loss.item() == pytest.approx(0, abs=1e-5)
