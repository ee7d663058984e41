"""Merge the files of the config, and give each entry that `extends` another the keys of that one."""

from __future__ import annotations

from dataclasses import replace
from functools import reduce
from typing import Iterator

from openworld3d.errors import nearest
from openworld3d.workflow.places import ConfigError, Given, KeyPath, Mistake, wrong
from openworld3d.workflow.schema import Schema, definition_of, keys_to_inherit, sections_of

EXTENDS = "extends"


def merged(layers: list[Given]) -> Given:
    """Return the first file with all others over it, one after the other."""
    return replace(reduce(over, layers), place=layers[0].place)


def over(earlier: Given, later: Given) -> Given:
    """Return a value with that of a later file over it: key by key, and what has no keys takes its place."""
    if not isinstance(earlier.value, dict) or not isinstance(later.value, dict):
        return replace(later, before=earlier)
    both = {name: over(one, later.value[name]) for name, one in earlier.value.items() if name in later.value}
    return replace(later, value={**earlier.value, **later.value, **both})


def with_inherited(config: Given, schema: Schema) -> Given:
    """Return a config in which no entry extends another: each has the other's keys below its own.

    Of the other's keys it takes those that its own kind has, but not a checkpoint, which is the other's result.
    Raises ConfigError.
    """
    found = dict(config.value)
    for section in sections_of(schema):
        entries = config.value.get(section)
        if entries is not None and isinstance(entries.value, dict):
            done: dict[str, Given] = {}
            resolved = {name: inherited(entries.value, section, (name,), schema, done) for name in entries.value}
            found[section] = replace(entries, value=resolved)
    return replace(config, value=found)


def inherited(
    entries: dict[str, Given], section: str, way: tuple[str, ...], schema: Schema, done: dict[str, Given]
) -> Given:
    """Return the last entry of a way from one that extends another to that other, with the keys that it inherits.

    done: the entries that are known with what they inherit, to which it is added.
    """
    if way[-1] not in done:
        done[way[-1]] = with_those_of_other(entries, section, way, schema, done)
    return done[way[-1]]


def with_those_of_other(
    entries: dict[str, Given], section: str, way: tuple[str, ...], schema: Schema, done: dict[str, Given]
) -> Given:
    """Return the last entry of a way with the keys that it inherits, as `inherited` does, which keeps it."""
    entry = entries[way[-1]]
    extends = entry.value.get(EXTENDS) if isinstance(entry.value, dict) else None
    if extends is None or (extends.value is None and extends.before is None):
        return entry
    own = {name: one for name, one in entry.value.items() if name != EXTENDS}
    if extends.value is None:
        return replace(entry, value=own)
    other = extended(entries, section, way, extends.plain())
    parent = inherited(entries, section, (*way, other), schema, done)
    if not isinstance(parent.value, dict):
        return replace(entry, value=own)
    below = {name: replace(one, before=parent.value.get(name, one.before)) for name, one in own.items()}
    values = {name: one.plain() for name, one in parent.value.items()}
    keys = keys_to_inherit(definition_of(schema, section), replace(entry, value=below).plain(), values)
    above = {name: replace(one, inherited=True) for name, one in parent.value.items() if name in keys}
    return replace(entry, value={**above, **below})


def extended(entries: dict[str, Given], section: str, way: tuple[str, ...], other: object) -> str:
    """Return the name that an entry extends; raises ConfigError for one that does not exist or leads back."""
    path = (section, way[-1], EXTENDS)
    choices = [name for name, entry in entries.items() if entry.value is not None]
    if not isinstance(other, str) or other not in choices:
        choices = sorted({*choices} - {way[-1]})
        close = nearest(other, choices) if isinstance(other, str) else ""
        said = f"says {other}, which does not exist{close}; choose one of {', '.join(choices)}"
        raise wrong(path, said, *([(section, other)] if isinstance(other, str) else []))
    if other in way:
        circle = " to ".join([*way[way.index(other) :], other])
        raise wrong(path, f"leads from {circle}; let one of them extend none")
    return other


def refuse_keys_without_value(config: Given) -> None:
    """Raise a ConfigError for each key that has no value and takes none away."""
    mistakes = [
        Mistake(path, "has no value, and there is none that this would take away; write one, or leave the key out")
        for path in without_value(config, ())
    ]
    if mistakes:
        raise ConfigError(*mistakes)


def without_value(given: Given, path: KeyPath) -> Iterator[KeyPath]:
    """Yield the paths of keys that have no value and take none away."""
    if isinstance(given.value, dict):
        for name, one in given.value.items():
            if one.value is None and one.before is None:
                yield (*path, name)
            yield from without_value(one, (*path, name))
