"""How the numbers of a table came about: code, environments, machines and config, from the records behind them."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any, Dict, Iterable, Mapping, Sequence

from openworld3d.provenance.records import chain, record_file

Record = Dict[str, Any]
PACKAGES = ("torch", "numpy", "scipy", "scikit-learn", "pandas")
MOST_FILES = 5  # of changed code that are named
MOST_NAMES = 4  # of jobs that saw the same slice of the config
# Steps whose slice of the config a reader wants, in the order of the way.
CONFIGURED = ("train", "import_weights", "relabel", "infer", "ensemble", "import_outputs", "score", "measure")


def records_of(metrics: Path) -> list[Record]:
    """Return the records of the jobs behind a file of metrics, its own first; none where it has no record."""
    return list(chain(record_file(str(metrics))))


def each_once(records: Iterable[Record]) -> list[Record]:
    """Return records without those of the same job."""
    found = {
        (record["step"], json.dumps(record["wildcards"], sort_keys=True), record["key"]): record for record in records
    }
    return list(found.values())


def origins(records: Sequence[Record]) -> list[tuple[str, list[str]]]:
    """Return what made the results: for each aspect a list of sentences, each with how many jobs it is true of.

    Nothing without records.
    """
    if not records:
        return []
    aspects = {
        "Code": map(code, records),
        "Machine": map(machine, records),
        "Software": map(software, records),
    }
    return [(name, counted(said, len(records))) for name, said in aspects.items()]


def counted(said: Iterable[str], jobs: int) -> list[str]:
    """Return sentences, the most frequent first; with the number of jobs where they differ."""
    found = Counter(said).most_common()
    return [text if len(found) == 1 else f"{text} ({count} of {jobs} jobs)" for text, count in found]


def code(record: Record) -> str:
    """Return the commit that a job ran, and which files differed from it."""
    commit, changed = record["state"]["commit"], record["state"]["changed"]
    if commit is None:
        return "not a git checkout, so that the commit is not known"
    if not changed:
        return f"commit {commit[:12]}"
    more = f" and {len(changed) - MOST_FILES} more" if len(changed) > MOST_FILES else ""
    return f"commit {commit[:12]}, with changes in {', '.join(changed[:MOST_FILES])}{more}"


def machine(record: Record) -> str:
    """Return the processor, GPUs, threads and system of a job."""
    about = record["software"]
    gpus = Counter(gpu["name"] if isinstance(gpu, Mapping) else str(gpu) for gpu in about["driver"]["gpus"])
    named = [f"{count} x {name}" if count > 1 else name for name, count in gpus.items()] or ["no GPU"]
    threads = record.get("threads")
    said = [
        about["processor"],
        *named,
        f"{threads} thread{'s' * (threads != '1')}" if threads else "",
        about["platform"],
    ]
    return ", ".join(filter(None, said))


def software(record: Record) -> str:
    """Return the Python of a job and its main packages."""
    packages = record["software"]["packages"]
    named = [f"{name} {packages[name]}" for name in PACKAGES if name in packages]
    return ", ".join([f"Python {record['software']['python']}", *named])


def configs(records: Sequence[Record]) -> list[tuple[str, str]]:
    """Return the slice of the config that each job of a run saw, by a heading, in the order of the way.

    Equal slices stand once, under the first of the jobs that saw them.
    """
    found: dict[tuple[str, str], list[str]] = {}
    for step in CONFIGURED:
        for record in records:
            if record["step"] == step and "config" in record["parts"]:
                text = json.dumps(record["parts"]["config"], indent=1, sort_keys=True)
                wildcards = record["wildcards"]
                of = [str(wildcards[key]) for key in ("protocol", "recipe", "score") if key in wildcards]
                if "seed" in wildcards and step == "train":
                    of.append(f"seed {wildcards['seed']}")
                name = " / ".join(of)
                names = found.setdefault((step, text), [])
                if name not in names:
                    names.append(name)
    return [(f"{step}: {first_of(names)}", text) for (step, text), names in found.items()]


def first_of(names: Sequence[str]) -> str:
    """Return names in a line: all of a few, or the first and how many more there are."""
    return (
        ", ".join(names)
        if len(names) <= MOST_NAMES
        else f"{', '.join(names[:MOST_NAMES])} and {len(names) - MOST_NAMES} more"
    )
