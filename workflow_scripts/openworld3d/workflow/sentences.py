"""Compare a config with its schema, and say of each mistake what was found, what was expected and what to write."""

from __future__ import annotations

import math
import re
from collections import defaultdict
from difflib import SequenceMatcher
from typing import Any, Collection, Iterable, Iterator, Mapping

import yaml
from jsonschema import Draft202012Validator, ValidationError
from jsonschema.validators import extend

from openworld3d.errors import nearest
from openworld3d.workflow.merging import EXTENDS
from openworld3d.workflow.places import Given, KeyPath, Mistake
from openworld3d.workflow.reading import shortened, taken_for
from openworld3d.workflow.schema import KINDS, Schema, is_number, named, sections_of

Config = Mapping[str, Any]
Names = Mapping[str, Collection[str]]

ALIKE = 0.75  # of a missing key and an unknown one that is taken for it
ABOUT_KEYS = ("additionalProperties", "required", "dependentRequired")
# What a value is to be where its schema has no description.
FORMS = {
    "array": "a list",
    "boolean": "true or false",
    "integer": "a whole number",
    "number": "a number",
    "object": "keys with values",
    "string": "text",
}
LIMITS = {"minimum": "from", "exclusiveMinimum": "above", "maximum": "to", "exclusiveMaximum": "below"}


def lower_end_first(validator: Any, ends: str, value: Any, schema: Schema) -> Iterator[ValidationError]:
    """Check the keyword `ends` of a range: the lower end comes first, and where it is `apart` the two differ."""
    if not isinstance(value, list) or len(value) != 2 or not all(validator.is_type(end, "number") for end in value):
        return
    if value[0] > value[1] or (ends == "apart" and value[0] == value[1]):
        yield ValidationError("the lower end comes first")


# A number, and of one that YAML takes for text its parts: 1e-3 has no point, 1.0e3 no sign.
NUMBER = re.compile(r"([-+]?[0-9]+)(\.[0-9]*)?(?:[eE]([-+]?[0-9]+))?")
JSON_TYPES = Draft202012Validator.TYPE_CHECKER
TYPES = {
    "integer": lambda checker, value: JSON_TYPES.is_type(value, "integer") and is_number(value),
    "number": lambda checker, value: is_number(value),
}
Validator = extend(Draft202012Validator, {"ends": lower_end_first}, type_checker=JSON_TYPES.redefine_many(TYPES))


def mistakes_of_form(config: Config, given: Given, schema: Schema, reached: Names) -> list[Mistake]:
    """Return what is wrong with a config's keys and values, each by itself, in the order of their places.

    given: the config with its places. An entry that is not reached may lack keys, but for its kind, and have keys of
    another kind: it may be there for others to extend.
    """
    errors: dict[KeyPath, list[ValidationError]] = defaultdict(list)
    for error in Validator(schema).iter_errors(config):
        errors[tuple(error.absolute_path)].append(error)
    entries, found = sections_of(schema), []
    for path in sorted(errors, key=lambda path: [str(step) for step in path]):
        is_reached = len(path) < 2 or path[0] not in entries or path[1] in reached.get(path[0], ())
        about_value = [error for error in errors[path] if error.validator not in ABOUT_KEYS]
        if about_value:
            # A value of the wrong type breaks other rules too, and one of several names is said with them.
            first = min(about_value, key=lambda error: (error.validator != "enum", error.validator != "type"))
            found.append(about(path, first, given, schema["$defs"]))
        of_keys = [error for error in errors[path] if error.validator in ABOUT_KEYS]
        found += about_keys(path, of_keys, given, is_reached)
    return where_written(found, given)


def where_written(mistakes: list[Mistake], given: Given) -> list[Mistake]:
    """Return mistakes without those that an entry inherits and that are there where they are written too."""

    def is_inherited(mistake: Mistake) -> bool:
        own = given.at(mistake.path[:3])
        return own is not None and own.inherited

    def what(mistake: Mistake) -> tuple[Any, ...]:
        return given.place_of(mistake.path), mistake.path[-1:], mistake.said

    written = {what(mistake) for mistake in mistakes if not is_inherited(mistake)}
    return [mistake for mistake in mistakes if not is_inherited(mistake) or what(mistake) not in written]


