from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import yaml
from tests.backbones.test_point_transformer import Elsewhere
from tests.given import batch_of, recipe_of
from tests.small_run import CLASSES, config_of

from openworld3d.backbones.cylinder3d import Cylinder3D, Geometry, Refined, build
from openworld3d.errors import UserError
from openworld3d.inference.crops import Bounds
from openworld3d.inference.model import Model, infer_scene
from openworld3d.networks.inputs import input_channels
from openworld3d.networks.layers.cylinder import majority
from openworld3d.protocols.protocol import IGNORED, make_protocol
from openworld3d.scenes.scene import VOID, Scene, save_scene
from openworld3d.training.augmentation import TrainingData
from openworld3d.training.data import epoch_batches

SMALL: dict[str, Any] = {"cells": [12, 10, 8], "radius_range": [0, 20], "height_range": [-4, 2], "width": 2}
AS_RELEASED: dict[str, Any] = {**SMALL, "variant": "as_released"}
EXPERIMENT = Path(__file__).resolve().parents[2] / "experiments/real_semantickitti.yaml"
# Of the released code, an own head apart, 128 channels to 20 classes by 3 x 3 x 3 with a bias.
RELEASED_WITHOUT_HEAD = 55_784_226
DEAD = 6_266_880  # of the released parameters, slices of kernels that spconv 1 never runs
CLOSED_SET, REAL = recipe_of("closed_set"), recipe_of("real")
DROPOUT = recipe_of("dropout", dropout=0.5, passes=2)
DROPPED_GATES = recipe_of("dropout", dropout=0.5, passes=2, where="gates")


def scan(points: int, seed: int = 0) -> tuple[np.ndarray, torch.Tensor]:
    """Return coord (N, 3) around the sensor, some of it beyond the cells, and feature (N, 3)."""
    generator = np.random.default_rng(seed)
    coord = generator.normal(0, [12, 12, 2], (points, 3)).astype(np.float32)
    return coord, torch.from_numpy(generator.uniform(0, 1, (points, 3)).astype(np.float32))


def small(**keys: Any) -> Cylinder3D:
    torch.manual_seed(0)
    return build({**SMALL, **keys}, 3, 5)


@pytest.mark.usefixtures("_stand_in")
def test_published_configuration_has_its_parameters() -> None:
    (config,) = yaml.safe_load(EXPERIMENT.read_text())["backbones"].values()
    assert (config["variant"], config["targets"], config["untaught_columns"]) == (
        "as_released",
        "cells",
        "void_and_unknown",
    )
    released = RELEASED_WITHOUT_HEAD + 27 * 128 * 20 + 20
    assert parameters(build(config, 3, 20)) == released - DEAD
    network = build({**config, "variant": "refined", "targets": "points"}, 3, 18)
    assert isinstance(network, Refined)
    added = sum(map(parameters, (network.refine, network.neighborhood, network.classifier)))
    assert parameters(network) - added == RELEASED_WITHOUT_HEAD
    assert parameters(network) / 1e6 == pytest.approx(56.28, abs=0.01)


def parameters(network: torch.nn.Module) -> int:
    return sum(value.numel() for value in network.parameters())


@pytest.mark.usefixtures("_spconv")
def test_every_point_has_logits_that_depend_on_its_own_place_and_intensity() -> None:
    network = small().eval()
    coord, feature = scan(50)
    coord[1] = coord[0] + np.float32(1e-3)  # one cell, two points
    geometry = network.geometry(coord, np.array([50]))
    assert geometry.row[0] == geometry.row[1]
    with torch.no_grad():
        decoded = network.decode(feature, geometry)
        logits = network(feature, geometry)
    assert (decoded.shape, logits.shape) == ((50, 8), (50, 5))
    assert torch.isfinite(logits).all()
    assert not torch.equal(decoded[0], decoded[1])


@pytest.mark.usefixtures("_spconv")
def test_clouds_of_a_batch_do_not_see_each_other() -> None:
    network = small().eval()
    (one, one_feature), (other, other_feature) = scan(60, 1), scan(40, 2)
    both = np.concatenate([one, other])
    with torch.no_grad():
        alone = network(one_feature, network.geometry(one, np.array([60])))
        together = network(torch.cat([one_feature, other_feature]), network.geometry(both, np.array([60, 100])))
    assert torch.allclose(alone, together[:60], atol=1e-5)


@pytest.mark.usefixtures("_spconv")
@pytest.mark.parametrize("points", [1, 2])
def test_few_points_are_enough(points: int) -> None:
    network = small().eval()
    coord, feature = scan(points)
    with torch.no_grad():
        assert network(feature, network.geometry(coord, np.array([points]))).shape == (points, 5)


def geometry_by_hand() -> tuple[np.ndarray, np.ndarray]:
    """Return two clouds: two points of one cell and one of another; one point of the first cell."""
    coord = np.array([[5, 1, 0], [5, 1.01, 0], [-5, 1, 0], [5, 1, 0]], np.float32)
    return coord, np.array([3, 4])


@pytest.mark.usefixtures("_stand_in")
def test_geometry_by_hand() -> None:
    geometry = small().geometry(*geometry_by_hand())
    # Radius 5.1 of 20 / 11 m a cell; angles 0.20 and 2.94 from -pi by 2 pi / 9; height 0 from -4 by 6 / 7 m.
    assert geometry.voxel.tolist() == [[0, 2, 4, 4], [0, 2, 8, 4], [1, 2, 4, 4]]
    assert geometry.row.tolist() == [0, 0, 1, 2]
    assert geometry.first.tolist() == [0, 2, 3]
    assert (geometry.pairs, geometry.clouds, geometry.point.shape) == (3, 2, (4, 8))


