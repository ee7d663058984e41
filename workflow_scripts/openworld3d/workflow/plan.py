"""Plans: which results a call is to make and what makes each, and how two plans differ."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any, Dict, Iterable, Iterator, Mapping

from openworld3d.files import read_noted
from openworld3d.workflow.keys import wildcards_of
from openworld3d.workflow.step import Step
from openworld3d.workflow.steps import STEPS

PLAN = Path("results/.plan.json")  # of the last call, whatever became of it
SHOWN = Path("results/.shown.json")  # of what the links show
LONGEST_VALUE = 60
# Where a part of a job's slice stands in the config.
PLACES = {
    "backbone": "backbones.{backbone}",
    "inference_voxels": "backbones.{backbone}.inference_voxels",
    "inference_pairs": "backbones.{backbone}.inference_pairs",
    "recipe": "recipes.{recipe}",
    "unknown": "protocols.{protocol}.unknown",
    "unknown_points": "protocols.{protocol}.unknown_points",
    "class_of": "protocols.{protocol}.class_map",
    "class_of_raw_id": "protocols.{protocol}.unknown_raw_ids, inlier_raw_ids, void_raw_ids",
    "range": "protocols.{protocol}.range",
    "min_unknown_points": "protocols.{protocol}.min_unknown_points",
    "beyond": "protocols.{protocol}.unknown_raw_ids",
    "inliers": "protocols.{protocol}.inlier_raw_ids",
    "objects": "protocols.{protocol}.objects",
    "conventions": "protocols",
    "counting": "protocols",
    "score": "scores.{score}",
    "bits": "evaluation.bits",
    "replicates": "evaluation.replicates",
    "stored_precision": "evaluation.stored_precision",
    "classes": "datasets.{dataset}.classes",
    "keys": "datasets.{dataset}",
    "rows": "tables.{table}.methods",
    "lines": "tables.{table}.methods",
    "teaches": "recipes.{recipe}.teaches",
    "taught": "recipes.{recipe}.teaches",
    "old_labels": "recipes.{recipe}.kind",
    "metrics": "tables.{table}.metrics",
    "published": "published/*.yaml",
}
GONE = object()
# "results": key, parts and wildcards of each, by its address; "code": the files of each digest of code.
Plan = Dict[str, Dict[str, Any]]
Entry = Dict[str, Any]


def read_plan(path: Path) -> Plan:
    """Return a plan, an empty one where there is none that is whole."""
    return read_noted(path) or {"results": {}, "code": {}}


def behind(plan: Plan, addresses: Iterable[str]) -> Plan:
    """Return the part of a plan that some of its results are made from, themselves first."""
    waiting, found = list(addresses), {}
    while waiting:
        address = waiting.pop()
        if address in plan["results"] and address not in found:
            found[address] = plan["results"][address]
            waiting += [other for made in found[address]["parts"]["inputs"].values() for other in made]
    return {"results": found, "code": plan["code"]}


def planned_code(digest: str) -> dict[str, str]:
    """Return the SHA-256 of each file of code that a job was planned with, nothing where the last plan has none."""
    code: dict[str, str] = read_plan(PLAN)["code"].get(digest, {})
    return code


def differences(before: Plan, after: Plan) -> dict[tuple[str, str], int]:
    """Count the results of each noun by what changed of their own; changes of their inputs alone do not count."""
    found: Counter[tuple[str, str]] = Counter()
    for address, entry in after["results"].items():
        old = before["results"].get(address)
        if old is not None and old["key"] != entry["key"]:
            for change in changes(old, entry, before["code"], after["code"], step_of(address).place):
                found[step_of(address).noun, change] += 1
    return dict(found)


def step_of(address: str) -> Step:
    """Return the step whose result has an address."""
    return STEPS[address.split(" ")[0]]


def sentences(found: dict[tuple[str, str], int]) -> list[str]:
    """Return a line for each kind of difference: `3 trainings: recipes.closed_set.epochs 14 -> 20`."""
    return [f"{count} {noun}{'s' if count > 1 else ''}: {change}" for (noun, change), count in found.items()]


def told_apart(planned: Plan, now: Plan, address: str, key: str) -> str:
    """Return the sentence for a key that is not the present one: what has changed since it was planned."""
    entry = planned["results"].get(address)
    found = sentences(differences(planned, now)) if entry is not None and entry["key"] == key else []
    why = "; ".join(found) or "the config, the code or files from outside have changed"
    new = now["results"][address]["key"]
    return f"{address.split()[-1]}/{key}: its key is {new} now ({why}); run again, and that is made"


def changes(old: Entry, new: Entry, old_code: dict[str, Any], new_code: dict[str, Any], place: str) -> Iterator[str]:
    """Yield each change of a result's own parts; `place` is that of its slice in the config."""
    before, after = old["parts"], new["parts"]
    for path, one, other in changed_values(before.get("config"), after.get("config"), ()):
        yield f"{place_of(path, place, new['wildcards'])} {told(one, other)}"
    if before["code"] != after["code"]:
        files = changed_files(old_code.get(before["code"], {}), new_code.get(after["code"], {}))
        yield f"{', '.join(files) or 'its code'} changed"
    if before["environment"] != after["environment"]:
        yield "the environment's file changed"
    if before.get("outside") != after.get("outside"):
        yield "the files that it reads from outside changed"
    for name in sorted({*before["inputs"], *after["inputs"]}):
        one, other = (set(parts["inputs"].get(name, {})) for parts in (before, after))
        if one != other:
            yield f"{name}: {len(other - one)} more, {len(one - other)} fewer"


def changed_values(old: Any, new: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any, Any]]:
    """Yield where two values of a config differ, and both."""
    if isinstance(old, dict) and isinstance(new, dict):
        for name in sorted({*old, *new}):
            yield from changed_values(old.get(name, GONE), new.get(name, GONE), (*path, name))
    elif old != new:
        yield path, old, new


def place_of(path: tuple[str, ...], place: str, wildcards: Mapping[str, str]) -> str:
    """Return where a part of a slice stands in the config."""
    first, *rest = path or ("",)
    begin = PLACES.get(first, "")
    if not begin or not wildcards.keys() >= set(wildcards_of(begin)):  # as a table, which is of several recipes
        begin = ".".join(part for part in (place, first) if part)
    return ".".join([begin.format(**wildcards), *rest])


def told(old: Any, new: Any) -> str:
    """Return how a value changed; of lists of rows how many there are more and fewer, where not their order alone."""
    if all(isinstance(value, list) and all(isinstance(row, dict) for row in value) for value in (old, new)):
        more, fewer = ([row for row in one if row not in other] for one, other in ((new, old), (old, new)))
        if more or fewer:
            return f"{len(more)} more, {len(fewer)} fewer"
    return f"{abbreviated(old)} -> {abbreviated(new)}"


def abbreviated(value: Any) -> str:
    """Return a value as a line has room for it."""
    text = "nothing" if value is GONE else json.dumps(value)
    return text if len(text) <= LONGEST_VALUE else f"{text[:LONGEST_VALUE]}..."


def changed_files(old: dict[str, str], new: dict[str, str]) -> list[str]:
    """Return the files of code that two digests tell apart, none where one of them is not known."""
    return [file for file in sorted({*old, *new}) if old.get(file) != new.get(file)] if old and new else []
