"""Our numbers beside those of papers: which published rows a table measures."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Collection, Mapping

from openworld3d.published.beside import Asked, belongs, comparable, spec_in_config
from openworld3d.published.differences import EVALUATED, differences
from openworld3d.published.reading import FOLDER
from openworld3d.published.registry import NamedProtocol, Registry, Spec, read_registry
from openworld3d.published.rows import MISSING, SURE, PublishedRow, read_rows

UNNAMED = NamedProtocol("", "", "", "", "", (), (), (), keys={})


def compared(asked: Asked, methods: Collection[str], folder: Path = FOLDER) -> list[dict[str, Any]]:
    """Return the published rows that a table of some methods is held against, for each of its protocols.

    Those of its own protocol, and of another on the same scenes those that name a method of the table; `unlike` says
    how that evaluates, and is empty for its own. `numbers` are pairs of our metric and the paper's number in percent.
    """
    registry = read_registry(folder)
    found = []
    for name, keys in asked.protocols.items():
        spec = spec_of(name, keys, registry, asked.layouts)
        for row in read_rows(folder):
            theirs = registry.protocols[row.protocol].spec
            unlike = differences(spec, theirs, registry.remarks, EVALUATED)
            on_other_scenes = bool(differences(spec, theirs, fields=("evaluate",)))
            is_of_table = belongs(row, asked.taught) and (not unlike or row.ours in methods)
            if row.status != MISSING and is_of_table and not on_other_scenes:
                pairs = [(metric, value) for column, value in row.numbers.items() for metric in row.columns[column]]
                alike = comparable([metric for metric, _ in pairs], spec, theirs)
                numbers = [[metric, value] for metric, value in pairs if metric in alike]
                found.append({"protocol": name, "unlike": "; ".join(unlike), **described(row), "numbers": numbers})
    return found


def spec_of(name: str, keys: Mapping[str, Any], registry: Registry, layouts: Mapping[str, str]) -> Spec:
    """Return what a protocol of a config says, whether or not it names one of the registry."""
    place = f"config: protocols.{name}.named"
    named = registry.protocol(keys["named"], place) if "named" in keys else UNNAMED
    return spec_in_config(keys, named, layouts)


def described(row: PublishedRow) -> dict[str, Any]:
    """Return what is printed of a published row, and the method that measures it."""
    return {
        "published": row.method,
        "backbone": row.backbone,
        "network": row.backbone.lower().replace(" ", "_"),
        "ours": row.ours,
        "origin": row.origin,
        "sure": row.status in SURE,
    }
