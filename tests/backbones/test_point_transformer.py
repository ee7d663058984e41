"""Point Transformer as recipes and inference see it; its answers are in test_point_transformer_golden.py."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from tests.backbones.test_stratified_transformer import cloud
from tests.given import batch_of, recipe_of
from torch import Tensor

from openworld3d.backbones.point_transformer import Geometry, Level, PointTransformer, build
from openworld3d.inference.crops import Bounds
from openworld3d.inference.model import Model, infer_scene
from openworld3d.scenes.scene import Scene
from openworld3d.training.optimizer import OF_TODAY, autocast

SMALL: dict[str, Any] = {"planes": [8, 8, 16, 16, 24], "blocks": [1, 2, 1, 1, 1]}
CLOSED_SET, REAL = recipe_of("closed_set"), recipe_of("real")
DROPOUT = recipe_of("dropout", dropout=0.5, passes=2)
PLAIN = ("plain", "random")
DECODERS = [("none", "random"), PLAIN, ("memory_cell", "random"), ("memory_cell", "learned")]


def small(in_channels: int = 3) -> PointTransformer:
    torch.manual_seed(0)
    return build(SMALL, in_channels, 5)


def given(points: int, seed: int = 0) -> tuple[PointTransformer, Tensor, Geometry]:
    """Return a small network in evaluation mode, a cloud's features and its geometry."""
    network, coord = small().eval(), cloud(points, seed)
    return network, torch.from_numpy(coord), network.geometry(coord, np.array([points]))


def test_geometry_by_hand() -> None:
    """Nine points in a row, one of which is far, and a cloud of two: of four a level has one less."""
    coord = np.array([[x, 0, 0] for x in (0, 1, 2, 3, 4, 5, 6, 7, 20, 0, 5)], np.float32)
    geometry = small().geometry(coord, np.array([9, 11]))
    finest, second, third, *_ = geometry.levels
    assert finest.neighbor[:1].tolist() == [[0, 1, 2, 3, 4, 5, 6, 7]]
    assert finest.neighbor[8:10].tolist() == [[8, 7, 6, 5, 4, 3, 2, 1], [9, 10, *[11] * 6]]
    assert finest.relative[10, :3].tolist() == [[0, 0, 0], [-5, 0, 0], [0, 0, 0]]
    assert finest.coarse is not None
    assert finest.coarse.tolist() == [[*range(9), *[11] * 7], [*range(8, -1, -1), *[11] * 7]]
    assert finest.fine[[0, 8, 9]].tolist() == [[0, 1, 2], [1, 0, 2], [2, 2, 2]]
    assert finest.fine_weight[[1, 9]].tolist() == [pytest.approx([0.95, 0.05, 0]), [0, 0, 0]]
    assert second.relative[1].tolist() == [[0, 0, 0], [-20, 0, 0], *[[0, 0, 0]] * 14]
    assert [len(level.neighbor) for level in geometry.levels] == [11, 2, 0, 0, 0]
    assert (third.coarse, second.neighbor.shape, geometry.levels[-1].coarse) != (None, (2, 8), None)
    assert (len(geometry.cloud), geometry.clouds, geometry.pairs) == (0, 2, 88)


def test_coarsest_level_interpolates_itself() -> None:
    _, _, geometry = given(1300)
    level = geometry.levels[-1]
    assert geometry.cloud.tolist() == [0] * 5
    assert level.fine[:, 0].tolist() == [0, 1, 2, 3, 4]
    assert level.fine_weight[:, 0].tolist() == pytest.approx([1] * 5, abs=1e-6)


class Elsewhere:
    """A tensor that says where it was moved to."""

    def to(self, device: torch.device, non_blocking: bool) -> Any:
        return device


def test_geometry_moves_with_its_tensors() -> None:
    here: Any = Elsewhere()
    gpu = torch.device("cuda", 1)
    levels = [Level(here, here, here, here, here, here), Level(here, here, None, None, here, here)]
    expected = [(gpu, gpu, gpu, gpu, gpu, gpu), (gpu, gpu, None, None, gpu, gpu)]
    assert tuple(Geometry(levels, here, 2).to(gpu)) == (expected, gpu, 2)


def test_clouds_of_a_batch_do_not_see_each_other() -> None:
    """Not even one of whose coarsest level two points are left, beside which the reference reads another's last."""
    network = small().eval()
    one, other = cloud(600, 1), cloud(1100, 2)
    both = np.concatenate([one, other])
    alone = network(torch.from_numpy(one), network.geometry(one, np.array([600])))
    together = network(torch.from_numpy(both), network.geometry(both, np.array([600, 1700])))
    assert torch.allclose(alone, together[:600], atol=1e-5)


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("points", [1, 2, 17, 255, 257])
def test_few_points_are_enough(points: int, training: bool) -> None:
    network, feature, geometry = given(points)
    logits = network.train(training)(feature, geometry)
    assert logits.shape == (points, 5)
    assert torch.isfinite(logits).all()
    assert all(torch.isfinite(value).all() for value in network.state_dict().values())


