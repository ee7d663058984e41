"""Record what a job is about to read and run: its config, inputs, code, packages, driver and cards."""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
from pathlib import Path

from openworld3d.environment.card import read_driver
from openworld3d.environment.installed import distributions
from openworld3d.files import write_json
from openworld3d.provenance import code_state, sha256_of_input
from openworld3d.workflow.modules import files_of_code


def main() -> None:
    """Read the arguments and write the record, before the job starts and what it reads can change."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--script", type=Path, required=True, help="the command of the job")
    parser.add_argument("--wildcards", required=True, help="as Snakemake prints them: name=value, ...")
    parser.add_argument("--config", type=json.loads, default={}, help="JSON: the job's slice of the config")
    parser.add_argument("--inputs", nargs="+", required=True)
    parser.add_argument(
        "--code", required=True, help="a digest, and the command and modules whose files it stands for"
    )
    parser.add_argument("--outputs", nargs="+", required=True)
    parser.add_argument("--out", type=Path, required=True, help="the record to write, .json")
    arguments = parser.parse_args()
    wildcards = dict(pair.split("=", 1) for pair in arguments.wildcards.split(", ") if pair)
    inputs = {*arguments.inputs, *files_of_code(arguments.code)}
    record = {
        "command": arguments.script.stem,
        "wildcards": wildcards,
        "config": arguments.config,
        "inputs": {path: sha256_of_input(Path(path)) for path in sorted(inputs)},
        "outputs": [path for path in arguments.outputs if path != str(arguments.out)],
        "code": code_state(),
        "slurm_job": os.environ.get("SLURM_JOB_ID"),
        # With another number of threads a network's sums are added in another order.
        "threads": os.environ.get("OMP_NUM_THREADS"),
        "software": {
            "platform": platform.platform(),
            "processor": processor(),
            "python": platform.python_version(),
            "packages": distributions(),
            "driver": read_driver().as_json(),
        },
    }
    write_json(arguments.out, record)


def processor() -> str:
    """Return the processor's name, as Linux knows it."""
    information = Path("/proc/cpuinfo")
    names = re.findall(r"model name\s*: (.+)", information.read_text()) if information.exists() else []
    return names[0] if names else platform.processor()


if __name__ == "__main__":
    main()
