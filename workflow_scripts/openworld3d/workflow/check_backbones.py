"""Check that the methods of a table can be had of its backbones."""

from __future__ import annotations

from typing import Any, Dict, Sequence

from openworld3d.plugins import declared
from openworld3d.workflow.places import ConfigError, Mistake, dotted, wrong
from openworld3d.workflow.protocols import evaluated, network_dataset
from openworld3d.workflow.slices import fits, is_for, network_of

Config = Dict[str, Any]

OF_LAST_LAYER = {"last_weight", "last_bias"}  # of a training sample, where a backbone's last layer is linear


def check_rows(config: Config, table: str) -> None:
    """Check that some recipe of a table is for one of its backbones."""
    chosen = config["tables"][table]
    if not any(backbones_of(config, table, recipe) for recipe in chosen["methods"]):
        said = f"has {', '.join(chosen['methods'])}, none of which is for {' or '.join(chosen['backbones'])}"
        path = ("tables", table, "methods")
        raise wrong(path, f"{said}; add a recipe, or a backbone", ("tables", table, "backbones"))


def check_backbones(config: Config, table: str, recipe: str, scores: Sequence[str]) -> None:
    """Check that a table's backbones have what a recipe drops and its scores are fitted on, and get what they see."""
    check_network_before(config, table, recipe)
    check_paths_drop(config, table, recipe)
    check_gates_drop(config, table, recipe)
    check_last_layer(config, table, recipe, scores)
    check_normals(config, table, recipe)


def backbones_of(config: Config, table: str, recipe: str) -> list[str]:
    """Return the backbones of a table that a recipe is for."""
    return [name for name in config["tables"][table]["backbones"] if is_for(config, recipe, name)]


def check_network_before(config: Config, table: str, recipe: str) -> None:
    """Check that the recipe whose networks another uses is for the same backbones."""
    chosen = config["recipes"][recipe]
    for key in ("start_from", "network_of"):
        for name in backbones_of(config, table, recipe):
            if key in chosen and not is_for(config, chosen[key], name):
                said = f"says {chosen[key]}, which is not for backbones.{name}, as {recipe} is"
                remedy = f"say in its backbones that it is, or in those of {recipe} that it is not"
                raise wrong(("recipes", recipe, key), f"{said}; {remedy}", ("recipes", chosen[key], "backbones"))


def check_paths_drop(config: Config, table: str, recipe: str) -> None:
    """Check that a network run with stochastic depth was trained with it."""
    if not declared("recipes", config["recipes"][recipe]["kind"], "DROPS_PATHS"):
        return
    path = ("tables", table, "methods")
    for name in backbones_of(config, table, recipe):
        backbone, rate = config["backbones"][name], ("backbones", name, "drop_path_rate")
        if "drop_path_rate" not in backbone:
            raise wrong(
                path,
                f"has {recipe}, but backbones.{name} drops no paths, as network {backbone['network']} has none to "
                "drop; take the recipe out, or give it a table with another backbone",
                rate,
            )
        if not backbone["drop_path_rate"]:
            raise wrong(
                path,
                f"has {recipe}, but {dotted(rate)} is 0, so that all passes are alike; raise it, or take the recipe "
                "out",
                rate,
            )


def check_gates_drop(config: Config, table: str, recipe: str) -> None:
    """Check that a network whose gates are dropped has some."""
    network, path = network_of(config, recipe), ("tables", table, "methods")
    if config["recipes"][network].get("where") != "gates":
        return
    for name in backbones_of(config, table, recipe):
        of_backbone = config["backbones"][name]["network"]
        if not declared("backbones", of_backbone, "HAS_GATES"):
            raise wrong(
                path,
                f"has {recipe}, where gates are dropped, but backbones.{name} has none, being of network "
                f"{of_backbone}; let recipes.{network} leave out where, or give it a table with another backbone",
                ("recipes", network, "where"),
            )


def check_last_layer(config: Config, table: str, recipe: str, scores: Sequence[str]) -> None:
    """Check that scores fitted on a linear last layer have one: that of a released Cylinder3D sees cells around."""
    path = ("tables", table, "methods", recipe)
    for name in backbones_of(config, table, recipe):
        variant = config["backbones"][name].get("variant", "refined")
        for number, score in enumerate(scores):
            if variant != "refined" and fits(config, score) & OF_LAST_LAYER:
                said = (
                    f"says {score}, which is fitted on a linear last layer, but that of backbones.{name} is a "
                    f"convolution, its variant being {variant}; take the score out, or give it a table with another "
                    "backbone"
                )
                raise ConfigError(Mistake(path, said, (("backbones", name, "variant"),), (*path, number)))


def check_normals(config: Config, table: str, recipe: str) -> None:
    """Check that the scenes of a network that sees normals have some."""
    for name in backbones_of(config, table, recipe):
        if not config["backbones"][name].get("normals"):
            continue
        for protocol in config["tables"][table]["protocols"]:
            for dataset in (network_dataset(config, protocol), evaluated(config, protocol).dataset):
                if not config["datasets"][dataset].get("normals"):
                    said = f"is true, but datasets.{dataset} has none; give it normals: true, if its layout has it"
                    others = ("datasets", dataset, "normals"), ("protocols", protocol)
                    raise wrong(("backbones", name, "normals"), f"{said}, or take this one out", *others)
