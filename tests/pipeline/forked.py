"""Snakemake in processes that fork from one that has imported it."""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from tests import warm

ROOT = Path(__file__).resolve().parents[2]
# What pytest puts in the path; a copy of the pipeline brings its own.
OURS = {str(ROOT), str(ROOT / "workflow_scripts")}
FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(["snakemake.cli", "jsonschema"])


def snakemake(arguments: list[str], folder: Path, variables: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Run Snakemake in a folder, with these environment variables, and return its exit code and what it printed."""
    python = str(warm.executable())
    with tempfile.NamedTemporaryFile("r") as printed:
        forked = FORKS.Process(target=call, args=(arguments, folder, variables, printed.name, python))
        forked.start()
        forked.join()
        assert forked.exitcode is not None
        return subprocess.CompletedProcess(arguments, forked.exitcode, printed.read())


def call(arguments: list[str], folder: Path, variables: dict[str, str], printed: str, python: str) -> None:
    """Become what `python -m snakemake` would be."""
    from snakemake.cli import main  # of the process that this one forked from

    os.chdir(folder)
    os.environ.clear()
    os.environ.update(variables)
    with open(printed, "w") as file:
        for stream in (1, 2):
            os.dup2(file.fileno(), stream)
    sys.path[:] = [entry for entry in sys.path if entry not in OURS]
    sys.argv = ["snakemake", *arguments]
    sys.executable = python  # whose folder the jobs' commands are looked for in
    main(arguments)
