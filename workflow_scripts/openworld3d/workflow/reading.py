"""Read a file of the config with the line of every value, and refuse what YAML allows and a config must not say."""

from __future__ import annotations

import datetime
import json
import re
from pathlib import Path
from typing import Any, Mapping

import yaml

from openworld3d.errors import UserError
from openworld3d.workflow.places import COMMAND_LINE, Given, KeyPath, Place, dotted

MERGE = "tag:yaml.org,2002:merge"
NOT_OF_BOTH = re.compile(r"[^\n -~]")
LONG = 60  # characters of a number, of which a sentence has the first
NOTHING = ("null", "~", "")


def read_file(path: Path) -> Given:
    """Return what a YAML or JSON file says; raises UserError where it is none, or says something twice."""
    file = name_of(path)
    text = text_of(path, file)
    is_json = reads_as_json(text)
    try:
        # YAML reads the structure of JSON, but for tabs between tokens and characters that it does not allow.
        node = yaml.compose(NOT_OF_BOTH.sub(" ", text) if is_json else text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        raise UserError(no_yaml(error, file)) from None
    except RecursionError:
        raise UserError(f"{file} nests lists or keys hundreds deep, which cannot be read; correct it") from None
    if node is None:
        raise UserError(f"{file} is empty; write the keys to set, such as `table: rooms`, or leave the file out")
    if not isinstance(node, yaml.MappingNode):
        raise UserError(f"{file} has no keys at its top level; write them, such as `table: rooms`")
    return FileReader(file, text if is_json else "").given(node, (), Place(file))


def given_values(value: Any, file: str) -> Given:
    """Return values of which no line is known.

    Those of the command line come from Snakemake, for which nested ones are all text, so that null is one there.
    """
    if file == COMMAND_LINE and isinstance(value, str) and value in NOTHING:
        value = None
    if isinstance(value, Mapping):
        value = {name: given_values(inner, file) for name, inner in value.items()}
    elif isinstance(value, (list, tuple)):
        value = [given_values(inner, file) for inner in value]
    return Given(value, Place(file))


def name_of(path: Path) -> str:
    """Return the name of a file for sentences: relative to the working directory if it lies below."""
    path, here = path.absolute(), Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)


def text_of(path: Path, file: str) -> str:
    """Return the text of a file."""
    try:
        return path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise UserError(f"{file}: {error.strerror}; put the file there, or correct the path") from None
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        found = f"has the byte {error.object[error.start]:#04x}, which is not UTF-8"
        raise UserError(f"{file}, line {line}: {found}; save the file as UTF-8") from None


def reads_as_json(text: str) -> bool:
    """Tell whether a text is JSON, whose scalars YAML reads differently."""
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def no_yaml(error: yaml.YAMLError, file: str) -> str:
    """Return the sentence for a text that is not YAML."""
    if not isinstance(error, yaml.MarkedYAMLError) or error.problem_mark is None:
        return f"{file} is not YAML: {' '.join(str(error).split())}; correct it"
    remedy = "indent with spaces instead" if "'\\t'" in str(error.problem) else "correct it there or just before"
    place = f"{file}, line {error.problem_mark.line + 1}, column {error.problem_mark.column + 1}"
    return f"{place}: is not YAML: {', '.join(filter(None, (error.context, error.problem)))}; {remedy}"


