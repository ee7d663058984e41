"""Check each definition of a config by itself: the names it refers to exist, its lists and ranges are consistent."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, Dict, Iterable, Mapping

from openworld3d.plugins import declared, names_in, plugin_names
from openworld3d.workflow.check_protocols import MOST_CLASSES, check_protocol
from openworld3d.workflow.places import ConfigError, KeyPath, Mistake, wrong
from openworld3d.workflow.protocols import INLIER, VOID, classes_of
from openworld3d.workflow.references import refer, refer_all, refer_to
from openworld3d.workflow.schema import KINDS
from openworld3d.workflow.slices import begins_with

Config = Dict[str, Any]


def check_kinds(config: Config) -> None:
    """Check that there is a plug-in for each entry, and a folder for each score; raises ConfigError."""
    for section, kind in KINDS.items():
        for name, entry in config[section].items():
            refer((section, name, kind), entry[kind], plugin_names(section))
    if "outputs" in config["scores"]:
        said = "has outputs, but there lie the outputs of a run; choose another name"
        raise ConfigError(Mistake(("scores",), said, at=("scores", "outputs")))


def check_definitions(config: Config, names: Mapping[str, Iterable[str]]) -> None:
    """Check some datasets, protocols, backbones, recipes and scores; raises a `ConfigError` for the first mistake."""
    for name in names["datasets"]:
        check_dataset(name, config["datasets"][name])
        check_number_of_classes(("datasets", name), classes_of(config, name))
    for name in names["protocols"]:
        check_protocol(config, name)
    for name in names["backbones"]:
        backbone = config["backbones"][name]
        refer(("backbones", name, "environment"), backbone["environment"], environment_names())
        if "num_layers" in backbone:
            check_levels(("backbones", name), backbone)
        if backbone.get("targets") == "cells" and backbone.get("variant", "refined") == "refined":
            said = "is cells, but variant refined says something of each point; choose another variant, or points"
            raise wrong(("backbones", name, "targets"), said, ("backbones", name, "variant"))
    for name in names["recipes"]:
        for key in ("network_of", "start_from"):
            if key in config["recipes"][name]:
                refer_to(config, ("recipes", name, key), (config["recipes"][name][key],), "recipes")
        refer_to(config, ("recipes", name, "backbones"), config["recipes"][name].get("backbones", []), "backbones")
    for name in names["recipes"]:
        check_recipe(config, name)


def check_text(value: Any, path: KeyPath = ()) -> None:
    """Check that each text of a config, names included, can stand in a file's name and on a page."""
    if isinstance(value, str) and ("\0" in value or value != value.encode(errors="ignore").decode()):
        raise wrong(path, f"has {value!r}, expected text without NUL and halves of letters; correct it")
    if isinstance(value, str) and not value.isascii() and sys.getfilesystemencoding() != "utf-8":
        raise wrong(path, f"has {value!r}, but no file has such a name in this locale; set LC_ALL=C.UTF-8")
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        check_text(key, path)
        check_text(inner, (*path, key))


def check_dataset(name: str, dataset: dict[str, Any]) -> None:
    """Check that a dataset has raw scans of one origin, and that its classes are told apart."""
    path, origins = ("datasets", name), [key for key in ("root", "generate") if key in dataset]
    if len(origins) != 1:
        raise wrong(path, "needs either root or generate, and not both", *((*path, key) for key in origins))
    if "classes" in dataset:
        check_raw_ids(path, dataset)
    if dataset.get("groups"):
        check_groups((*path, "groups"), dataset["groups"], list(dataset["classes"]))


def check_raw_ids(path: KeyPath, dataset: dict[str, Any]) -> None:
    """Check that a raw id is of one class or void, that no class is called void, and that the things are classes."""
    for name in (VOID, INLIER):
        if name in dataset["classes"]:
            said = "is a word of protocols, for points of no class; choose another name"
            raise wrong((*path, "classes", name), said)
    class_of: dict[int, str] = dict.fromkeys(dataset.get("void", []), VOID)
    for name, raw_ids in dataset["classes"].items():
        for raw_id in raw_ids:
            if raw_id in class_of:
                raise wrong((*path, "classes", name), f"has {raw_id}, which is {class_of[raw_id]} already")
            class_of[raw_id] = name
    refer_all((*path, "things"), dataset.get("things", []), dataset["classes"])


def check_groups(path: KeyPath, groups: dict[str, list[str]], classes: list[str]) -> None:
    """Check that each class is in one group."""
    group_of: dict[str, str] = {}
    for group, names in groups.items():
        refer_all((*path, group), names, classes)
        for name in names:
            if name in group_of:
                raise wrong((*path, group), f"has {name}, which is in group {group_of[name]} already")
            group_of[name] = group
    missing = [name for name in classes if name not in group_of]
    if missing:
        raise wrong(
            path, f"leaves out {', '.join(missing)}, expected each class in a group, if need be one of its own"
        )


