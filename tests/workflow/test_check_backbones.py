"""Mistakes about the backbones of a config, and about which recipes are for which of them, are named."""

from __future__ import annotations

import copy
from typing import Any, Callable

import pytest
from tests.configs import ROOT, check, put
from tests.workflow.test_config import DEFAULT, SMALL

from openworld3d.errors import UserError
from openworld3d.workflow.rows import runs_of_table

CYLINDER: dict[str, Any] = {
    **{key: DEFAULT["backbones"]["stratified_small"][key] for key in ("grid_size", "appearance_range")},
    "network": "cylinder3d",
    "environment": "real_cylinder3d",
    "inference_voxels": 200000,
    "inference_pairs": 200000,
    "cells": [480, 360, 32],
    "radius_range": [0, 50],
    "height_range": [-4, 2],
    "width": 32,
}

TWO = "backbones.cylinder"

CYLINDER_CASES: list[tuple[Callable[[Any], object], str]] = [
    (put(f"{TWO}.depths", [2]), "cylinder has the key depths, which a backbone of network cylinder3d does not have$"),
    (put(f"{SMALL}.cells", [2]), "key cells, which a backbone of network stratified_transformer does not have$"),
    (lambda config: config["backbones"]["cylinder"].pop("cells"), "backbones.cylinder lacks the key cells$"),
    (
        put(f"{TWO}.cells", [480, 360]),
        "cells is \\[480, 360\\], expected cells along radius, angle and height, a list",
    ),
    (put(f"{TWO}.cells", [480, 360, 1]), "cells.2 is 1, expected a whole number from 2"),
    (put(f"{TWO}.radius_range", [50, 0]), "cylinder.radius_range is \\[50, 0\\], expected the lower end first"),
    (put(f"{TWO}.height_range", [2, 2]), "cylinder.height_range is \\[2, 2\\], expected the lower end first"),
    (put("tables.rooms.backbones", ["cylinder"]), "drop_path, but backbones.cylinder drops no paths, as network cyl"),
    (
        put(f"{TWO}.variant", "released"),
        "cylinder.variant is 'released', expected one of refined, as_written, as_released",
    ),
    (put(f"{TWO}.targets", "cells"), "cylinder.targets is cells, but variant refined says something of each point;"),
    (
        put(f"{TWO}.untaught_columns", "all"),
        "cylinder.untaught_columns is 'all', expected one of none, unknown, void_and_unknown",
    ),
    (
        put("recipes.dropout.where", "gates"),
        "methods has dropout, where gates are dropped, but backbones.stratified_small has none, being of network "
        "stratified_transformer; let recipes.dropout leave out where",
    ),
]


@pytest.fixture(autouse=True)
def _in_the_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


@pytest.fixture
def two_networks() -> dict[str, Any]:
    """Return the default config with a backbone of another network beside its own."""
    config = copy.deepcopy(DEFAULT)
    config["backbones"]["cylinder"] = copy.deepcopy(CYLINDER)
    config["tables"]["other"] = {**config["tables"]["rooms"], "backbones": ["cylinder"], "methods": {"real": ["msp"]}}
    return config


def test_backbones_of_two_networks_have_keys_of_their_own(two_networks: dict[str, Any]) -> None:
    check(two_networks)


@pytest.mark.parametrize(("mistake", "sentence"), CYLINDER_CASES)
def test_mistake_about_a_backbone_of_another_network_is_named(
    two_networks: dict[str, Any], mistake: Callable[[Any], object], sentence: str
) -> None:
    mistake(two_networks)
    with pytest.raises(UserError, match=sentence):
        check(two_networks)


POINTS: dict[str, Any] = {
    **{
        key: DEFAULT["backbones"]["stratified_small"][key] for key in ("grid_size", "appearance_range", "environment")
    },
    **{"network": "point_transformer", "inference_voxels": 100000, "inference_pairs": 800000},
    **{"planes": [32, 64, 128, 256, 512], "blocks": [1, 2, 3, 5, 2]},
}

