"""Check each definition of a config by itself: the names it refers to exist, its lists and ranges are consistent."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any, Dict, Iterable

from openworld3d.errors import UserError, nearest
from openworld3d.plugins import declared, plugin_names
from openworld3d.workflow.slices import begins_with, classes_of

Config = Dict[str, Any]

RANGES = ("appearance_range", "radius_range", "height_range")


def check_definitions(config: Config) -> None:
    """Check datasets, protocols, backbones, recipes and scores; raises a `UserError` for the first mistake."""
    for name, dataset in config["datasets"].items():
        refer(f"datasets.{name}.layout", dataset["layout"], plugin_names("datasets"))
        if ("root" in dataset) == ("generate" in dataset):
            raise UserError(f"config: datasets.{name} needs either root or generate, and not both")
        if "classes" in dataset:
            check_raw_ids(f"datasets.{name}", dataset)
    for name, protocol in config["protocols"].items():
        refer(f"protocols.{name}.dataset", protocol["dataset"], config["datasets"])
        check_classes(f"protocols.{name}.unknown", protocol["unknown"], classes_of(config, protocol["dataset"]))
        for role in ("train", "evaluate"):
            if "splits" in config["datasets"][protocol["dataset"]]:
                refer_all(
                    f"protocols.{name}.{role}", protocol[role], config["datasets"][protocol["dataset"]]["splits"]
                )
        shared = sorted(set(protocol["train"]) & set(protocol["evaluate"]))
        if shared:
            raise UserError(f"config: protocols.{name} both trains on and evaluates split {shared[0]}")
    for name, backbone in config["backbones"].items():
        refer(f"backbones.{name}.network", backbone["network"], plugin_names("backbones"))
        refer(f"backbones.{name}.environment", backbone["environment"], environment_names())
        if "num_layers" in backbone:
            check_levels(f"backbones.{name}", backbone)
        for key in RANGES:
            if key in backbone:
                check_range(f"backbones.{name}.{key}", backbone[key])
    for name, recipe in config["recipes"].items():
        refer(f"recipes.{name}.kind", recipe["kind"], plugin_names("recipes"))
    for name in config["recipes"]:
        check_recipe(config, name)
    for name, score in config["scores"].items():
        refer(f"scores.{name}.kind", score["kind"], plugin_names("scores"))
        check_score(name, score)


def check_raw_ids(place: str, dataset: dict[str, Any]) -> None:
    """Check that a raw id is of one class or void, and that the things are classes."""
    class_of: dict[int, str] = dict.fromkeys(dataset.get("void", []), "void")
    for name, raw_ids in dataset["classes"].items():
        for raw_id in raw_ids:
            if raw_id in class_of:
                raise UserError(f"config: {place}.classes.{name} has {raw_id}, which is {class_of[raw_id]} already")
            class_of[raw_id] = name
    refer_all(f"{place}.things", dataset.get("things", []), dataset["classes"])


def refer_all(place: str, names: Iterable[str], choices: Iterable[str]) -> None:
    """Check a list of names."""
    for name in names:
        refer(place, name, choices)


def refer(place: str, name: str, choices: Iterable[str]) -> None:
    """Check that `name` is one of `choices`."""
    if name not in choices:
        raise UserError(
            f"config: {place} says {name}, which does not exist{nearest(name, choices)}; "
            f"choose one of {', '.join(sorted(choices))}"
        )


def check_classes(place: str, names: list[str], classes: list[str]) -> None:
    """Check that every class exists in the dataset and that at least one stays known."""
    for name in names:
        if name not in classes:
            raise UserError(f"config: {place} says {name}, but class {name} does not exist{nearest(name, classes)}")
    if len(set(classes) - set(names)) < 2:
        raise UserError(f"config: {place} leaves fewer than two known classes, expected at least two")


def check_levels(place: str, backbone: dict[str, Any]) -> None:
    """Check that the per-level lists have one entry for each level and that heads divide channels."""
    for key in ("depths", "channels", "num_heads"):
        if len(backbone[key]) != backbone["num_layers"]:
            raise UserError(
                f"config: {place}.{key} has {len(backbone[key])} entries, expected num_layers = "
                f"{backbone['num_layers']}, one for each level"
            )
    for channels, heads in zip(backbone["channels"], backbone["num_heads"]):
        if channels % heads:
            raise UserError(f"config: {place}.channels has {channels}, expected a multiple of its {heads} heads")


def check_range(place: str, ends: list[float]) -> None:
    """Check that a range has its lower end first."""
    if ends[0] >= ends[1]:
        raise UserError(f"config: {place} is {ends}, expected the lower end first")


def check_recipe(config: Config, name: str) -> None:
    """Check that a batch has room for one crop, and that the recipe of another network has one."""
    recipe, place = config["recipes"][name], f"config: recipes.{name}"
    if begins_with(config, name) == "train" and recipe["crop_voxels"] > recipe["batch_voxels"]:
        raise UserError(
            f"{place}.crop_voxels is {recipe['crop_voxels']}, expected at most batch_voxels = "
            f"{recipe['batch_voxels']}, so that a batch holds one crop"
        )
    if "network_of" in recipe:
        refer(f"recipes.{name}.network_of", recipe["network_of"], config["recipes"])
        check_network(config, name, recipe["network_of"])
    if "start_from" in recipe:
        refer(f"recipes.{name}.start_from", recipe["start_from"], config["recipes"])
        check_start(config, name)
    if "start_epoch" in recipe:
        check_start_epoch(config, name)


def check_network(config: Config, name: str, other: str) -> None:
    """Check that a recipe can run the networks of another: they are trained, those of an ensemble once per seed."""
    place, begins = f"config: recipes.{name}.network_of says {other}", begins_with(config, other)
    if begins not in ("train", "import_weights"):
        raise UserError(f"{place}, which trains no network; choose a recipe that does")
    if declared("recipes", config["recipes"][other]["kind"], "TRAINS_ON_UNKNOWN"):
        raise UserError(f"{place}, which is trained on the unknown classes; choose a recipe that is not")
    if begins == "import_weights" and begins_with(config, name) == "ensemble":
        raise UserError(f"{place}, which is one network, trained already; an ensemble joins a training of each seed")


def check_start(config: Config, name: str) -> None:
    """Check that a recipe starts from a network of a kind that it can take, in the end from one that starts anew."""
    recipe, passed = config["recipes"][name], [name]
    kinds = declared("recipes", recipe["kind"], "STARTS_FROM")
    other = recipe["start_from"]
    found = config["recipes"][other]["kind"]
    if found not in kinds:
        raise UserError(
            f"config: recipes.{name}.start_from says {other}, which is of kind {found}, expected a recipe of kind "
            f"{' or '.join(kinds)}"
        )
    while "start_from" in config["recipes"][passed[-1]]:
        passed.append(config["recipes"][passed[-1]]["start_from"])
        if passed[-1] in passed[:-1]:
            raise UserError(
                f"config: recipes.{name}.start_from leads from {' to '.join(passed)}; let one of them start from a "
                "recipe that trains anew"
            )


def check_start_epoch(config: Config, name: str) -> None:
    """Check that the network that a recipe starts from is kept after that epoch, and that epochs are left."""
    recipe, place = config["recipes"][name], f"config: recipes.{name}.start_epoch"
    start, other = recipe["start_epoch"], recipe["start_from"]
    epochs = config["recipes"][other].get("epochs", 0)
    kept = {epoch for epoch in (*config["recipes"][other].get("keep_epochs", []), epochs) if 0 < epoch <= epochs}
    if start not in kept:
        found = f"{other} keeps epoch {' and '.join(map(str, sorted(kept)))}" if kept else f"{other} has no epochs"
        raise UserError(f"{place} is {start}, but {found}; add it to recipes.{other}.keep_epochs")
    if start >= recipe["epochs"]:
        raise UserError(f"{place} is {start}, expected fewer than its epochs = {recipe['epochs']}; raise epochs")


def check_score(name: str, score: dict[str, Any]) -> None:
    """Check that a score's folder is free, and that its options are finite, which a schema cannot say."""
    if name == "outputs":
        raise UserError("config: scores has outputs, but there lie the outputs of a run; choose another name")
    for option, value in score.items():
        if isinstance(value, float) and not math.isfinite(value):
            raise UserError(f"config: scores.{name}.{option} is {value}, expected a finite number; correct it")


def environment_names() -> list[str]:
    """Return the environments that envs/ describes."""
    return sorted(file.stem for file in Path("envs").glob("*.yaml"))
