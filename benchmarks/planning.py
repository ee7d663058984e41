"""Time and memory in which Snakemake plans an experiment of ten thousand jobs of which none has run.

    python benchmarks/planning.py [--shards 1 2 4]

20 protocols, 5 seeds and 25 methods of the generated rooms. Prints a Markdown table: how long a dry run took, how
long a core worked for it, and, as a machine differs from another and from itself on another day, how often a core
would sum ten million squares in that time.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from itertools import combinations, islice
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[1]
UNKNOWN = ("bed", "chair", "sofa", "table", "door", "window", "bookshelf")
PROTOCOLS, SEEDS, METHODS = 20, 5, 25


def main() -> None:
    """Plan the experiment with each number of shards and print a row of Markdown for each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shards", type=int, nargs="+", default=[1, 2, 4])
    arguments = parser.parse_args()
    print("| shards | jobs | planned s | of a core s | sums of squares | peak GB |")
    print("|---:|---:|---:|---:|---:|---:|")
    for shards in arguments.shards:
        yardstick = seconds_of_squares()
        with tempfile.TemporaryDirectory() as folder:
            experiment = Path(folder) / "experiment.yaml"
            experiment.write_text(yaml.safe_dump(synthetic(shards)))
            start, before = time.perf_counter(), core_seconds()
            jobs = plan(experiment)
            planned, core = time.perf_counter() - start, core_seconds() - before
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 2**20
        seconds = f"{planned:.1f} | {core:.1f} | {core / yardstick:.0f}"
        print(f"| {shards} | {jobs:,} | {seconds} | {peak:.2f} |", flush=True)


def plan(experiment: Path) -> int:
    """Return how many jobs a dry run has."""
    command = [sys.executable, "-m", "snakemake", "--dry-run", "--configfile", str(experiment)]
    said = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout
    return next(int(line.split()[1]) for line in said.splitlines() if line.startswith("total "))


def seconds_of_squares() -> float:
    """Return how long a core sums ten million squares in Python."""
    start = time.process_time()
    total = 0
    for number in range(10**7):
        total += number * number
    return time.process_time() - start


def core_seconds() -> float:
    """Return how long a core has worked for what ran here: on a shared machine less than what passed."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def synthetic(shards: int) -> dict[str, Any]:
    """Return 20 protocols of the generated rooms, 5 seeds and 25 methods, in a folder of results that has none."""
    config = yaml.safe_load((ROOT / "config.yaml").read_text())
    dataset = {**config["datasets"]["rooms"], "shards": shards}
    protocol = {**config["protocols"]["sofa"], "dataset": "planned_rooms"}
    pairs = islice(combinations(UNKNOWN, 2), PROTOCOLS)
    scores = {f"energy_{number}": {"kind": "energy", "temperature": 1.0 + number} for number in range(METHODS)}
    table = config["tables"]["rooms"]
    return {
        "table": "planned",
        "datasets": {"planned_rooms": dataset},
        "protocols": {f"planned_{number}": {**protocol, "unknown": list(pair)} for number, pair in enumerate(pairs)},
        "scores": scores,
        "tables": {
            "planned": {
                **table,
                "protocols": [f"planned_{number}" for number in range(PROTOCOLS)],
                "methods": {"closed_set": list(scores)},
                "seeds": list(range(SEEDS)),
            }
        },
    }


if __name__ == "__main__":
    main()
