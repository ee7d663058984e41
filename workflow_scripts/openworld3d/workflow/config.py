"""Check the config, and report a mistake in one sentence: the key, the value, and the nearest valid one."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any, Dict

import yaml
from jsonschema import Draft202012Validator, ValidationError

from openworld3d.errors import UserError, nearest
from openworld3d.plugins import LIBRARY, declared, module_file, plugin_names, tree_of
from openworld3d.workflow.check_definitions import check_definitions
from openworld3d.workflow.check_tables import check_tables

Config = Dict[str, Any]


def check_config(config: Config, schema_file: Path) -> None:
    """Raise a `UserError` for the first thing wrong in a config: its form, then the names it refers to."""
    schema = with_keys_of_kinds(yaml.safe_load(schema_file.read_text()))
    errors = sorted(Draft202012Validator(schema).iter_errors(config), key=lambda error: list(map(str, error.path)))
    if errors:
        raise UserError(f"config: {sentence(errors[0])}")
    check_definitions(config)
    check_tables(config)


def with_keys_of_kinds(schema: Config) -> Config:
    """Return the schema with the keys that datasets, backbones, scores and recipes declare, and all metrics."""
    add_keys(schema["$defs"]["dataset"], "datasets", "layout")
    add_keys(schema["$defs"]["backbone"], "backbones", "network")
    add_keys(schema["$defs"]["score"], "scores", "kind")
    add_keys_of_recipes(schema)
    schema["$defs"]["table"]["properties"]["metrics"]["items"]["enum"] = metric_names()
    return schema


def metric_names() -> list[str]:
    """Return the names of the rows of the table of metrics, read without importing it."""
    (table,) = (
        node.value
        for node in tree_of(module_file(f"{LIBRARY}.metrics.table")).body
        if isinstance(node, ast.AnnAssign) and ast.unparse(node.target) == "ROWS"
    )
    assert isinstance(table, ast.Tuple)
    return [ast.literal_eval(row.args[0]) for row in table.elts if isinstance(row, ast.Call)]


def add_keys(entry: Config, section: str, kind: str) -> None:
    """Add to an entry of a section the keys that it has beside those of all, by what its key `kind` says."""
    of_all = dict.fromkeys(entry["properties"], True)
    entry["allOf"] = []
    for name in plugin_names(section):
        keys = declared(section, name, "KEYS")
        entry["properties"].update(dict.fromkeys(keys, True))
        of_kind = keys_alone(f"a {section[:-1]} of {kind} {name}", {**of_all, **keys})
        of_kind["required"] = without_default(keys)
        entry["allOf"].append({"if": is_one(kind, name), "then": of_kind})


def without_default(keys: dict[str, Any]) -> list[str]:
    """Return the keys that must be given."""
    return [name for name, key in keys.items() if "default" not in key]


def add_keys_of_recipes(schema: Config) -> None:
    """Add the keys that recipes of each kind have, and those of training and import where the kind trains."""
    recipe, training, pretrained = (schema["$defs"][name] for name in ("recipe", "training", "pretrained"))
    of_network = {**training["properties"], **pretrained["properties"]}
    recipe["properties"].update(of_network)
    recipe["allOf"] = []
    for kind in plugin_names("recipes"):
        keys = {**declared("recipes", kind, "TRAINING_KEYS"), **declared("recipes", kind, "INFERENCE_KEYS")}
        recipe["properties"].update(dict.fromkeys(keys, True))
        of_kind = keys_alone(f"a recipe of kind {kind}", {"kind": True, **keys})
        of_kind["required"] = without_default(keys)
        if declared("recipes", kind, "BEGINS_WITH") == "train":
            of_kind["properties"].update(dict.fromkeys(of_network, True))
            of_kind["if"] = {"required": ["pretrained"]}
            of_kind["then"] = keys_alone(
                "a recipe with pretrained", dict.fromkeys(["kind", *keys, *pretrained["properties"]], True)
            )
            of_kind["else"] = {"required": training["required"]}
        recipe["allOf"].append({"if": is_one("kind", kind), "then": of_kind})


def is_one(key: str, name: str) -> Config:
    """Return the schema of an object whose `key` says `name`."""
    return {"required": [key], "properties": {key: {"const": name}}}


def keys_alone(title: str, keys: dict[str, Any]) -> Config:
    """Return the schema of an object that has some of these keys and no other."""
    return {"title": title, "additionalProperties": False, "properties": keys}


def sentence(error: ValidationError) -> str:
    """Return a schema error as a sentence."""
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
        choices = list(dict.fromkeys(map(str, error.validator_value)))
        close = nearest(str(error.instance), choices)
        return f"{place} is {error.instance!r}, expected one of {', '.join(choices)}{close}"
    expected = error.schema.get("description")
    return f"{place} is {error.instance!r}, expected {expected}" if expected else f"{place}: {error.message}"
