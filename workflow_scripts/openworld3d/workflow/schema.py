"""The schema of the config with the keys that plug-ins declare, and values as it wants them: whole numbers, paths."""

from __future__ import annotations

import ast
import os
import re
import sys
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any, Dict, Mapping

import yaml

from openworld3d.plugins import LIBRARY, declared, module_file, plugin_names, tree_of
from openworld3d.workflow.places import COMMAND_LINE, Given, KeyPath, wrong

Schema = Dict[str, Any]

SCHEMA_FILE = Path("schemas/config.schema.yaml")
# The key of a section's entries that names a plug-in.
KINDS = {"datasets": "layout", "backbones": "network", "recipes": "kind", "scores": "kind"}
# Of a recipe that starts from another's network, the keys that one with `pretrained` does without.
OF_A_START = {"start_from", "start_epoch"}
# A whole number sizes an array or a loop: one above is a slip, unless its schema has a maximum of its own.
MOST = 1000000
# To YAML a number with a zero before it is octal, and one with colons of base 60.
OTHER_BASE = re.compile(r"[-+]?0[0-9_]+|[-+]?[0-9][0-9_]*(:[0-9]+)+(\.[0-9_]*)?")


@lru_cache(maxsize=None)
def read_schema(file: Path) -> Schema:
    """Return the schema with the keys that datasets, backbones, scores and recipes declare, and all metrics."""
    schema = yaml.safe_load(file.read_text(encoding="utf-8"))
    for section in ("datasets", "backbones", "scores"):
        add_keys(definition_of(schema, section), section)
    add_keys_of_recipes(schema)
    schema["$defs"]["table"]["properties"]["metrics"]["items"]["enum"] = metric_names()
    return bounded(schema)


