"""The arguments of the commands that read a table: its config, and the files behind its rows and protocols."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from pathlib import Path

FILES = {
    "metrics": "metrics, one file per row, in order",
    "replicates": "metrics of draws, likewise",
    "statistics": "of all shards of each row, in order",
    "scores": "manifests, likewise",
    "outputs": "manifests of what was scored, likewise",
    "scenes": "manifests, by protocol",
    "labels": "manifests of labels, likewise, or none",
}


def parser_of(description: str | None, config: str, *files: str) -> ArgumentParser:
    """Return a parser of `--config`, JSON as described, and of some FILES; `@PATH` reads arguments from a file."""
    parser = ArgumentParser(description=description, fromfile_prefix_chars="@")
    parser.add_argument("--config", required=True, type=json.loads, help=f"JSON: {config}")
    for name in files:
        count = "*" if name == "labels" else "+"
        parser.add_argument(f"--{name}", required=True, type=Path, nargs=count, help=FILES[name])
    return parser
