"""What was published under the protocols of a table, to stand below what was measured; and what must not."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import Any, Iterable, Mapping, NamedTuple, Sequence

from openworld3d.protocols.conventions import defined
from openworld3d.published.differences import DEFINED, EVALUATED, TRAINED, differences
from openworld3d.published.reading import FOLDER
from openworld3d.published.registry import NamedProtocol, Registry, Spec, read_registry, spec_of
from openworld3d.published.rows import MARK, MISSING, PublishedRow, read_rows

ROLES = ("train", "validate", "evaluate")
BELOW = f"Below the line: published under the same protocol, not measured here; {MARK}: not verified."
KEYS = {field.name for field in fields(Spec)} - {"data"}


class Asked(NamedTuple):
    """What a table shows, as the config has it.

    protocols: by name, with the key `named`; layouts: of each dataset; metrics: the columns; taught: for each of its
    methods, the classes that it has learned step by step.
    """

    protocols: Mapping[str, Mapping[str, Any]]
    layouts: Mapping[str, str]
    metrics: Sequence[str]
    taught: Iterable[Sequence[str]]


def beside(asked: Asked, folder: Path = FOLDER) -> dict[str, Any]:
    """Return the published rows that a table shows, and sentences on them: what `make_table` prints.

    rows: each with cells of the table by column, and `numbers`, the text of each metric. notes: sentences; the number
    in a method's name is that of the sentence on its origin. Both are empty where no protocol of the table is named.
    """
    rows: list[dict[str, Any]] = []
    origins: list[str] = []
    notes: list[str] = []
    for name, keys in asked.protocols.items():
        if "named" not in keys:
            continue
        registry = read_registry(folder)
        named = registry.protocol(keys["named"], f"config: protocols.{name}.named")
        spec = spec_in_config(keys, named, asked.layouts)
        notes += what_is_changed(name, spec, named, registry)
        if differences(spec, named.spec, fields=EVALUATED):
            continue
        for row in read_rows(folder):
            numbers = shown_numbers(row, spec, comparable(asked.metrics, spec, named.spec))
            if row.protocol == named.name and numbers and belongs(row, asked.taught):
                if row.origin not in origins:
                    origins.append(row.origin)
                method = f"{row.method} [{origins.index(row.origin) + 1}]"
                cells = {
                    "dataset": spec.evaluate.dataset,
                    "protocol": name,
                    "backbone": row.backbone,
                    "method": method,
                }
                rows.append({**cells, "numbers": numbers})
                notes += [note for note in row.remarks if note not in notes]
        notes += refusals(named, registry, folder)
    below = [BELOW] if rows else []
    said = [f"[{number}] {origin}." for number, origin in enumerate(origins, 1)]
    return {"rows": rows, "notes": [*below, *said, *notes]}


def spec_in_config(keys: Mapping[str, Any], named: NamedProtocol, layouts: Mapping[str, str]) -> Spec:
    """Return what a protocol of a config says: a named one, with what the config changes of it.

    Either each role has a dataset and splits, or one dataset has the splits of all.
    """
    said = {**named.said, **{name: value for name, value in keys.items() if name in KEYS}}
    for role in ROLES:
        if said.get(role):
            given = keys.get(role) or {}
            of_role = given if isinstance(given, Mapping) else {"splits": given}
            chosen = {
                **named.said.get(role, {}),
                **{key: keys[key] for key in ("dataset",) if key in keys},
                **of_role,
            }
            said[role] = {**chosen, "dataset": layouts.get(chosen["dataset"], chosen["dataset"])}
    return spec_of(said, named.data)


def what_is_changed(name: str, spec: Spec, named: NamedProtocol, registry: Registry) -> list[str]:
    """Return a sentence on how a protocol of a config differs from the one that it names, none where it does not."""
    changed = differences(spec, named.spec, registry.remarks)
    if not changed:
        return []
    said = f"Protocol {name} is {named.name} but for this: {'; '.join(changed)}."
    if differences(spec, named.spec, fields=EVALUATED):
        said += f" So no published row of {named.name} stands here."
    return [said]


def comparable(metrics: Iterable[str], one: Spec, other: Spec) -> list[str]:
    """Return those of some metrics that compare between two protocols: of objects only if these are made alike."""
    are_alike = not differences(one, other, fields=("objects",))
    return [metric for metric in metrics if are_alike or not metric.startswith("object_")]


def belongs(row: PublishedRow, taught: Iterable[Sequence[str]]) -> bool:
    """Tell whether a published row has learned as many unknown classes as a method of the table, or none."""
    return not row.taught or {*row.taught} in [{*classes} for classes in taught]


def shown_numbers(row: PublishedRow, spec: Spec, metrics: Sequence[str]) -> dict[str, str]:
    """Return the text of each number of a row that a column of the table has."""
    found = {metric: row.shown(defined(metric, spec.ap, spec.fpr95, spec.pool)) for metric in metrics}
    return {metric: text for metric, text in found.items() if text is not None}


def refusals(named: NamedProtocol, registry: Registry, folder: Path) -> list[str]:
    """Return a sentence for each other protocol on the same data that has published rows: why they are refused."""
    sentences = []
    for other in registry.protocols.values():
        rows = [row for row in read_rows(folder) if row.protocol == other.name and row.status != MISSING]
        if other.name != named.name and rows and not differences(named.spec, other.spec, fields=("evaluate",)):
            sentences.append(refusal(named, other, registry))
    return sentences


def refusal(named: NamedProtocol, other: NamedProtocol, registry: Registry) -> str:
    """Return the sentence that refuses the rows of another protocol."""
    unlike = "; ".join(differences(named.spec, other.spec, registry.remarks, EVALUATED + DEFINED + TRAINED))
    return f"Rows of {other.name} do not stand here: {unlike}."