def about_keys(path: KeyPath, errors: list[ValidationError], given: Given, is_reached: bool) -> Iterator[Mistake]:
    """Yield what is wrong with the keys of a mapping: some do not exist, are of another kind, or are missing."""
    kind = KINDS.get(path[0]) if len(path) == 2 else None
    unknown = unknown_keys(errors, [EXTENDS] if len(path) == 2 else [])
    if unknown:
        said = f"has {keys(unknown)}, which {'does' if len(unknown) == 1 else 'do'} not exist"
        yield Mistake(path, f"{said}{meant(unknown)}", at=(*path, *list(unknown)[:1]))
    for title, strange in foreign_keys(errors).items():
        others = [key for key in strange if key not in unknown]
        if others and is_reached:
            decides = (*path, "pretrained" if title.endswith(" pretrained") else kind)
            yield Mistake(path, f"has {keys(others)}, which {title} does not have", (decides,), (*path, others[0]))
    for key, needed in needed_keys(errors).items():
        yield Mistake(path, f"has the key {key}, which needs {keys(needed)} beside it; write it too", at=(*path, key))
        return
    misspelt = {close for key, close in unknown.items() if SequenceMatcher(None, key, close).ratio() >= ALIKE}
    missing = [key for key in missing_keys(errors) if key not in misspelt and (is_reached or key == kind)]
    gone = [key for key in missing if given.at((*path, key))]
    for key in gone:
        yield Mistake((*path, key), "has no value, which takes the key away, but it is needed; write one")
    absent = [key for key in missing if key not in gone]
    if absent:
        more = f"; write them, or let it extend another of `{path[0]}`" if kind and len(absent) > 2 else ""
        yield Mistake(path, f"lacks {keys(absent)}{more}")


def unknown_keys(errors: list[ValidationError], more: list[str]) -> dict[str, str]:
    """Return the keys that do not exist, each with the nearest that does, or an empty string."""
    return {
        key: nearest(key, [*error.schema["properties"], *more]).replace(", did you mean ", "")
        for error in errors
        if error.validator == "additionalProperties" and "title" not in error.schema
        for key in error.instance
        if key not in error.schema["properties"]
    }


def meant(unknown: dict[str, str]) -> str:
    """Return which keys unknown ones may stand for: `, did you mean epochs`, of several `epochs for epoks`."""
    found = [close if len(unknown) == 1 else f"{close} for {key}" for key, close in unknown.items() if close]
    return f", did you mean {', '.join(found)}" if found else ""


def foreign_keys(errors: list[ValidationError]) -> dict[str, list[str]]:
    """Return the keys that entries of this kind do not have, by what the schema calls such entries."""
    return {
        error.schema["title"]: [key for key in error.instance if key not in error.schema["properties"]]
        for error in errors
        if error.validator == "additionalProperties" and "title" in error.schema
    }


def needed_keys(errors: list[ValidationError]) -> dict[str, list[str]]:
    """Return the keys that are missing because of another, by that."""
    return {
        key: [one for one in needed if one not in error.instance]
        for error in errors
        if error.validator == "dependentRequired"
        for key, needed in error.validator_value.items()
        if key in error.instance
    }


def missing_keys(errors: list[ValidationError]) -> list[str]:
    """Return the keys that are missing."""
    required = [key for error in errors if error.validator == "required" for key in error.validator_value]
    return [key for key in dict.fromkeys(required) if key not in errors[0].instance]


def keys(names: Iterable[str]) -> str:
    """Return keys as a sentence lists them."""
    *most, last = names
    return f"the keys {', '.join(most)} and {last}" if most else f"the key {last}"