BESIDE = "backbones.points"

FOR_ONE: list[tuple[Callable[[Any], object], str]] = [
    (
        put(f"{BESIDE}.planes", [32, 64]),
        "planes is \\[32, 64\\], expected channels of each level, a list of five multi",
    ),
    (put(f"{BESIDE}.planes", [8, 16, 16, 16, 20]), "points.planes.4 is 20, expected a multiple of 8$"),
    (put(f"{BESIDE}.blocks", [1, 2, 3, 5, 0]), "points.blocks.4 is 0, expected a whole number from 1$"),
    (
        put("recipes.real.backbones", ["point"]),
        "real.backbones says point, which does not exist, did you mean points",
    ),
    (
        put("tables.other", {**DEFAULT["tables"]["rooms"], "methods": {"closed_set_points": ["msp"]}}),
        "other.methods has closed_set_points, none of which is for stratified_small; add a recipe, or a backbone",
    ),
    (
        put("recipes.closed_set.backbones", ["stratified_small"]),
        "real.start_from says closed_set, which is not for backbones.points, as real is; say in its backbones that",
    ),
    (
        put("tables.other.methods.drop_path", ["entropy"]),
        "methods has drop_path, but backbones.points drops no paths, as network point_transformer has none to drop",
    ),
    (put(f"{BESIDE}.normals", True), "points.normals is true, but datasets.rooms has none; give it normals: true"),
    (
        put("recipes.closed_set_points.momentum", 1),
        "momentum is 1, expected a number from 0 and below 1, the momentum",
    ),
]


@pytest.fixture
def beside() -> dict[str, Any]:
    """Return the default config with a table of another backbone that some recipes are for."""
    config = copy.deepcopy(DEFAULT)
    config["backbones"]["points"] = copy.deepcopy(POINTS)
    config["recipes"]["closed_set_points"] = {**config["recipes"]["closed_set"], "backbones": ["points"]}
    methods = {"real": ["msp"], "closed_set_points": ["msp"]}
    config["tables"]["other"] = {**config["tables"]["rooms"], "backbones": ["points"], "methods": methods}
    return config


def test_table_may_leave_out_the_backbone_that_a_recipe_is_for(beside: dict[str, Any]) -> None:
    beside["tables"]["other"]["backbones"] = ["stratified_small"]
    check(beside)
    assert [run["recipe"] for run in runs_of_table(beside, "other")] == ["real"]


def test_recipe_that_drops_paths_may_be_for_the_backbones_that_have_some(beside: dict[str, Any]) -> None:
    check(beside)
    beside["tables"]["rooms"]["backbones"].append("points")
    with pytest.raises(UserError, match=r"but backbones\.points drops no paths"):
        check(beside)
    beside["recipes"]["drop_path"]["backbones"] = ["stratified_small"]
    check(beside)


@pytest.mark.parametrize(("mistake", "sentence"), FOR_ONE)
def test_mistake_about_what_a_recipe_is_for_is_named(
    beside: dict[str, Any], mistake: Callable[[Any], object], sentence: str
) -> None:
    mistake(beside)
    with pytest.raises(UserError, match=sentence):
        check(beside)


def test_released_cylinder_has_gates_and_no_linear_last_layer(two_networks: dict[str, Any]) -> None:
    two_networks["table"] = "other"
    two_networks["backbones"]["cylinder"].update(variant="as_released", targets="cells")
    two_networks["recipes"]["gates"] = {**two_networks["recipes"]["dropout"], "where": "gates"}
    two_networks["tables"]["other"]["methods"] = {"closed_set": ["msp", "knn"], "gates": ["class_variance"]}
    check(two_networks)
    for score in ("react", "vim", "ash"):
        two_networks["tables"]["other"]["methods"]["closed_set"][1] = score
        with pytest.raises(
            UserError,
            match=f"says {score}, which is fitted on a linear last layer, but that of backbones.cylinder is",
        ):
            check(two_networks)