def check_number_of_classes(path: KeyPath, classes: list[str]) -> None:
    """Check that a label can tell the classes from each other and from void."""
    if len(classes) > MOST_CLASSES:
        said = f"has {len(classes)} classes, expected at most {MOST_CLASSES}; join some, or make their raw ids void"
        raise wrong(path, said, (*path, "classes"))


def check_levels(path: KeyPath, backbone: dict[str, Any]) -> None:
    """Check that the per-level lists have one entry for each level and that heads divide channels."""
    for key in ("depths", "channels", "num_heads"):
        if len(backbone[key]) != backbone["num_layers"]:
            raise wrong(
                (*path, key),
                f"has {len(backbone[key])} entries, expected num_layers = {backbone['num_layers']}, one for each "
                "level",
                (*path, "num_layers"),
            )
    for channels, heads in zip(backbone["channels"], backbone["num_heads"]):
        if channels % heads:
            said = f"has {channels}, expected a multiple of its {heads} heads"
            raise wrong((*path, "channels"), said, (*path, "num_heads"))


def check_recipe(config: Config, name: str) -> None:
    """Check that a batch has room for one crop, and that the recipe of another network has one."""
    recipe, path = config["recipes"][name], ("recipes", name)
    if begins_with(config, name) == "train" and recipe["crop_voxels"] > recipe["batch_voxels"]:
        raise wrong(
            (*path, "crop_voxels"),
            f"is {recipe['crop_voxels']}, expected at most batch_voxels = {recipe['batch_voxels']}, so that a batch "
            "holds one crop",
            (*path, "batch_voxels"),
        )
    if "network_of" in recipe:
        check_network(config, name, recipe["network_of"])
    if "start_from" in recipe:
        check_start(config, name)
    if "start_epoch" in recipe:
        check_start_epoch(config, name)


def check_network(config: Config, name: str, other: str) -> None:
    """Check that a recipe can run the networks of another: they are trained, those of an ensemble once per seed."""
    path, begins = ("recipes", name, "network_of"), begins_with(config, other)
    of_other = (("recipes", other, "kind"), ("recipes", other, "pretrained"))
    if begins not in ("train", "import_weights"):
        raise wrong(path, f"says {other}, which trains no network; choose a recipe that does", of_other[0])
    if declared("recipes", config["recipes"][other]["kind"], "TRAINS_ON_UNKNOWN"):
        said = "which is trained on the unknown classes; choose a recipe that is not"
        raise wrong(path, f"says {other}, {said}", of_other[0])
    if begins == "import_weights" and begins_with(config, name) == "ensemble":
        said = "which is one network, trained already; an ensemble joins a training of each seed"
        raise wrong(path, f"says {other}, {said}", of_other[1])


def check_start(config: Config, name: str) -> None:
    """Check that a recipe starts from a network of a kind that it can take, in the end from one that starts anew."""
    recipe, path, passed = config["recipes"][name], ("recipes", name, "start_from"), [name]
    kinds = declared("recipes", recipe["kind"], "STARTS_FROM")
    other = recipe["start_from"]
    found = config["recipes"][other]["kind"]
    if found not in kinds:
        said = f"says {other}, which is of kind {found}, expected a recipe of kind {' or '.join(kinds)}"
        raise wrong(path, said, ("recipes", other, "kind"))
    while "start_from" in config["recipes"][passed[-1]]:
        passed.append(config["recipes"][passed[-1]]["start_from"])
        if passed[-1] in passed[:-1]:
            raise wrong(
                path, f"leads from {' to '.join(passed)}; let one of them start from a recipe that trains anew"
            )


def check_start_epoch(config: Config, name: str) -> None:
    """Check that the network that a recipe starts from is kept after that epoch, and that epochs are left."""
    recipe, path = config["recipes"][name], ("recipes", name, "start_epoch")
    start, other = recipe["start_epoch"], recipe["start_from"]
    epochs = config["recipes"][other].get("epochs", 0)
    kept = {epoch for epoch in (*config["recipes"][other].get("keep_epochs", []), epochs) if 0 < epoch <= epochs}
    if start not in kept:
        found = f"{other} keeps epoch {' and '.join(map(str, sorted(kept)))}" if kept else f"{other} has no epochs"
        of_other = (("recipes", other, key) for key in ("epochs", "keep_epochs"))
        raise wrong(path, f"is {start}, but {found}; add it to recipes.{other}.keep_epochs", *of_other)
    if start >= recipe["epochs"]:
        said = f"is {start}, expected fewer than its epochs = {recipe['epochs']}; raise epochs"
        raise wrong(path, said, ("recipes", name, "epochs"))


def environment_names() -> list[str]:
    """Return the environments that envs/ describes."""
    return names_in(Path("envs"), ".yaml")
