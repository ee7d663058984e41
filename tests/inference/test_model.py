"""From a scene to outputs on every original point, with a toy and with the real network."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.backbones.test_stratified_transformer import SMALL
from tests.given import recipe_of
from tests.networks.test_inputs import RANGE
from tests.toy_network import TOY_RECIPE, ToyNetwork

from openworld3d.backbones.stratified_transformer import build
from openworld3d.inference.coverage import TURNS
from openworld3d.inference.crops import Bounds
from openworld3d.inference.model import Model, infer_scene, picked_points
from openworld3d.networks.backbone import Backbone
from openworld3d.scenes.scene import Scene
from openworld3d.scenes.voxels import voxelise

WIDE = Bounds(10**9, 10**9)
CPU = torch.device("cpu")
CLOSED_SET = recipe_of("closed_set")


def cube(points: int, seed: int = 0) -> Scene:
    generator = np.random.default_rng(seed)
    return Scene(
        generator.uniform(0, 3, (points, 3)).astype(np.float32),
        np.zeros(points, np.uint8),
        np.full(points, -1, np.int32),
        color=generator.integers(0, 256, (points, 3)).astype(np.uint8),
    )


def by_toy(scene: Scene, coverage: str, bounds: Bounds = WIDE) -> dict[str, np.ndarray]:
    network = ToyNetwork()
    return infer_scene(Model(network, TOY_RECIPE, 1.0, RANGE, CPU), scene, coverage, bounds)


@pytest.mark.parametrize("coverage", TURNS)
@settings(max_examples=25, deadline=None)
@given(points=st.integers(1, 60), voxels=st.integers(1, 20), pairs=st.integers(1, 99), seed=st.integers(0, 9))
def test_every_point_has_an_output(coverage: str, points: int, voxels: int, pairs: int, seed: int) -> None:
    scene = cube(points, seed)
    outputs = by_toy(scene, coverage, Bounds(voxels, pairs))
    rows = voxelise(scene.coord, 1.0).max() + 1 if coverage == "single" else points
    assert outputs["logits"].shape == (rows, 3)
    assert outputs["inverse"].shape == (points,)
    assert sorted(set(outputs["inverse"].tolist())) == list(range(rows))
    assert outputs["visits"].min() >= len(TURNS[coverage])
    assert all(np.isfinite(outputs[name]).all() for name in ("logits", "place"))


def test_output_of_a_point_is_its_own() -> None:
    scene = cube(200)
    for bounds in (WIDE, Bounds(7, 30)):
        outputs = by_toy(scene, "fragments", bounds)
        assert outputs["place"] == pytest.approx(scene.coord, abs=1e-5)
    single = by_toy(scene, "single")
    voxel = voxelise(scene.coord, 1.0)
    assert single["inverse"].tolist() == voxel.tolist()
    for number, place in enumerate(single["place"]):
        assert np.abs(scene.coord[voxel == number] - place).max(1).min() < 1e-5


@settings(max_examples=25, deadline=None)
@given(points=st.integers(1, 60), seed=st.integers(0, 9))
def test_voxels_are_shown_as_the_picked_points(points: int, seed: int) -> None:
    scene, network = cube(points, seed), ToyNetwork()
    model = Model(network, TOY_RECIPE, 1.0, RANGE, CPU)
    picked = picked_points(model, scene)
    assert infer_scene(model, scene, "single", Bounds(5, 99))["place"] == pytest.approx(scene.coord[picked], abs=1e-5)
    assert voxelise(scene.coord, 1.0)[picked].tolist() == list(range(len(picked)))


def test_visits_and_halved_crops_by_hand() -> None:
    # Voxels of three, one and two points, from either end: three fragments each turn, of one crop with nine pairs.
    scene = cube(6)
    scene.coord[:] = np.array([[x, 0, 0] for x in (0, 0.1, 0.2, 1.5, 2.8, 2.9)])
    for coverage, turns in (("fragments", 1), ("tta", 4)):
        outputs = by_toy(scene, coverage)
        assert outputs["visits"][:4].tolist() == [turns, turns, turns, 3 * turns]
        assert outputs["visits"][4:].sum() == 3 * turns
        assert outputs["halved_crops"] == 0
    assert by_toy(scene, "single")["visits"].tolist() == [1, 1, 1]
    assert by_toy(scene, "single", Bounds(9, 9))["halved_crops"] == 0
    assert by_toy(scene, "single", Bounds(9, 8))["halved_crops"] == 3
    assert by_toy(scene, "single", Bounds(9, 8))["visits"].tolist() == [1, 1, 1]


def test_turns_change_nothing_where_the_network_does_not_see_them() -> None:
    scene = cube(80)
    scene.coord[:, :2] = np.random.default_rng(1).permutation(np.mgrid[0:16, 0:5].reshape(2, -1).T * 2)
    straight, turned = by_toy(scene, "fragments"), by_toy(scene, "tta")
    assert turned["logits"] == pytest.approx(straight["logits"], abs=1e-4)
    assert turned["visits"].tolist() == (4 * straight["visits"]).tolist()
    assert turned["place"][:, :2] == pytest.approx(0, abs=1e-5)
    assert straight["place"] == pytest.approx(scene.coord)


@pytest.fixture(scope="module")
def network() -> Backbone:
    torch.manual_seed(0)
    return build({**SMALL, "initialisation": "xavier"}, 6, 4).eval()


def test_coverages_of_the_real_network(network: Backbone) -> None:
    scene = cube(900)
    scene.coord /= 3
    found = {
        coverage: infer_scene(Model(network, CLOSED_SET, 0.1, RANGE, CPU), scene, coverage, WIDE)
        for coverage in TURNS
    }
    on_points = {coverage: outputs["logits"][outputs["inverse"]] for coverage, outputs in found.items()}
    assert {logits.shape for logits in on_points.values()} == {(900, 4)}
    assert all(np.isfinite(logits).all() for logits in on_points.values())
    assert np.abs(on_points["fragments"] - on_points["single"]).max() > 0.01
    assert np.abs(on_points["tta"] - on_points["fragments"]).max() > 0.01
    again = infer_scene(Model(network, CLOSED_SET, 0.1, RANGE, CPU), scene, "tta", WIDE)
    assert all(np.array_equal(again[name], value) for name, value in found["tta"].items())


@pytest.fixture
def shown(network: Backbone, monkeypatch: pytest.MonkeyPatch) -> list[tuple[np.ndarray, Any]]:
    """Return where the coordinates and the geometry of each crop are noted."""
    noted: list[tuple[np.ndarray, Any]] = []
    geometry_of = network.geometry

    def geometry(coord: np.ndarray, offset: np.ndarray) -> Any:
        noted.append((coord, geometry_of(coord, offset)))
        return noted[-1][1]

    monkeypatch.setattr(network, "geometry", geometry)
    return noted


def test_single_is_the_network_on_one_point_of_each_voxel(
    network: Backbone, shown: list[tuple[np.ndarray, Any]]
) -> None:
    """The network gets the points in random order, and its rows come back in the order of the voxels."""
    scene = cube(300)
    outputs = infer_scene(Model(network, CLOSED_SET, 1e-4, RANGE, CPU), scene, "single", WIDE)
    ((coord, geometry),) = shown
    point = [int(np.flatnonzero((scene.coord == one).all(1))[0]) for one in coord]
    row = outputs["inverse"][point]
    assert sorted(row) == list(range(300))
    assert abs(np.corrcoef(row, np.arange(300))[0, 1]) < 0.2
    seen = scene.color[point].astype(np.float32) / 255 * 4 - 2  # type: ignore[index]
    feature = np.concatenate([seen, coord - coord.min(0)], 1)
    with torch.no_grad():
        expected = network(torch.from_numpy(feature), geometry).numpy()
    assert outputs["logits"][row] == pytest.approx(expected, abs=1e-4)


def test_real_networks_crops_keep_to_the_bound_on_pairs(
    network: Backbone, shown: list[tuple[np.ndarray, Any]]
) -> None:
    def inferred(pairs: int) -> dict[str, np.ndarray]:
        return infer_scene(Model(network, CLOSED_SET, 1e-4, RANGE, CPU), cube(600), "single", Bounds(600, pairs))

    inferred(WIDE.pairs)
    ((_, geometry),) = shown
    whole, halved = inferred(geometry.pairs), inferred(geometry.pairs - 1)
    assert (whole["halved_crops"], whole["visits"].max()) == (0, 1)
    assert halved["halved_crops"] >= 2
    assert halved["visits"].min() >= 1
    assert np.isfinite(halved["logits"]).all()