def taken_for(value: Any) -> str:
    """Return what YAML takes a scalar for that is not text."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "a truth value"
    if isinstance(value, datetime.date):
        return "a date"
    return "a number" if isinstance(value, (int, float)) else f"of type {type(value).__name__}"


def is_after_comma(before: Any, key: yaml.Node, value: yaml.Node) -> bool:
    """Tell whether a key is the end of a decimal comma: `{rate: 0,5}` is 0, and a key 5 without a value."""
    is_number = isinstance(key, yaml.ScalarNode) and key.style is None and key.value.isdigit()
    return is_number and value.value == "" and str(before).lstrip("+-").isdigit()


def shortened(text: str) -> str:
    """Return a number as it is written, or how it begins where it is long."""
    return text if len(text) <= LONG else f"{text[: LONG // 3]}... ({len(text)} characters)"


class FileReader:
    """Turns the nodes of a file into values with their lines; `json` is its text where it is JSON."""

    def __init__(self, file: str, json: str) -> None:
        self.file, self.json = file, json
        self.loader = yaml.SafeLoader("")

    def place(self, node: yaml.Node) -> Place:
        """Return where a node begins."""
        return Place(self.file, node.start_mark.line + 1)

    def given(self, node: yaml.Node, path: KeyPath, place: Place, around: tuple[yaml.Node, ...] = ()) -> Given:
        """Return a node's value; `around` are the nodes that hold it."""
        if any(node is other for other in around):
            raise UserError(f"{place}: {dotted(path)} is an alias of what it is part of; write the value out")
        around = (*around, node)
        if isinstance(node, yaml.MappingNode):
            return Given(self.entries(node, path, around), place)
        if isinstance(node, yaml.ScalarNode):
            return Given(self.scalar(node, path, place), place, node.value)
        items = [(item, (*path, number)) for number, item in enumerate(node.value)]
        return Given([self.given(item, inside, self.place(item), around) for item, inside in items], place)

    def entries(self, node: yaml.MappingNode, path: KeyPath, around: tuple[yaml.Node, ...]) -> dict[str, Given]:
        """Return the values of a mapping by key; its own come after those that `<<` merges into it."""
        merged: dict[str, Given] = {}
        own: dict[str, Given] = {}
        before: Any = ""
        for key, value in node.value:
            if key.tag == MERGE:
                sources = value.value if isinstance(value, yaml.SequenceNode) else [value]
                for source in reversed(sources):
                    inherited = self.given(source, path, self.place(key), around).value
                    if not isinstance(inherited, dict):
                        raise UserError(
                            f"{self.place(key)}: << in {dotted(path)} merges {source.value}, expected keys"
                        )
                    merged.update(inherited)
                continue
            if node.flow_style and is_after_comma(before, key, value):
                found = f"{dotted(path)} has {before},{key.value}, in which a comma ends the value to YAML"
                raise UserError(f"{self.place(key)}: {found}; write {before}.{key.value} for a decimal")
            before = value.value
            name, place = self.key(key, path), self.place(key)
            if name in own:
                lines = sorted({own[name].place.line or 0, place.line or 0})
                where = f"line{'s'[: len(lines) - 1]} {' and '.join(map(str, lines))}"
                said = f"the key {dotted((*path, name))} stands twice, of which YAML would keep the last; make it one"
                raise UserError(f"{self.file}, {where}: {said}")
            own[name] = self.given(value, (*path, name), place, around)
        return {**merged, **own}

    def key(self, node: yaml.Node, path: KeyPath) -> str:
        """Return a key, which is text."""
        place, of = self.place(node), f" of {dotted(path)}" if path else ""
        if not isinstance(node, yaml.ScalarNode):
            found = "a mapping" if isinstance(node, yaml.MappingNode) else "a list"
            raise UserError(f"{place}: a key{of} is {found} to YAML, expected text; write it in quotes")
        value = self.scalar(node, path, place)
        if isinstance(value, str):
            return value
        raise UserError(
            f'{place}: the key {node.value}{of} is {taken_for(value)} to YAML, expected text; write "{node.value}" '
            "in quotes"
        )

    def scalar(self, node: yaml.ScalarNode, path: KeyPath, place: Place) -> Any:
        """Return the value of a scalar."""
        if self.json:
            return json.loads(self.json[node.start_mark.index : node.end_mark.index])
        try:
            return self.loader.construct_object(node)
        except (yaml.YAMLError, ValueError):
            kind = node.tag.rpartition(":")[2]
            found = f"{dotted(path)} has {shortened(node.value)}, which YAML takes for a {kind} and cannot read"
            raise UserError(f"{place}: {found}; correct it, or write it in quotes") from None
