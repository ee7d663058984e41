from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
from tests.backbones.test_stratified_transformer import SMALL
from tests.given import recipe_of
from tests.inference.test_model import cube
from tests.networks.test_inputs import RANGE
from torch import Tensor, nn

from openworld3d.backbones.stratified_transformer import build
from openworld3d.inference.crops import Bounds
from openworld3d.inference.model import Model, infer_scene
from openworld3d.networks.backbone import Backbone
from openworld3d.networks.layers.drop_path import DropPath, dropping_paths
from openworld3d.recipes import drop_path

CPU = torch.device("cpu")
TWO = recipe_of("drop_path", passes=2)


class OneBranch(Backbone):
    """A residual branch that is dropped half of the time; the logits are (log 3 / 2) x branch and 0."""

    def __init__(self) -> None:
        super().__init__()
        self.drop_path = DropPath(0.5)
        self.classifier = nn.Sequential(nn.Identity())

    def decode(self, feature: Tensor, geometry: Any) -> Tensor:
        branch = self.drop_path(torch.full((len(feature), 1), math.log(3) / 2))
        return torch.cat([branch, torch.zeros_like(branch)], 1)

    def forward(self, feature: Tensor, geometry: Any) -> Tensor:
        return self.classifier(self.decode(feature, geometry))

    def geometry(self, coord: np.ndarray, offset: np.ndarray) -> None:
        return None


def outputs_of(network: Backbone, points: int, seed: int = 0) -> dict[str, Tensor]:
    with torch.no_grad():
        return TWO.outputs(network, torch.zeros(points, 1), None, torch.Generator().manual_seed(seed))


def test_every_pair_of_passes_by_hand() -> None:
    """A kept branch is doubled, so that p is 3/4, 1/4; else 1/2, 1/2: of two passes none, one or both are kept."""
    outputs = outputs_of(OneBranch().eval(), 4000)
    kept = (torch.softmax(outputs["logits"], 1)[:, 0] - 1 / 2) * 8
    assert (kept - kept.round()).abs().max() < 1e-5
    sure = 2 * math.log(2) - 3 / 4 * math.log(3)
    between = -5 / 8 * math.log(5 / 8) - 3 / 8 * math.log(3 / 8) - (sure + math.log(2)) / 2
    for count, share, information, variance in ((0, 1 / 4, 0, 0), (1, 1 / 2, between, 1 / 32), (2, 1 / 4, 0, 0)):
        rows = kept.round() == count
        assert rows.float().mean().item() == pytest.approx(share, abs=0.03)
        assert outputs["mutual_information"][rows].numpy() == pytest.approx(information, abs=1e-6)
        assert outputs["class_variance"][rows].numpy() == pytest.approx(variance, abs=1e-6)


def test_paths_drop_within_the_block_alone() -> None:
    drop = DropPath(0.25).eval()
    branch = torch.ones(10000, 2)
    with dropping_paths(drop, torch.Generator().manual_seed(0)):
        dropped = drop(branch)
    assert sorted({round(value, 4) for value in dropped.flatten().tolist()}) == [0, 1.3333]
    assert torch.equal(dropped[:, 0], dropped[:, 1])
    assert dropped.mean().item() == pytest.approx(1, abs=0.02)
    assert torch.equal(drop(branch), branch)


def test_paths_are_whole_again_after_an_error() -> None:
    drop = DropPath(0.25).eval()
    with pytest.raises(ValueError, match="within"), dropping_paths(drop, torch.Generator()):
        raise ValueError("within")
    assert drop.generator is None


def test_draws_are_the_generators_and_no_one_elses() -> None:
    network = OneBranch().eval()
    before = torch.get_rng_state()
    one = outputs_of(network, 200)["logits"]
    assert torch.equal(torch.get_rng_state(), before)
    torch.manual_seed(5)
    assert torch.equal(outputs_of(network, 200)["logits"], one)
    assert not torch.equal(outputs_of(network, 200, seed=1)["logits"], one)


def test_real_network_disagrees_with_itself_and_says_the_same_twice() -> None:
    torch.manual_seed(0)
    network = build({**SMALL, "initialisation": "xavier", "drop_path_rate": 0.3}, 6, 4).eval()
    before = {name: value.clone() for name, value in network.state_dict().items()}
    model = Model(network, recipe_of("drop_path", passes=3), 0.3, RANGE, CPU)
    one, other = (infer_scene(model, cube(900), "single", Bounds(10**9, 10**9)) for _ in range(2))
    assert all(np.array_equal(one[name], other[name]) for name in one)
    assert {"inverse", "visits", "halved_crops", *drop_path.OUTPUTS} == set(one)
    assert (one["mutual_information"] > 0).mean() > 0.9
    assert all(torch.equal(before[name], value) for name, value in network.state_dict().items())
