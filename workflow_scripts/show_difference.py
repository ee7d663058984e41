"""Print how two keys differ: by which of the parts that made them, down to the results behind them."""

from __future__ import annotations

import argparse
import os
import re
from pathlib import Path
from typing import Iterator

from openworld3d.errors import UserError, run_command
from openworld3d.provenance.records import SUFFIX, Record, chain
from openworld3d.workflow.keys import PATTERN
from openworld3d.workflow.plan import PLAN, SHOWN, Plan, behind, differences, read_plan, sentences
from openworld3d.workflow.steps import STEPS


def main() -> None:
    """Read two keys, and print a line for each kind of difference."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--this", required=True, help="a key")
    parser.add_argument("--that", required=True, help="another one")
    arguments = parser.parse_args()
    one, other = arguments.this, arguments.that
    before, after = plan_behind(one), plan_behind(other)
    if one == other:
        print(f"{one} is one key")
    elif last(before) != last(after):
        print(f"{one} and {other} are keys of two results: {last(before)}, {last(after)}")
    for line in sentences(differences(before, after)):
        print(line)


def plan_behind(key: str) -> Plan:
    """Return what made the result of a key and all that it was made from, by their records, or as it was planned."""
    for record in records_of(key):
        return plan_of_records(chain(str(record)))
    for plan in (read_plan(PLAN), read_plan(SHOWN)):
        addresses = [address for address, entry in plan["results"].items() if entry["key"] == key]
        if addresses:
            return behind(plan, addresses)
    raise UserError(
        f"key {key!r}: no result has it, and none was planned with it; take two from the folders of results/: "
        "snakemake why --config this=KEY that=KEY"
    )


def records_of(key: str) -> Iterator[Path]:
    """Yield the records in the folders of a key."""
    for parent, folders, _ in os.walk("results"):
        if re.fullmatch(PATTERN, key) and key in folders and not Path(parent, key).is_symlink():
            yield from sorted(Path(parent, key).rglob(f"*{SUFFIX}"))


def plan_of_records(records: Iterator[Record]) -> Plan:
    """Return a plan of what was made as it was."""
    plan: Plan = {"results": {}, "code": {}}
    for record in records:
        address = f"{record['step']} {STEPS[record['step']].folder.format(**record['wildcards'])}"
        plan["results"][address] = {name: record[name] for name in ("key", "parts", "wildcards")}
        plan["code"][record["parts"]["code"]] = record["code"]
    return plan


def last(plan: Plan) -> str:
    """Return the address of a plan's first result, the one that was requested."""
    return next(iter(plan["results"]))


if __name__ == "__main__":
    run_command(main)
