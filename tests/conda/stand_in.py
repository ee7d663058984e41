"""A stand-in for the `conda` command: what Snakemake asks of it, answered by py-rattler's solver on local channels.

As for conda, CONDA_CHANNEL_ALIAS is the URL under which a channel's name is looked up, and CONDA_PKGS_DIRS the folder
of unpacked packages. A `pip:` section is not installed: its lines are written to `pip.txt` in the environment.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
from pathlib import Path

import yaml
from rattler import MatchSpec, Subdir, install, solve
from rattler.exceptions import SolverError

VERSION = "24.7.1"  # the oldest that Snakemake takes
PLATFORM = "linux-64"


def located(spec: str, alias: str) -> MatchSpec:
    """Return a line of `dependencies` with its channel's name turned into a URL."""
    channel, separator, rest = spec.rpartition("::")
    # Not strict: strict parsing refuses the `.` in the build strings of the pytorch channel.
    return MatchSpec(f"{alias}/{channel}::{rest}" if separator else spec, strict=False)


async def create(file: Path, prefix: Path) -> None:
    """Create the environment that a file describes."""
    alias = os.environ["CONDA_CHANNEL_ALIAS"]
    described = yaml.safe_load(file.read_text())
    channels = [f"{alias}/{name}" for name in described["channels"] if name != "nodefaults"]
    specs = [located(line, alias) for line in described["dependencies"] if isinstance(line, str)]
    records = await solve(channels, specs, platforms=[Subdir(PLATFORM), Subdir("noarch")])
    await install(records, prefix, cache_dir=Path(os.environ["CONDA_PKGS_DIRS"]), show_progress=False)
    pip = [line for entry in described["dependencies"] if isinstance(entry, dict) for line in entry["pip"]]
    (prefix / "pip.txt").write_text("".join(f"{line}\n" for line in pip))


def answer(arguments: list[str]) -> str:
    """Do what a command line of conda asks for and return what it prints."""
    if arguments == ["--version"]:
        return f"conda {VERSION}"
    if arguments == ["info", "--json"]:
        base = Path(__file__).resolve().parent / "base"
        return json.dumps({"conda_prefix": str(base), "platform": PLATFORM, "conda_version": VERSION})
    if arguments == ["config", "--get", "channel_priority", "--json"]:
        return json.dumps({"get": {"channel_priority": "strict"}})
    if arguments[:1] == ["clean"]:
        return ""
    if arguments[:2] != ["env", "create"]:
        sys.exit(f"the stand-in for conda does not know: conda {' '.join(arguments)}")
    parser = argparse.ArgumentParser()
    parser.add_argument("--quiet", action="store_true")
    parser.add_argument("--no-default-packages", action="store_true")
    parser.add_argument("--file", type=Path, required=True)
    parser.add_argument("--prefix", type=Path, required=True)
    options = parser.parse_args(arguments[2:])
    try:
        asyncio.run(create(options.file, options.prefix))
    except SolverError as error:
        sys.exit(str(error))
    return ""


if __name__ == "__main__":
    print(answer(sys.argv[1:]), flush=True)
    os._exit(0)  # py-rattler 0.28.0 sometimes aborts when its threads outlive the interpreter