def test_pyramid_goes_from_the_encoders_end_to_what_the_classifier_reads() -> None:
    network, feature, geometry = given(1300)
    made: list[Tensor] = []
    for name in ("enc5", "dec5", "dec4", "dec3", "dec2", "dec1"):
        getattr(network, name)[-1].register_forward_hook(lambda _, given, result: made.append(result))
    pyramid = network.pyramid(feature, geometry)
    assert [tuple(level.shape) for level in pyramid] == [(5, 24), (5, 24), (20, 16), (81, 16), (325, 8), (1300, 8)]
    assert [level.shape[1] for level in pyramid] == network.pyramid_channels
    assert all(torch.equal(one, other) for one, other in zip(pyramid, made))
    assert torch.equal(network(feature, geometry), network.classifier(pyramid[-1]))
    assert network.last_layer_names() == ["cls.3.weight", "cls.3.bias"]


@pytest.mark.parametrize("decoder", DECODERS)
def test_every_parameter_takes_part(decoder: tuple[str, str]) -> None:
    network, feature, geometry = given(300)
    kind, initial_state = decoder
    recipe_of("pdf", second_decoder=kind, initial_state=initial_state).adapt(network)
    REAL.adapt(network)
    pyramid = network.eval().pyramid(feature, geometry)
    unknown = network.second_decoder(pyramid, geometry, None)  # type: ignore[operator]
    heads = [network.classifier(pyramid[-1]), network.redundancy(pyramid[-1]), unknown]  # type: ignore[operator]
    torch.cat(heads, 1).square().mean().backward()
    assert [name for name, value in network.named_parameters() if value.grad is None] == []


@pytest.mark.parametrize("decoder", DECODERS)
@pytest.mark.parametrize("points", [1, 300])
def test_every_point_has_a_finite_logit_of_the_unknown(decoder: tuple[str, str], points: int) -> None:
    network, feature, geometry = given(points)
    kind, initial_state = decoder
    recipe = recipe_of("pdf", second_decoder=kind, initial_state=initial_state)
    recipe.adapt(network)
    with torch.no_grad():
        outputs = recipe.outputs(network.eval(), feature, geometry, torch.Generator().manual_seed(0))
    assert torch.isfinite(outputs["unknown_logit"]).all()


def test_recipes_ask_it_as_any_network() -> None:
    network, feature, geometry = given(300)
    REAL.adapt(network)
    network.eval()
    with torch.no_grad():
        stated = CLOSED_SET.outputs(network, feature, geometry, torch.Generator())
        opened = REAL.outputs(network, feature, geometry, torch.Generator())
        drawn = DROPOUT.outputs(network, feature, geometry, torch.Generator())
    assert (stated["features"].shape, opened["unknown_logit"].shape) == ((300, 8), (300, 1))
    assert torch.equal(network.last_layer(stated["features"]), stated["logits"])
    assert torch.equal(stated["logits"], opened["logits"])
    assert (drawn["class_variance"] > 0).any()


def test_training_lowers_the_loss() -> None:
    network = small().train()
    coord = cloud(300)
    feature, geometry = torch.from_numpy(coord), network.geometry(coord, np.array([100, 300]))
    target = torch.from_numpy((coord[:, 2] > 1).astype(np.int64))
    optimizer = torch.optim.Adam(network.parameters(), 0.03)
    losses = []
    for _ in range(12):
        loss, _ = CLOSED_SET.loss(network, batch_of(feature, target, geometry), torch.ones(5))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0] / 4


def test_all_parameters_train_at_one_rate() -> None:
    assert list(small().block_parameters()) == []


def test_scene_is_inferred_in_crops() -> None:
    coord = cloud(400)
    color = np.random.default_rng(0).integers(0, 256, (400, 3)).astype(np.uint8)
    scene = Scene(coord, np.zeros(400, np.uint8), np.full(400, -1, np.int32), color=color)
    model = Model(small(6).eval(), CLOSED_SET, 0.02, [0, 1], torch.device("cpu"))
    outputs = infer_scene(model, scene, "fragments", Bounds(voxels=200, pairs=1000))
    assert (outputs["logits"].shape, outputs["features"].shape) == ((400, 5), (400, 8))
    assert outputs["halved_crops"] > 0  # 1,000 pairs are of 125 voxels


@pytest.mark.skipif(not OF_TODAY, reason="this torch has no mixed precision on the CPU")
@pytest.mark.parametrize("precision", ["bfloat16", "float16"])
@pytest.mark.parametrize("training", [True, False])
def test_mixed_precision_is_near(precision: str, training: bool) -> None:
    network, feature, geometry = given(300)
    network.train(training)
    expected = network(feature, geometry)
    with autocast(torch.device("cpu"), precision):
        logits = network(feature, geometry)
    assert (logits - expected).abs().mean() < 0.05 * expected.std()
