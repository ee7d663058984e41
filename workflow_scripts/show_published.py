"""Print our numbers beside those that papers report under the same protocol, each with a verdict."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from statistics import mean, stdev
from typing import Any

from openworld3d.errors import run_command
from openworld3d.published.verdict import verdict
from openworld3d.reports.markdown import table_lines
from openworld3d.scenes.manifests import read_manifest

HEAD = ("protocol", "published", "ours", "metric", "paper", "measured", "seeds", "difference", "verdict")
NAMES = 4  # columns of text before those of numbers
NOTHING = (
    "Nothing of table {table} has been measured with this config and code: snakemake without `published` measures it."
)
NONE = "Table {table}: no number of published/ is on the scenes that its protocols evaluate."
ABOUT = (
    "In percent, ±: deviation over seeds. Within the spread of seeds: more than 5 in 100 further seeds would "
    "lie as far from the mean as the paper's number (Student's t), or the two agree but for rounding. One seed has "
    "no spread: add some to the table's `seeds`."
)


def main() -> None:
    """Read what is compared, as JSON from standard input, and print a table in Markdown with its notes."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    asked = json.load(sys.stdin)
    if not asked["rows"]:
        print(NONE.format(table=asked["table"]))
        return
    origins = list(dict.fromkeys(row["origin"] for row in asked["rows"]))
    lines = [line for row in asked["rows"] for line in lines_of(row, origins.index(row["origin"]) + 1)]
    unlike = dict.fromkeys(
        f"Another protocol than {row['protocol']}: {row['unlike']}." for row in asked["rows"] if row["unlike"]
    )
    said = [f"[{number}] {origin}." for number, origin in enumerate(origins, 1)]
    is_measured = any(Path(path).exists() for row in asked["rows"] for path in row["measured"])
    notes = [*said, *unlike, *([] if is_measured else [NOTHING.format(table=asked["table"])])]
    print("\n".join([*table_lines(HEAD, lines, NAMES), "", ABOUT, "", *(f"- {note}" for note in notes)]))


def lines_of(row: dict[str, Any], origin: int) -> list[list[str]]:
    """Return a line of cells for each number of a published row."""
    measured = [read_manifest(path, ["points"]) for path in map(Path, row["measured"]) if path.exists()]
    lines = []
    for metric, number in row["numbers"]:
        ours = [100 * value for value in (of_seed.get(metric) for of_seed in measured) if value is not None]
        spread = f" ± {stdev(ours):.2f}" if len(ours) > 1 else ""
        shown = (
            [f"{mean(ours):.2f}{spread}", str(len(ours)), f"{mean(ours) - number:+.2f}"] if ours else ["", "0", ""]
        )
        said = verdict(number, ours, row["sure"], row["unlike"])
        names = [row["protocol"], f"{row['published']} [{origin}], {row['backbone']}", row["ours"], metric]
        lines.append([*names, str(number), *shown, said])
    return lines


if __name__ == "__main__":
    run_command(main)
