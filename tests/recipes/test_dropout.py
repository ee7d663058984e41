from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
from tests.backbones.test_stratified_transformer import SMALL
from tests.given import batch_of, recipe_of
from tests.inference.test_model import cube
from tests.networks.test_inputs import RANGE
from torch import Tensor, nn

from openworld3d.backbones.stratified_transformer import build
from openworld3d.errors import UserError
from openworld3d.inference import crops
from openworld3d.inference.crops import Bounds
from openworld3d.inference.model import Model, infer_scene
from openworld3d.networks.backbone import Backbone
from openworld3d.networks.layers.batch_norm import BatchNorm
from openworld3d.protocols.protocol import IGNORED
from openworld3d.recipes import dropout

CPU = torch.device("cpu")
HALF_OF_TWO = recipe_of("dropout", dropout=0.5, passes=2)


class OneNumber(Backbone):
    """The decoder and the first layer leave a feature x of 0 or more as it is; the logits are (log 3 / 4) x and 0."""

    def __init__(self) -> None:
        super().__init__()
        first, last = nn.Linear(1, 1, bias=False), nn.Linear(1, 2, bias=False)
        first.weight.data = torch.ones(1, 1)
        last.weight.data = torch.tensor([[math.log(3) / 4], [0.0]])
        self.classifier = nn.Sequential(first, nn.ReLU(), last)
        self.decoded = 0

    def decode(self, feature: Tensor, geometry: Any) -> Tensor:
        self.decoded += 1
        return feature

    def forward(self, feature: Tensor, geometry: Any) -> Tensor:
        return self.classifier(self.decode(feature, geometry))

    def geometry(self, coord: np.ndarray, offset: np.ndarray) -> None:
        return None


def outputs_of(network: Backbone, feature: Tensor, recipe: Any, seed: int = 0) -> dict[str, Tensor]:
    with torch.no_grad():
        return recipe.outputs(network, feature, None, torch.Generator().manual_seed(seed))


def test_every_pair_of_masks_by_hand() -> None:
    """A feature of 1 passes both dropouts a quarter of the time: it is then 4, and p is 3/4, 1/4; else 1/2, 1/2."""
    outputs = outputs_of(OneNumber(), torch.ones(4000, 1), HALF_OF_TWO)
    of_mean = {0: (1 / 2, 1 / 2), 1: (5 / 8, 3 / 8), 2: (3 / 4, 1 / 4)}
    kept = (torch.softmax(outputs["logits"], 1)[:, 0] - 1 / 2) * 8
    assert (kept - kept.round()).abs().max() < 1e-5
    sure = 2 * math.log(2) - 3 / 4 * math.log(3)
    between = -5 / 8 * math.log(5 / 8) - 3 / 8 * math.log(3 / 8) - (sure + math.log(2)) / 2
    for count, share, information, variance in ((0, 9 / 16, 0, 0), (1, 6 / 16, between, 1 / 32), (2, 1 / 16, 0, 0)):
        rows = kept.round() == count
        assert rows.float().mean().item() == pytest.approx(share, abs=0.03)
        assert torch.softmax(outputs["logits"][rows], 1)[0].tolist() == pytest.approx(of_mean[count], abs=1e-6)
        assert outputs["mutual_information"][rows].numpy() == pytest.approx(information, abs=1e-6)
        assert outputs["class_variance"][rows].numpy() == pytest.approx(variance, abs=1e-6)


def test_kept_values_make_up_for_the_others() -> None:
    dropped = dropout.drop(torch.ones(100000), 0.2, torch.Generator().manual_seed(0))
    assert sorted(set(dropped.tolist())) == [0, 1.25]
    assert dropped.mean().item() == pytest.approx(1, abs=0.01)


def test_without_dropout_all_passes_are_the_plain_one() -> None:
    network, feature = OneNumber(), torch.linspace(-3, 9, 50)[:, None]
    outputs = outputs_of(network, feature, recipe_of("dropout", dropout=0.0, passes=10))
    assert outputs["logits"].numpy() == pytest.approx(network(feature, None).detach().numpy(), abs=1e-6)
    assert outputs["mutual_information"].numpy() == pytest.approx(0, abs=1e-12)
    assert not outputs["class_variance"].any()


def test_what_comes_before_the_first_dropout_is_computed_once() -> None:
    network = OneNumber()
    passes = []
    network.classifier[0].register_forward_hook(lambda *_: passes.append(1))
    outputs_of(network, torch.ones(3, 1), recipe_of("dropout", dropout=0.5, passes=7))
    assert network.decoded == 1
    assert len(passes) == 7


