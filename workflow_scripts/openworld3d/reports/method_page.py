"""The documentation's page of a score or a recipe, from the docstrings and the keys of its file."""

from __future__ import annotations

import inspect
import re
from types import ModuleType
from typing import Any, Mapping, NamedTuple

import yaml

from openworld3d.reports.markdown import table_lines

FIELDS = ("Formula", "Cost", "When")
SOURCES = "../../workflow_scripts/openworld3d"
# Of a field or a source, which goes on to the next of them or to the end.
FIELD = r"^{name}: (.+?)(?=\n(?:{names}): |\n\n|\Z)"


class Described(NamedTuple):
    """A docstring's first paragraph, those that follow, and its fields, each on one line."""

    summary: str
    rest: str
    fields: Mapping[str, str]


def described(module: ModuleType) -> Described:
    """Return what the docstring of a score or recipe says; each has the fields `FIELDS`."""
    text = inspect.getdoc(module) or ""
    fields = {name: field(text, name) for name in FIELDS}
    prose = text.split("\nFormula: ")[0]
    summary, _, rest = prose.partition("\n\n")
    return Described(" ".join(summary.split()), rest.strip(), fields)


def field(text: str, name: str) -> str:
    """Return a field of a docstring on one line: what follows `NAME: ` until the next field or paragraph."""
    found = re.search(FIELD.format(name=name, names="|".join(FIELDS)), text, re.MULTILINE | re.DOTALL)
    if found is None:
        raise ValueError(f"expected {name}: in the docstring {text!r}")
    return " ".join(found[1].split())


def score_page(module: ModuleType) -> str:
    """Return the page of a score."""
    name, about = name_of(module), described(module)
    said = inspect.getdoc(module.score) or ""
    details, _, source = said.partition("Source: ")
    fit = inspect.getdoc(module.fit) if module.FITS else None
    parts = [
        heading(name, about, " ".join(source.split())),
        "## What it reads\n" + reads(module),
        entry(name, module.KEYS),
        table_of(module.KEYS),
        "## In detail\nAs its file says it, where `z` are the logits, `p` the probabilities, `f` the features, and\n"
        "`W` and `b` the last layer:\n\n```text\n" + details.strip() + "\n```",
        "And of its fit:\n\n```text\n" + fit + "\n```" if fit else "",
        f"The file: [scores/{name}.py]({SOURCES}/scores/{name}.py). A table names a score under\n"
        "`methods`: [experiments](../experiments.md).",
    ]
    return "\n\n".join(filter(None, parts)) + "\n"


def recipe_page(module: ModuleType, keys: Mapping[str, Any]) -> str:
    """Return the page of a recipe; keys are those of its own, each with its JSON schema."""
    name, about = name_of(module), described(module)
    outputs = ", ".join(f"`{output}`" for output in module.OUTPUTS)
    parts = [
        heading(name, about),
        about.rest,
        f"## What scores may read\n{outputs}.",
        "## Keys of its own" if keys else "",
        table_of(keys),
        f"The file: [recipes/{name}.py]({SOURCES}/recipes/{name}.py). [Methods](../methods.md) compares the\n"
        "recipes, and [config.yaml](../../config.yaml) has the keys of training that all of them share.",
    ]
    return "\n\n".join(filter(None, parts)) + "\n"


def heading(name: str, about: Described, source: str = "") -> str:
    """Return a page's head: what a method is, its formula, when to choose it, its cost and source."""
    lines = [
        f"# {name}",
        about.summary,
        f"```math\n{about.fields['Formula']}\n```",
        f"**Choose it when** {about.fields['When']}",
        f"**Cost.** {about.fields['Cost'][0].upper()}{about.fields['Cost'][1:]}",
        f"**Source.** {source}" if source else "",
    ]
    return "\n\n".join(filter(None, lines))


def reads(module: ModuleType) -> str:
    """Return what a score reads and is fitted on, as a sentence."""
    read = ", ".join(f"`{array}`" for array in module.READS)
    fits = ", ".join(f"`{array}`" for array in module.FITS)
    fitted = f"It is fitted on {fits} of the run's training sample." if fits else "It is fitted on nothing."
    return f"Of a run's outputs {read}. {fitted}"


def entry(name: str, keys: Mapping[str, Any]) -> str:
    """Return a score's entry of the config, its options at their defaults."""
    values = {"kind": name, **{key: schema["default"] for key, schema in keys.items()}}
    flow = yaml.safe_dump(values, default_flow_style=True, sort_keys=False, width=1000).strip()
    return f"## In the config\n```yaml\nscores:\n  {name}: {flow}\n```"


def table_of(keys: Mapping[str, Any]) -> str:
    """Return the table of some keys; nothing where there are none."""
    rows = [(f"`{key}`", schema["description"]) for key, schema in keys.items()]
    return "\n".join(table_lines(("key", "expected"), rows, 2)) if keys else ""


def name_of(module: ModuleType) -> str:
    """Return what the config calls a module."""
    return module.__name__.rpartition(".")[2]