def test_geometry_moves_with_its_tensors() -> None:
    here: Any = Elsewhere()
    gpu = torch.device("cuda", 1)
    assert tuple(Geometry(here, here, here, here, 2).to(gpu)) == (gpu, gpu, gpu, gpu, 2)


@pytest.mark.usefixtures("_stand_in")
@pytest.mark.parametrize("variant", ["refined", "as_written", "as_released"])
@pytest.mark.parametrize("recipe", [REAL, DROPOUT, DROPPED_GATES])
def test_every_parameter_is_taught(variant: str, recipe: Any) -> None:
    network = small(variant=variant, targets="points" if variant == "refined" else "cells").train()
    recipe.adapt(network)
    coord, feature = scan(300)
    geometry = network.geometry(coord, np.array([150, 300]))
    target = torch.from_numpy(network.site_targets(geometry, np.arange(300) % (6 if recipe is REAL else 5)))
    loss, logits = recipe.loss(network, batch_of(feature, target, geometry), torch.ones(5))
    loss.backward()
    assert logits.shape == (300 if variant == "refined" else len(geometry.voxel), 5)
    assert [name for name, value in network.named_parameters() if value.grad is None or not value.grad.any()] == []


@pytest.mark.usefixtures("_stand_in")
def test_training_lowers_the_loss() -> None:
    network = small().train()
    coord, feature = scan(200)
    geometry = network.geometry(coord, np.array([200]))
    target = torch.from_numpy((coord[:, 2] > 0).astype(np.int64))
    optimizer = torch.optim.Adam(network.parameters(), 0.03)
    losses = []
    for _ in range(30):
        loss, _ = CLOSED_SET.loss(network, batch_of(feature, target, geometry), torch.ones(5))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0] / 10


@pytest.mark.usefixtures("_spconv")
def test_recipes_ask_it_as_any_network() -> None:
    network = small().eval()
    REAL.adapt(network)
    network.eval()
    coord, feature = scan(30)
    geometry = network.geometry(coord, np.array([30]))
    with torch.no_grad():
        stated = CLOSED_SET.outputs(network, feature, geometry, torch.Generator())
        opened = REAL.outputs(network, feature, geometry, torch.Generator())
        drawn = DROPOUT.outputs(network, feature, geometry, torch.Generator())
    assert (stated["features"].shape, opened["unknown_logit"].shape) == ((30, 8), (30, 1))
    assert torch.allclose(stated["logits"], opened["logits"])
    assert (drawn["class_variance"] > 0).any()


@pytest.mark.usefixtures("_spconv")
def test_scan_is_inferred_in_one_crop_of_its_cells() -> None:
    coord, feature = scan(40)
    nothing, intensity = np.zeros(40), feature[:, 0].numpy()
    scene = Scene(
        coord, nothing.astype(np.uint8), nothing.astype(np.int32), intensity=intensity, origin_is_sensor=True
    )
    network = build(SMALL, input_channels(scene), 5).eval()
    model = Model(network, CLOSED_SET, 0.02, [0, 1], torch.device("cpu"))
    outputs = infer_scene(model, scene, "single", Bounds(voxels=40, pairs=40))
    with torch.no_grad():
        expected = network(feature, network.geometry(coord, np.array([40])))
    assert outputs["halved_crops"] == 0
    found = torch.from_numpy(outputs["logits"][outputs["inverse"]])
    assert torch.allclose(found.softmax(1), expected.softmax(1), atol=1e-5)


@pytest.mark.usefixtures("_stand_in")
def test_coloured_scenes_are_refused() -> None:
    with pytest.raises(UserError, match="the dataset has 6 features per point, expected the 3 of"):
        build(SMALL, 6, 5)


@pytest.mark.usefixtures("_stand_in")
def test_batch_has_a_target_for_each_cell(tmp_path: Path) -> None:
    coord, feature = scan(80)
    label = np.array([0, 1, 2, VOID], np.uint8)[np.arange(80) % 4]
    scene = Scene(coord, label, np.zeros(80, np.int32), intensity=feature[:, 0].numpy().copy(), origin_is_sensor=True)
    save_scene(tmp_path / "scan.npz", scene)
    config = config_of(voxel_size=0.001, crop_voxels=100, batch_voxels=100)
    data = TrainingData([tmp_path / "scan.npz"], make_protocol(CLASSES, ["sofa"]), np.ones(2, np.float32), config)
    for targets in ("points", "cells"):
        network = small(variant="as_released", targets=targets)
        (batch,) = epoch_batches(network, data, 0)
        geometry = batch.geometry
        by_point = np.full(80, IGNORED)
        place = {tuple(point): label for point, label in zip(coord.tolist(), label)}
        for number, point in enumerate(batch.coord.tolist()):
            by_point[number] = {0: 0, 2: 1}.get(place[tuple(point)], IGNORED)
        expected = by_point if targets == "points" else majority(geometry.row.numpy(), by_point)
        assert batch.target.tolist() == expected.tolist()
        assert len(batch.target) == (80 if targets == "points" else len(geometry.voxel))