def test_masks_are_the_generators_and_no_one_elses() -> None:
    network, feature = OneNumber(), torch.ones(200, 1)
    before = torch.get_rng_state()
    one = outputs_of(network, feature, HALF_OF_TWO)["logits"]
    assert torch.equal(torch.get_rng_state(), before)
    torch.manual_seed(5)
    assert torch.equal(outputs_of(network, feature, HALF_OF_TWO)["logits"], one)
    assert not torch.equal(outputs_of(network, feature, HALF_OF_TWO, seed=1)["logits"], one)


def test_loss_is_that_of_logits_with_dropout() -> None:
    target, weight = torch.tensor([0, 1, IGNORED]), torch.tensor([1.0, 3.0])
    network, feature = OneNumber(), torch.tensor([[1.0], [2.0], [3.0]])
    plain, _ = recipe_of("closed_set").loss(network, batch_of(feature, target), weight)
    assert recipe_of("dropout", dropout=0.0).loss(network, batch_of(feature, target), weight)[0] == plain
    # Kept twice, features 1 and 2 are 4 and 8: their classes have 3/4 and 1/10.
    seen = set()
    for seed in range(60):
        torch.manual_seed(seed)
        loss, logits = HALF_OF_TWO.loss(network, batch_of(feature, target), weight)
        first = 3 / 4 if logits[0, 0] > 0 else 1 / 2
        second = 1 / 10 if logits[1, 0] > 0 else 1 / 2
        assert loss.item() == pytest.approx(-(math.log(first) + 3 * math.log(second)) / 4, rel=1e-5)
        seen.add((first, second))
    assert len(seen) == 4


@pytest.fixture(scope="module")
def network() -> Backbone:
    torch.manual_seed(0)
    return build({**SMALL, "initialisation": "xavier"}, 6, 4).eval()


def test_batch_normalisation_stays_as_training_left_it(network: Backbone) -> None:
    assert any(isinstance(layer, BatchNorm) for layer in network.classifier)
    before = {name: value.clone() for name, value in network.state_dict().items()}
    infer(network, Bounds(10**9, 10**9))
    assert all(torch.equal(before[name], value) for name, value in network.state_dict().items())


def infer(network: Backbone, bounds: Bounds) -> dict[str, np.ndarray]:
    return infer_scene(
        Model(network, recipe_of("dropout", dropout=0.5, passes=3), 0.3, RANGE, CPU), cube(900), "single", bounds
    )


@pytest.mark.parametrize("bounds", [Bounds(10**9, 10**9), Bounds(200, 10**9)])
def test_real_network_says_the_same_twice(network: Backbone, bounds: Bounds) -> None:
    one, other = infer(network, bounds), infer(network, bounds)
    assert all(np.array_equal(one[name], other[name]) for name in one)
    rows = len(one["logits"])
    assert {name: one[name].shape for name in dropout.OUTPUTS} == {
        "logits": (rows, 4),
        "mutual_information": (rows, 1),
        "class_variance": (rows, 1),
    }
    assert (one["mutual_information"] > 0).mean() > 0.9
    assert (one["class_variance"] > 0).mean() > 0.9


def test_each_crop_has_masks_of_its_own(network: Backbone, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of two clouds, equal but for their place, in a crop each, the logits agree without dropout alone.

    The points of both are in one order, on which samples of the network depend.
    """
    fitting = crops.fitting_crop

    def in_one_order(
        network: Backbone, coord: np.ndarray, center: int, bounds: Bounds, generator: np.random.Generator
    ) -> crops.Crop:
        return fitting(network, coord, center, bounds, np.random.default_rng(0))

    monkeypatch.setattr(crops, "fitting_crop", in_one_order)
    scene = cube(400)
    scene.coord[200:] = scene.coord[:200] + np.array([64, 0, 0], np.float32)
    scene.color[200:] = scene.color[:200]  # type: ignore[index]
    for rate, equal in ((0.0, True), (0.5, False)):
        recipe = recipe_of("dropout", dropout=rate, passes=3)
        outputs = infer_scene(Model(network, recipe, 1e-3, RANGE, CPU), scene, "single", Bounds(200, 10**9))
        logits = outputs["logits"][outputs["inverse"]]
        assert np.allclose(logits[:200], logits[200:], atol=1e-2) == equal


def test_gates_of_a_network_without_any_are_refused(network: Backbone) -> None:
    with pytest.raises(UserError, match="where is gates, but StratifiedTransformer has none; choose a backbone with"):
        recipe_of("dropout", dropout=0.5, where="gates").adapt(network)
