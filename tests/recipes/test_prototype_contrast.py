from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tests.backbones.test_stratified_transformer import SMALL
from tests.given import batch_of, recipe_of
from tests.recipes.test_relative_energy import Columns, Given
from tests.recipes.trained import train_small
from torch import Tensor, nn

from openworld3d.backbones.stratified_transformer import build
from openworld3d.networks.weights import save_weights, start_from
from openworld3d.protocols.protocol import IGNORED
from openworld3d.recipes import prototype_contrast
from openworld3d.recipes.prototype_contrast import KEPT, Prototypes, class_distance, contrastive, shortness


class TwoHeads(Given):
    """Its first two features are the logits, the others those of the second head; its prototypes are the axes."""

    def __init__(self) -> None:
        super().__init__()
        self.classifier = nn.Sequential(nn.Identity(), Columns(slice(2)))
        self.contrast = Columns(slice(2, None))
        self.prototypes = Prototypes(2)
        self.prototypes.total.copy_(torch.eye(2) * 3)
        self.prototypes.weight.fill_(1)


def loss(feature: list[list[float]], target: list[int], **keys: Any) -> float:
    off = {"prototype_weight": 0.0, "contrast_weight": 0.0, "length_weight": 0.0}
    recipe = recipe_of("prototype_contrast", **{**off, **keys})
    return recipe.loss(TwoHeads(), batch_of(torch.tensor(feature, dtype=torch.float32), target), torch.ones(2))[
        0
    ].item()


HALF = math.sqrt(1 / 2)
EVEN = [1.0, 1.0, 0.0, 0.0]  # a cross-entropy of log 2, a cosine of sqrt(1/2) to either prototype


@pytest.mark.parametrize(
    ("feature", "target", "keys", "expected"),
    [
        ([EVEN], [0], {}, 0),
        ([EVEN], [0], {"prototype_weight": 0.1}, 0.1 * (1 - HALF)),
        ([EVEN], [0], {"length_weight": 0.5}, 0.5),
        ([[1, 1, 0.6, 0]], [0], {"length_weight": 0.5}, 0.5 * (1 - 0.36)),
        ([[1, 1, 3, 0]], [0], {"length_weight": 0.5}, 0),
        ([EVEN], [0], {"contrast_weight": 0.5}, 0.5 * math.log(2)),
        ([[1, 1, 3, 0]], [0], {"contrast_weight": 0.5}, 0.5 * math.log(1 + math.exp(-10))),
        ([[1, 1, 3, 0]], [1], {"contrast_weight": 0.5}, 0.5 * math.log(1 + math.exp(10))),
        ([EVEN, [5, 5, 9, 9]], [0, IGNORED], {"length_weight": 1.0, "prototype_weight": 1.0}, 1 + 1 - HALF),
    ],
)
def test_terms_by_hand(
    feature: list[list[float]], target: list[int], keys: dict[str, float], expected: float
) -> None:
    assert loss(feature, target, **keys) == pytest.approx(math.log(2) + expected, rel=1e-5)


def test_no_label_is_no_loss() -> None:
    weights = dict.fromkeys(("prototype_weight", "contrast_weight", "length_weight"), 1.0)
    assert loss([EVEN], [IGNORED], **weights) == 0


def test_distance_is_a_sum_over_classes_of_means() -> None:
    cosine = torch.tensor([[1.0, 0.0], [0.5, 0.0], [0.0, 0.2]])
    assert class_distance(cosine, torch.tensor([0, 0, 1])).item() == pytest.approx(0.25 + 0.8)


def test_prototype_is_the_weighted_mean_of_what_is_right() -> None:
    prototypes = Prototypes(2)
    sure, unsure = [math.log(9), 0.0], [0.0, math.log(1.5)]  # probabilities of 0.9 and 0.6
    prototypes.update(torch.tensor([sure, unsure, unsure]), torch.tensor([0, 1, 0]))
    assert prototypes.weight.tolist() == pytest.approx([0.9, 0.6])
    total = prototypes.total.numpy()
    np.testing.assert_allclose(total, [[0.9 * sure[0], 0.0], [0.0, 0.6 * unsure[1]]], rtol=1e-6)
    prototypes.update(torch.tensor([sure]), torch.tensor([0]))
    assert prototypes.weight.tolist() == pytest.approx([0.9 * (1 + KEPT), 0.6 * KEPT])
    assert prototypes.cosine(torch.tensor([[2.0, 2.0]]))[0].tolist() == pytest.approx([HALF, HALF])


def test_class_without_a_prototype_has_no_cosine_and_no_gradient() -> None:
    value = torch.ones(1, 2, requires_grad=True)
    cosine = Prototypes(2).cosine(value)
    assert cosine.tolist() == [[0, 0]]
    contrastive(cosine, torch.tensor([0])).backward()
    assert value.grad is not None
    assert not value.grad.any()


def test_step_moves_the_prototypes_and_inference_does_not() -> None:
    network, recipe = TwoHeads(), recipe_of("prototype_contrast")
    before = network.prototypes.total.clone()
    outputs = recipe.outputs(network, torch.tensor([[1.0, 1.0, 3.0, 4.0]]), None, torch.Generator())
    assert tuple(outputs) == prototype_contrast.OUTPUTS
    assert outputs["logits"].tolist() == [[1, 1]]
    assert outputs["prototype_distance"].item() == pytest.approx(1 - HALF)
    assert outputs["squared_norm"].item() == 25
    assert torch.equal(network.prototypes.total, before)
    recipe.loss(network, batch_of(torch.tensor([[2.0, 0.0, 0.0, 0.0]]), [0]), torch.ones(2))
    assert not torch.equal(network.prototypes.total, before)


def test_length_is_no_matter_above_one() -> None:
    contrast = torch.tensor([[0.0, 0.0], [0.5, 0.0], [2.0, 0.0]])
    assert shortness(contrast).item() == pytest.approx((1 + 0.75) / 3)


def test_prototypes_are_stored_with_the_weights(tmp_path: Path) -> None:
    networks = [build({**SMALL, "initialisation": "xavier"}, 6, 3) for _ in range(2)]
    for network in networks:
        recipe_of("prototype_contrast").adapt(network)
    trained, network = networks
    prototypes: Any = trained.prototypes
    prototypes.update(torch.eye(3), torch.arange(3))
    save_weights(tmp_path / "weights.npz", trained, {})
    start_from(network, tmp_path / "weights.npz")
    stored: Tensor = network.state_dict()["prototypes.total"]
    assert stored.any()
    assert torch.equal(stored, trained.state_dict()["prototypes.total"])


def test_some_steps_lengthen_the_second_head_and_bring_logits_to_their_prototypes(tmp_path: Path) -> None:
    before, after = (train_small("prototype_contrast", tmp_path, steps) for steps in (1, 30))
    assert np.mean(after.losses[-5:]) < after.losses[0] / 2
    known = after.target < 2
    for output, sign in (("squared_norm", 1), ("prototype_distance", -1)):
        rise = sign * (after.outputs[output][known].mean() - before.outputs[output][known].mean())
        assert rise > 0, output
