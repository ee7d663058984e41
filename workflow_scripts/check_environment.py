"""Check one environment before anything runs in it; any Python 3 can parse this file and report its version."""

import argparse
import sys

if sys.version_info < (3, 8):
    sys.exit(
        "error: E3: this is Python %d.%d, expected 3.8 or newer; create the environment again with python=3.8"
        % sys.version_info[:2]
    )

import json
import os
from pathlib import Path

# Modules of environment/ only: a change to another one is no reason to check environments again.
from openworld3d.environment.check import check
from openworld3d.environment.page import page
from openworld3d.environment.requirements import requirements_of


def main() -> None:
    """Check; the page is always written, the report only where jobs may run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--environment", required=True, help="a file of envs/")
    parser.add_argument("--out", type=Path, required=True, help="the report, where the environment is sound, .json")
    parser.add_argument("--page", type=Path, required=True, help="the report as a page, .md")
    arguments = parser.parse_args()
    report = check(arguments.environment, requirements_of(arguments.environment))
    write(arguments.page, page(report))
    if report.stops:
        for finding in report.stops:
            print(f"error: environment {report.environment}: {finding.sentence()}", file=sys.stderr)
        sys.exit(1)
    write(arguments.out, json.dumps(report.as_json(), indent=1, sort_keys=True) + "\n")


def write(path: Path, text: str) -> None:
    """Write text atomically; what the file system refuses, as a full disk does, is one line."""
    temporary = path.with_name(f".{os.getpid()}.{path.name}")
    try:
        temporary.write_text(text, encoding="utf-8")
        os.replace(temporary, path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        sys.exit(f"error: {path}: {error.strerror}; make room or fix its permissions, and run again")


if __name__ == "__main__":
    main()
