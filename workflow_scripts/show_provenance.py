"""Print where rows of a table come from, as YAML: each job behind them, and the software that ran it.

The rows come on standard input as JSON, the identity of each and its record: those of a table may be longer than an
argument.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import yaml

from openworld3d.errors import UserError, run_command
from openworld3d.files import canonical_json, sha256_of_text
from openworld3d.provenance.records import chain, changed_since, raw_files
from openworld3d.workflow.outside import noted_files

MOST_LISTED = 5  # files from outside; raw scans may be thousands


def main() -> None:
    """Read the rows and print one document per row."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    for row in json.load(sys.stdin):
        print("---\n" + yaml.safe_dump(provenance(row), sort_keys=False, width=118), end="")


def provenance(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row's identity, its jobs from the last to the first, and every software that ran one of them."""
    records = list(chain(row["record"]))
    if not records:
        raise UserError(f"{row['record']}: nothing says where it comes from; run snakemake to make this row")
    software: dict[str, Any] = {}
    jobs = [job(record, software) for record in records]
    return {"row": row, "jobs": jobs, "software": dict(software.values())}


def job(record: dict[str, Any], software: dict[str, Any]) -> dict[str, Any]:
    """Return a job as a reader wants it; its software goes by a name, since most jobs share it."""
    text = canonical_json([record["state"], record["software"]])
    packages = [f"{name} {version}" for name, version in sorted(record["software"]["packages"].items())]
    shown = {**record["state"], **record["software"], "packages": ", ".join(packages)}
    name, _ = software.setdefault(text, (f"software {len(software) + 1}", shown))
    outside = noted_files(folder_of_key(record))
    return {
        "step": record["step"],
        "key": record["key"],
        "outputs": list(record["outputs"]),
        **({"config": record["parts"]["config"]} if "config" in record["parts"] else {}),
        "inputs": record["inputs"],
        **({"files from outside": outside if len(outside) <= MOST_LISTED else digests(outside)} if outside else {}),
        **{f"raw files, {path}": digests(files) for path, files in raw_files(record).items()},
        "code": digests(record["code"]),
        "threads": record["threads"],
        "changed since": changed_since(record),
        "software": name,
    }


def folder_of_key(record: dict[str, Any]) -> Path:
    """Return the folder in which a job's outputs lie."""
    output = Path(next(iter(record["outputs"])))
    return next(parent for parent in output.parents if parent.name == record["key"])


def digests(files: dict[str, str]) -> str:
    """Say how many files there are, and one SHA-256 for their names and contents."""
    return f"{len(files)} files, SHA-256 of all {sha256_of_text(canonical_json(files))}"


if __name__ == "__main__":
    run_command(main)
