from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import yaml

from openworld3d.backbones.stratified_transformer import build
from openworld3d.networks.layers.drop_path import DropPath

SMALL: dict[str, Any] = {
    "grid_size": 0.1,
    "stem_transformer": False,
    "num_layers": 3,
    "depths": [1, 2, 2],
    "channels": [16, 32, 32],
    "num_heads": [1, 2, 2],
    "window_size": 4,
    "quant_size": 0.025,
    "downsample_scale": 8,
    "ratio": 0.25,
    "k": 16,
    "up_k": 3,
    "drop_path_rate": 0.1,
    "initialisation": "reference",
}
EXPERIMENTS = Path(__file__).resolve().parents[2] / "experiments"


def cloud(points: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).uniform(0, 2, (points, 3)).astype(np.float32)


@pytest.mark.parametrize(("name", "classes", "millions"), [("rooms_s3dis_scale", 13, 8.02), ("scannet", 20, 18.80)])
def test_published_configuration_has_its_parameters(name: str, classes: int, millions: float) -> None:
    (config,) = yaml.safe_load((EXPERIMENTS / f"{name}.yaml").read_text())["backbones"].values()
    network = build(config, 6, classes)
    assert sum(value.numel() for value in network.parameters()) / 1e6 == pytest.approx(millions, abs=0.01)


def test_blocks_are_what_the_checkpoints_call_blocks() -> None:
    network = build(SMALL, 6, 5)
    named = {name for name, value in network.named_parameters() if ".blocks." in name}
    blocks = {id(value) for value in network.block_parameters()}
    assert named == {name for name, value in network.named_parameters() if id(value) in blocks}
    assert len(named) == len(blocks) > 0
    assert network.last_layer_names() == ["classifier.3.weight", "classifier.3.bias"]


def test_clouds_of_a_batch_do_not_see_each_other() -> None:
    network = build(SMALL, 3, 5).eval()
    one, other = cloud(300, 1), cloud(200, 2)
    # The windows' origin is shared by the batch: one corner for both makes it the same alone and together.
    one[0] = other[0] = 0
    alone = network(torch.from_numpy(one), network.geometry(one, np.array([300])))
    both = np.concatenate([one, other])
    together = network(torch.from_numpy(both), network.geometry(both, np.array([300, 500])))
    assert torch.allclose(alone, together[:300], atol=1e-5)


@pytest.mark.parametrize("points", [1, 2, 17])
def test_few_points_are_enough(points: int) -> None:
    network = build(SMALL, 3, 5).eval()
    coord = cloud(points)
    logits = network(torch.from_numpy(coord), network.geometry(coord, np.array([points])))
    assert logits.shape == (points, 5)
    assert torch.isfinite(logits).all()


def test_two_coarse_points_are_interpolated_alone() -> None:
    """Of five points a quarter and one more are left, the first and the farthest from it."""
    coord = np.array([[x, 0, 0] for x in (0, 1, 1.5, 3, 4)], np.float32)
    level = build(SMALL, 3, 5).geometry(coord, np.array([5])).levels[0]
    assert level.fine is not None
    assert level.fine_weight is not None
    # The point in the middle is equally far from both.
    assert [sorted(fine) for fine in level.fine.tolist()] == [[0, 1, 2]] * 5
    assert level.fine[[0, 1, 3, 4], 0].tolist() == [0, 0, 1, 1]
    assert level.fine_weight[1].tolist() == pytest.approx([3 / 4, 1 / 4, 0])


@pytest.mark.parametrize("stem", [True, False])
def test_pyramid_goes_from_the_encoders_end_to_what_the_classifier_reads(stem: bool) -> None:
    widths = {"channels": [16, 32, 64], "num_heads": [1, 2, 4]}
    network = build({**SMALL, **widths, "stem_transformer": stem}, 3, 5).eval()
    coord = cloud(300)
    feature, geometry = torch.from_numpy(coord), network.geometry(coord, np.array([300]))
    made: list[torch.Tensor] = []  # the coarser features that each level of the decoder gets, and its output
    for upsample in network.upsamples:
        upsample.register_forward_hook(lambda _, given, result: made.extend([given[1], result]))
    pyramid = network.pyramid(feature, geometry)
    assert [level.shape for level in pyramid] == [(20, 64), (76, 32), (300, 16)]  # a quarter, and one more
    assert network.pyramid_channels == [64, 32, 16]
    assert len(made) == 4
    assert all(torch.equal(one, other) for one, other in zip(made, [pyramid[index] for index in (0, 1, 1, 2)]))
    assert torch.equal(network.decode(feature, geometry), pyramid[-1])
    assert torch.equal(network(feature, geometry), network.classifier(pyramid[-1]))


def test_scene_of_a_hundred_metres_stays_inside_the_tables() -> None:
    coord = (cloud(3000) * 50).astype(np.float32)
    network = build(SMALL, 3, 5).eval()
    assert torch.isfinite(network(torch.from_numpy(coord), network.geometry(coord, np.array([3000])))).all()


@pytest.mark.parametrize(
    ("stem", "apart", "pairs"), [(True, 0.01, 16), (True, 1, 4), (False, 0.01, 4), (False, 1, 2)]
)
def test_most_pairs_of_a_block_by_hand(stem: bool, apart: float, pairs: int) -> None:
    # Four points at the first level and two at the second, in one window or in windows of their own.
    coord = np.array([[number * apart, 0, 0] for number in range(4)], np.float32)
    assert build({**SMALL, "stem_transformer": stem}, 3, 5).geometry(coord, np.array([4])).pairs == pairs


def test_drop_path_keeps_the_mean() -> None:
    torch.manual_seed(0)
    drop = DropPath(0.25)
    branch = torch.ones(20000, 2)
    assert drop(branch).mean().item() == pytest.approx(1, abs=0.02)
    assert sorted(drop(branch).unique().tolist()) == pytest.approx([0, 4 / 3])
    assert torch.equal(drop.eval()(branch), branch)


def test_initialisation_of_linear_layers() -> None:
    torch.manual_seed(0)
    reference, xavier = [build({**SMALL, "initialisation": name}, 3, 5) for name in ("reference", "xavier")]
    weights = [network.layers[0].blocks[0].mlp.fc1.weight.detach() for network in (reference, xavier)]  # type: ignore[union-attr, index]
    assert float(weights[0].std()) == pytest.approx(0.02, rel=0.1)
    assert float(weights[1].std()) == pytest.approx((2 / (32 + 128)) ** 0.5, rel=0.1)