def about(path: KeyPath, error: ValidationError, given: Given, definitions: Schema) -> Mistake:
    """Return what is wrong with a value."""
    value, rule, schema = error.instance, error.validator, error.schema
    written = given.at(path)
    text = (written.text if written else "") or str(value)
    found = repr(value) if isinstance(value, (str, list, dict)) else shortened(text)
    expected = expectation(schema) or error.message
    if "propertyNames" in error.absolute_schema_path:
        return Mistake(path, f"has the name {found}, expected {expected}", at=(*path, value))
    if value is None:
        return Mistake(path, f"has no value, expected {expected}; write one, or leave it out")
    if rule == "enum":
        choices = list(dict.fromkeys(map(str, error.validator_value)))
        return Mistake(path, f"is {found}, expected one of {', '.join(choices)}{nearest(text, choices)}")
    if rule == "ends":
        return Mistake(path, f"is {found}, expected the lower end first")
    if rule == "uniqueItems":
        twice = next(item for number, item in enumerate(value) if item in value[:number])
        return Mistake(path, f"has {twice} twice, expected each once; delete one")
    if schema.get("type") in ("integer", "number") and is_beyond(value):
        return Mistake(path, f"is {found}, expected a finite number")
    is_any_length = schema.get("minItems", 1) == 1
    item = named(schema.get("items", {}), definitions).get("type", "") if is_any_length else ""
    said = instead(value, text, schema["type"], item) if rule == "type" else ("", "")
    if rule == "maximum" and str(error.validator_value) not in expected:
        expected = f"at most {error.validator_value}: {expected}"
    return Mistake(path, f"is {found}{said[0]}, expected {expected}{said[1]}")


def is_beyond(value: Any) -> bool:
    """Tell whether a value is a number, or text that reads like one, and not finite."""
    if isinstance(value, str):
        return NUMBER.fullmatch(value) is not None and math.isinf(float(value))
    return isinstance(value, (int, float)) and not isinstance(value, bool) and not is_number(value)


def expectation(schema: Schema) -> str:
    """Return what a schema expects: its description, after the form of a value where the description has none."""
    form, said = FORMS.get(schema.get("type", ""), ""), schema.get("description", "")
    if said and (schema.get("type") not in ("boolean", "object") or form.split()[0] in said):
        return said
    form += "".join(f" {word} {schema[limit]}" for limit, word in LIMITS.items() if limit in schema)
    return ": ".join(part for part in (form, said) if part)


def instead(value: Any, text: str, kind: str, item: str) -> tuple[str, str]:
    """Return what YAML takes a value of a wrong type for, and what to write instead, each as far as it helps.

    item: the type of the items where a list of one or more is expected.
    """
    is_one = not isinstance(value, (list, dict))
    if kind == "string" and is_one:
        return f", which is {taken_for(value)} to YAML", f'; write "{text}" in quotes'
    if kind == "array" and is_one:
        parts = [part if item != "string" or isinstance(value, str) else f'"{part}"' for part in text.split(",")]
        fits = item == "string" or (item and all(NUMBER.fullmatch(part.strip()) for part in parts))
        return "", f"; write [{','.join(parts)}]" if fits else ""
    if kind != "object" and isinstance(value, list) and len(value) == 1:
        return "", f"; write {value[0]}"
    if isinstance(value, str) and read_as(value, kind):
        return ", which is text to YAML", f"; write {read_as(value, kind)}"
    return "", ""


def read_as(text: str, kind: str) -> str:
    """Return how YAML has a number or a truth value that is written as text, an empty string where it is none."""
    if kind == "boolean":
        truth = yaml.SafeLoader.bool_values.get(text.lower())
        return "" if truth is None else str(truth).lower()
    number = NUMBER.fullmatch(text.strip())
    if kind not in ("integer", "number") or number is None:
        return ""
    whole, fraction, exponent = number.groups()
    if not exponent:
        return whole + (fraction or "")
    return f"{whole}{fraction or '.0'}e{exponent if exponent[0] in '+-' else '+' + exponent}"
