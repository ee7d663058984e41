"""Is the config right? If not, one sentence: the key, the value, and the nearest valid one."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any, Dict, Iterable

import yaml
from jsonschema import Draft202012Validator, ValidationError

from openworld3d.columns import check_columns
from openworld3d.errors import UserError, nearest
from openworld3d.workflow.modules import declared, plugin_names
from openworld3d.workflow.slices import outputs_of, reads, rows_of_table, score_options

Config = Dict[str, Any]


def check_config(config: Config, schema_file: Path) -> None:
    """Raise a `UserError` for the first thing wrong in a config: its form, then the names it refers to."""
    schema = with_keys_of_kinds(yaml.safe_load(schema_file.read_text()))
    errors = sorted(Draft202012Validator(schema).iter_errors(config), key=lambda error: list(map(str, error.path)))
    if errors:
        raise UserError(f"config: {sentence(errors[0])}")
    check_names(config)


def with_keys_of_kinds(schema: Config) -> Config:
    """Return the schema with the keys that recipes of one kind alone have, as the kind's file declares them."""
    recipe = schema["$defs"]["recipe"]
    shared = list(recipe["properties"])
    recipe["allOf"] = []
    for kind in plugin_names("recipes"):
        keys = {**declared("recipes", kind, "TRAINING_KEYS"), **declared("recipes", kind, "INFERENCE_KEYS")}
        recipe["properties"].update(dict.fromkeys(keys, True))
        recipe["then"]["properties"].update(dict.fromkeys(keys, True))
        of_kind = {
            "title": f"a recipe of kind {kind}",
            "additionalProperties": False,
            "properties": {**dict.fromkeys(shared, True), **keys},
            "required": [name for name, key in keys.items() if "default" not in key],
        }
        is_kind = {"required": ["kind"], "properties": {"kind": {"const": kind}}}
        recipe["allOf"].append({"if": is_kind, "then": of_kind})
    return schema


def sentence(error: ValidationError) -> str:
    """Say a schema error as a person would."""
    place = ".".join(map(str, error.absolute_path)) or "the top level"
    if error.validator == "additionalProperties":
        allowed = error.schema["properties"]
        wrong = next(key for key in error.instance if key not in allowed)
        if "title" in error.schema:
            return f"{place} has the key {wrong}, which {error.schema['title']} does not have"
        return f"{place} has the key {wrong}, which does not exist{nearest(wrong, allowed)}"
    if error.validator == "required":
        missing = next(key for key in error.validator_value if key not in error.instance)
        strange = [key for key in error.instance if key not in error.schema.get("properties", error.instance)]
        close = nearest(missing, strange)
        return f"{place} lacks the key {missing}" + close.replace("did you mean", "is it written")
    if error.validator == "enum":
        choices = error.validator_value
        close = nearest(str(error.instance), choices)
        return f"{place} is {error.instance!r}, expected one of {', '.join(choices)}{close}"
    expected = error.schema.get("description")
    return f"{place} is {error.instance!r}, expected {expected}" if expected else f"{place}: {error.message}"


def check_names(config: Config) -> None:
    """Check that every name the config refers to exists."""
    refer("table", config["table"], config["tables"])
    for name, table in config["tables"].items():
        for key in ("protocols", "backbones", "recipes", "scores"):
            refer_all(f"tables.{name}.{key}", table[key], config[key])
    for name, dataset in config["datasets"].items():
        refer(f"datasets.{name}.layout", dataset["layout"], plugin_names("datasets"))
        if ("root" in dataset) == ("generate" in dataset):
            raise UserError(f"config: datasets.{name} needs either root or generate, and not both")
    for name, protocol in config["protocols"].items():
        refer(f"protocols.{name}.dataset", protocol["dataset"], config["datasets"])
        check_classes(f"protocols.{name}.unknown", protocol["unknown"], classes_of(config, protocol["dataset"]))
        shared = sorted(set(protocol["train"]) & set(protocol["evaluate"]))
        if shared:
            raise UserError(f"config: protocols.{name} both trains on and evaluates split {shared[0]}")
    for name, backbone in config["backbones"].items():
        refer(f"backbones.{name}.network", backbone["network"], plugin_names("backbones"))
        refer(f"backbones.{name}.environment", backbone["environment"], environment_names())
        check_levels(f"backbones.{name}", backbone)
        check_range(f"backbones.{name}.appearance_range", backbone["appearance_range"])
    for name, recipe in config["recipes"].items():
        refer(f"recipes.{name}.kind", recipe["kind"], plugin_names("recipes"))
        if "pretrained" not in recipe:
            check_recipe(f"recipes.{name}", recipe)
    for name, score in config["scores"].items():
        refer(f"scores.{name}.kind", score["kind"], plugin_names("scores"))
        check_score(name, score)
    for name, table in config["tables"].items():
        check_pretrained(config, name, table)
        check_rows(config, name, table)
    check_checkpoints(config, config["tables"][config["table"]]["recipes"])
    if "row" in config:
        check_row(config["row"], len(rows_of_table(config, config["table"])))


