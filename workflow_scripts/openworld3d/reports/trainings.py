"""How trainings went, and what methods cost, from the histories and benchmark files of their jobs."""

from __future__ import annotations

import csv
import math
from pathlib import Path
from typing import Any, Dict, Iterable, Mapping

Record = Dict[str, Any]
SHOWN = ("train_loss", "val_loss", "train_miou", "val_miou", "val_aupr_msp")
# The wildcards in the name of a job's benchmark file, in their order; then come its key and its shard.
NAMED = ("protocol", "backbone", "recipe", "seed", "coverage", "score")
# Under which name a step's seconds stand.
KINDS = {
    "train": "train",
    "import_weights": "train",
    "sample_training": "sample",
    "infer": "infer",
    "ensemble": "infer",
    "import_outputs": "infer",
    "score": "score",
}
DIGITS = 5


def read_history(path: Path) -> dict[str, list[float | None]]:
    """Return the epochs of a training, and of each what its columns hold, None where that is not a number."""
    with open(path, newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    return {name: [number(row[name]) for row in rows] for name in ("epoch", *SHOWN) if rows and rows[0].get(name)}


def number(text: str | None) -> float | None:
    """Return a finite number in a few digits, None for what is none."""
    try:
        value = float(text or "")
    except ValueError:
        return None
    return round(value, DIGITS) if math.isfinite(value) else None


def benchmark(record: Record, folder: Path) -> dict[str, float] | None:
    """Return seconds and the most megabytes of a job, summed over its shards; None where no file says them.

    Of what was copied from elsewhere, those of the job that made it.
    """
    wildcards: dict[str, Any] = record.get("made_as") or record["wildcards"]
    name = ".".join([*(str(wildcards[key]) for key in NAMED if key in wildcards), record["key"]])
    found = [
        measured
        for file in sorted((folder / record["step"]).glob(f"{escaped(name)}*.tsv"))
        for measured in read(file)
    ]
    if not found:
        return None
    return {"seconds": sum(seconds for seconds, _ in found), "megabytes": max(megabytes for _, megabytes in found)}


def escaped(name: str) -> str:
    """Return a name as a pattern that it alone fits."""
    return "".join(f"[{letter}]" if letter in "[*?" else letter for letter in name)


def read(file: Path) -> Iterable[tuple[float, float]]:
    """Yield seconds and megabytes of a benchmark file, nothing where it says neither, as of very short jobs."""
    with open(file, newline="", encoding="utf-8") as lines:
        for row in csv.DictReader(lines, delimiter="\t"):
            seconds, megabytes = number(row.get("s")), number(row.get("max_rss"))
            if seconds is not None:
                yield seconds, megabytes or 0.0


def costs(records: Iterable[Record], row: Mapping[str, Any], points: int, folder: Path) -> dict[str, float]:
    """Return what a row of a table cost: seconds of training, inference and scoring, points per second, memory.

    records: those of the jobs behind it. A network that it starts from is another run's cost. What no benchmark file
    says is left out.
    """
    found: dict[str, float] = {}
    for record in records:
        wildcards = record["wildcards"]
        is_own = all(str(wildcards.get(name, row[name])) == str(row[name]) for name in NAMED)
        measured = benchmark(record, folder) if is_own and record["step"] in KINDS else None
        if measured:
            found[KINDS[record["step"]]] = measured["seconds"]
            found["megabytes"] = max(found.get("megabytes", 0.0), measured["megabytes"])
    if found.get("infer"):
        found["points_per_second"] = points / found["infer"]
    return {name: round(value, 2) for name, value in found.items()}