def bounded(schema: Any) -> Any:
    """Return a schema in which every whole number has a maximum."""
    if isinstance(schema, list):
        return [bounded(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    most = {"maximum": MOST} if schema.get("type") == "integer" else {}
    return {**most, **{name: bounded(part) for name, part in schema.items()}}


def sections_of(schema: Schema) -> list[str]:
    """Return the top-level keys that hold entries by name."""
    return [name for name, key in schema["properties"].items() if isinstance(key.get("additionalProperties"), dict)]


def definition_of(schema: Schema, section: str) -> Schema:
    """Return the definition of the entries of a section."""
    return named(schema["properties"][section]["additionalProperties"], schema["$defs"])


def named(schema: Schema, definitions: Schema) -> Schema:
    """Return the definition that a schema refers to, or itself where it refers to none."""
    return definitions[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema


def metric_names() -> list[str]:
    """Return the names of the rows of the table of metrics, read without importing it."""
    (table,) = (
        node.value
        for node in tree_of(module_file(f"{LIBRARY}.metrics.table")).body
        if isinstance(node, ast.AnnAssign) and ast.unparse(node.target) == "ROWS"
    )
    assert isinstance(table, ast.Tuple)
    return [ast.literal_eval(row.args[0]) for row in table.elts if isinstance(row, ast.Call)]


def add_keys(entry: Schema, section: str) -> None:
    """Add to an entry of a section the keys that it has beside those of all, by its kind."""
    of_all = dict.fromkeys(entry["properties"], True)
    entry["allOf"] = []
    for name in plugin_names(section):
        keys = declared(section, name, "KEYS")
        entry["properties"].update(dict.fromkeys(keys, True))
        of_kind = keys_alone(f"a {section[:-1]} of {KINDS[section]} {name}", {**of_all, **keys})
        of_kind["required"] = without_default(keys)
        entry["allOf"].append({"if": is_one(KINDS[section], name), "then": of_kind})


def without_default(keys: dict[str, Any]) -> list[str]:
    """Return the keys that must be given."""
    return [name for name, key in keys.items() if "default" not in key]


def add_keys_of_recipes(schema: Schema) -> None:
    """Add the keys that recipes of each kind have, and those of training and import where the kind trains."""
    recipe, training, pretrained = (schema["$defs"][name] for name in ("recipe", "training", "pretrained"))
    of_network = {**training["properties"], **pretrained["properties"]}
    of_all = dict.fromkeys(recipe["properties"], True)
    recipe["properties"].update(of_network)
    recipe["allOf"] = []
    for kind in plugin_names("recipes"):
        keys = {**declared("recipes", kind, "TRAINING_KEYS"), **declared("recipes", kind, "INFERENCE_KEYS")}
        keys = {name: with_role(key) for name, key in keys.items()}
        recipe["properties"].update(dict.fromkeys(keys, True))
        of_kind = keys_alone(f"a recipe of kind {kind}", {**of_all, **keys})
        if declared("recipes", kind, "BEGINS_WITH") == "train":
            shaping = {name: keys[name] for name in keys_of_pretrained(kind)}
            of_kind["properties"].update(dict.fromkeys(of_network, True))
            of_kind["if"] = {"required": ["pretrained"]}
            of_kind["then"] = keys_alone(
                "a recipe with pretrained", dict.fromkeys([*of_all, *shaping, *pretrained["properties"]], True)
            )
            of_kind["then"]["required"] = without_default(shaping)
            of_kind["else"] = {"required": [*without_default(keys), *training["required"]]}
        else:
            of_kind["required"] = without_default(keys)
        recipe["allOf"].append({"if": is_one("kind", kind), "then": of_kind})


def keys_of_pretrained(kind: str) -> list[str]:
    """Return the keys of a kind of recipe that one with `pretrained` has: those of its network, and of inference."""
    keys, shaping = (declared("recipes", kind, name) for name in ("TRAINING_KEYS", "PRETRAINED_KEYS"))
    if shaping is None:
        shaping = [name for name in keys if name not in OF_A_START]
    return [*shaping, *declared("recipes", kind, "INFERENCE_KEYS")]


def with_role(key: Schema) -> Schema:
    """Return a key's schema; what has the role of a folder is a path."""
    return {**key, "format": "path"} if key.get("role") == "folder" else key


def is_one(key: str, name: str) -> Schema:
    """Return the schema of an object whose `key` says `name`."""
    return {"required": [key], "properties": {key: {"const": name}}}


def keys_alone(title: str, keys: dict[str, Any]) -> Schema:
    """Return the schema of an object that has some of these keys and no other."""
    return {"title": title, "additionalProperties": False, "properties": keys}


def keys_to_inherit(definition: Schema, entry: Mapping[str, Any], other: Mapping[str, Any]) -> set[str]:
    """Return the keys of another entry that an entry takes where it extends that: those that its own kind has."""
    properties = definition["properties"]
    keys = {name for name in other if name in properties and is_inherited(properties[name])}
    for of_kind in of_its_kind(definition, {**{name: other[name] for name in keys}, **entry}):
        is_replaced = "if" in of_kind and all(key in entry for key in of_kind["if"]["required"])
        keys &= set((of_kind["then"] if is_replaced else of_kind)["properties"])
    return keys


def is_inherited(key: Schema | bool) -> bool:
    """Tell whether a key goes from an entry to those that extend it."""
    return not isinstance(key, dict) or key.get("inherited", True)


def of_its_kind(definition: Schema, entry: Mapping[str, Any]) -> list[Schema]:
    """Return what the schema says of entries of the same kind as one."""
    return [
        branch["then"]
        for branch in definition.get("allOf", [])
        if all(entry.get(key) == said["const"] for key, said in branch["if"]["properties"].items())
    ]


def fitted(given: Given, schema: Schema) -> Given:
    """Return the config with each value as the schema wants it, if it means that.

    14.0 is a whole number where one is expected; ~ and $NAME in a path are what the shell makes of them; from the
    command line all text is read as what is expected. Raises ConfigError for 010, which is 8 to YAML.
    """
    return fit(given, schema, schema["$defs"], ())


def fit(given: Given, schema: Schema | bool | None, definitions: Schema, path: KeyPath) -> Given:
    """Return the value at a path as its own schema wants it."""
    if not isinstance(schema, dict):
        return given
    if "$ref" in schema:
        return fit(given, named(schema, definitions), definitions, path)
    if isinstance(given.value, dict):
        of_keys = [schema, *(of_its_kind(schema, given.plain()) if "allOf" in schema else [])]
        entries = {
            name: fit(one, schema_of_key(name, of_keys), definitions, (*path, name))
            for name, one in given.value.items()
        }
        return replace(given, value=entries)
    if isinstance(given.value, list):
        items = [fit(one, schema.get("items"), definitions, (*path, n)) for n, one in enumerate(given.value)]
        return replace(given, value=items)
    if schema.get("type") in ("integer", "number") and is_number(given.value) and OTHER_BASE.fullmatch(given.text):
        raise wrong(path, f"is {given.text}, which is {given.value} to YAML; write {given.value}, or what is meant")
    return replace(given, value=scalar(given, schema))


def is_number(value: Any) -> bool:
    """Tell whether a value is a number that float64 holds; infinite ones and NaN would pass any minimum."""
    is_some = isinstance(value, (int, float)) and not isinstance(value, bool)
    return is_some and abs(value) <= sys.float_info.max


def schema_of_key(name: str, of_keys: list[Schema]) -> Schema | bool | None:
    """Return the schema of a key; True in the place of one says that the schema of a kind has it."""
    found = [said["properties"][name] for said in of_keys if name in said.get("properties", {})]
    return next((said for said in found if isinstance(said, dict)), of_keys[0].get("additionalProperties"))


def scalar(given: Given, schema: Schema) -> Any:
    """Return a scalar as its schema wants it."""
    value, kind = given.value, schema.get("type")
    if given.place.file == COMMAND_LINE:
        value = from_command_line(value, kind)
    if kind == "integer" and isinstance(value, float) and value.is_integer():
        return int(value)
    if schema.get("format") == "path" and isinstance(value, str):
        return os.path.expandvars(os.path.expanduser(value))  # noqa: PTH111
    return value


def from_command_line(value: Any, kind: str | None) -> Any:
    """Return what a text of the command line says where a kind of value is expected."""
    if kind == "string" and isinstance(value, (int, float)):
        return str(value)
    if kind == "boolean" and isinstance(value, str):
        return yaml.SafeLoader.bool_values.get(value.lower(), value)
    if kind in ("integer", "number") and isinstance(value, str):
        for read in (int, float):
            try:
                return read(value)
            except ValueError:
                continue
    return value