def check_row(row: int, rows: int) -> None:
    """Check that the wanted table has the row whose provenance is asked for."""
    if row > rows:
        raise UserError(f"config: row is {row}, expected 1 to {rows}, the rows of the table")


def refer_all(place: str, names: Iterable[str], choices: Iterable[str]) -> None:
    """Check a list of names."""
    for name in names:
        refer(place, name, choices)


def refer(place: str, name: str, choices: Iterable[str]) -> None:
    """Check that `name` is one of `choices`."""
    if name not in choices:
        raise UserError(
            f"config: {place} says {name}, which does not exist{nearest(name, choices)}; "
            f"choose of {', '.join(sorted(choices))}"
        )


def check_classes(place: str, names: list[str], classes: list[str]) -> None:
    """Check that every class exists in the dataset and that at least one stays known."""
    for name in names:
        if name not in classes:
            raise UserError(f"config: {place} says {name}, but class {name} does not exist{nearest(name, classes)}")
    if len(set(classes) - set(names)) < 2:
        raise UserError(f"config: {place} leaves fewer than two known classes, expected at least two")


def check_pretrained(config: Config, name: str, table: dict[str, Any]) -> None:
    """Check that networks which are already trained answer the protocols of a table, and are asked once."""
    for recipe in table["recipes"]:
        if "pretrained" not in config["recipes"][recipe]:
            continue
        if len(table["seeds"]) > 1:
            raise UserError(
                f"config: tables.{name}.seeds has {len(table['seeds'])} seeds, but recipe {recipe} is trained "
                "already, and its rows would be equal; give it a table with one seed"
            )
        for protocol in table["protocols"]:
            chosen = config["protocols"][protocol]
            classes = classes_of(config, chosen["dataset"])
            known = [name for name in classes if name not in chosen["unknown"]]
            columns = config["recipes"][recipe].get("pretrained_classes", known)
            place = f"config: recipes.{recipe}.pretrained_classes, asked in protocol {protocol},"
            check_columns(place, columns, classes, chosen["unknown"])


def check_rows(config: Config, name: str, table: dict[str, Any]) -> None:
    """Check that each score of a table reads the outputs of one of its recipes, and those of each recipe are read."""
    wanted = {score: reads(config, score) for score in table["scores"]}
    given = {recipe: outputs_of(config, recipe) for recipe in table["recipes"]}
    for score, read in wanted.items():
        if not any(read <= outputs for outputs in given.values()):
            raise UserError(
                f"config: tables.{name}.scores says {score}, which reads {', '.join(sorted(read))}, but no recipe of "
                "the table puts that out; add such a recipe, or take the score out"
            )
    for recipe, outputs in given.items():
        if not any(read <= outputs for read in wanted.values()):
            raise UserError(
                f"config: tables.{name}.recipes says {recipe}, but no score of the table reads what it puts out: "
                f"{', '.join(sorted(outputs))}; add such a score, or take the recipe out"
            )


def check_checkpoints(config: Config, recipes: Iterable[str]) -> None:
    """Check that the checkpoints of these recipes exist."""
    for name in recipes:
        file = config["recipes"][name].get("pretrained")
        if file is not None and not Path(file).is_file():
            raise UserError(
                f"config: recipes.{name}.pretrained says {file}, but there is no such file; put the checkpoint "
                "there, or correct the path"
            )


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


def check_recipe(place: str, recipe: dict[str, Any]) -> None:
    """Check that a batch has room for one crop."""
    if recipe["crop_voxels"] > recipe["batch_voxels"]:
        raise UserError(
            f"config: {place}.crop_voxels is {recipe['crop_voxels']}, expected at most batch_voxels = "
            f"{recipe['batch_voxels']}, so that a batch holds one crop"
        )


def check_score(name: str, score: dict[str, Any]) -> None:
    """Check that a score's folder is free, and that its options are those of its kind."""
    if name == "outputs":
        raise UserError("config: scores has outputs, but there lie the outputs of a run; choose another name")
    defaults = score_options(score["kind"])
    choices = f"choose of {', '.join(sorted(defaults))}" if defaults else "it has none"
    for option, value in score.items():
        if option == "kind":
            continue
        if option not in defaults:
            raise UserError(
                f"config: scores.{name} has the option {option}, which kind {score['kind']} does not have"
                f"{nearest(option, defaults)}; {choices}"
            )
        check_number(f"scores.{name}.{option}", value, defaults[option])


def check_number(place: str, value: Any, default: float) -> None:
    """Check that an option is a finite number, and a whole one where its default is."""
    whole = isinstance(default, int)
    if isinstance(value, bool) or not isinstance(value, int if whole else (int, float)) or not math.isfinite(value):
        expected = "whole" if whole else "finite"
        raise UserError(f"config: {place} is {value!r}, expected a {expected} number, as its default {default} is")


def classes_of(config: Config, dataset: str) -> list[str]:
    """Return a dataset's classes, read from its layout's file."""
    return declared("datasets", config["datasets"][dataset]["layout"], "CLASSES")


def environment_names() -> list[str]:
    """Return the environments that envs/ describes."""
    return sorted(file.stem for file in Path("envs").glob("*.yaml"))
