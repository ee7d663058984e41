"""A tiny project, whose one script adds the numbers of files that jobs before have made."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, Dict

import pytest
from tests.commands.conftest import SCRIPTS
from tests.forgetting import forget

from openworld3d.files import write_json
from openworld3d.provenance.code import code_of, digest_of
from openworld3d.provenance.records import describe, record_file
from openworld3d.workflow.outside import Outside, identity_of

KEY = "abcdefghijkl"
FOLDER = "results/sums"
OUT = f"{FOLDER}/{KEY}/sum.json"
RECORD = f"{FOLDER}/{KEY}/sum.provenance.json"
NOTE = Path(f"{RECORD}.slurm")
ADD = "workflow_scripts/add.py"
LIBRARY = "workflow_scripts/openworld3d/arithmetic.py"
# Adds numbers, and does what the config says first.
SCRIPT = """
import argparse, json, os, signal, sys, time
from pathlib import Path
from openworld3d.arithmetic import add

parser = argparse.ArgumentParser(fromfile_prefix_chars="@")
parser.add_argument("--config", type=json.loads)
parser.add_argument("--numbers", type=Path, nargs="*")
parser.add_argument("--scenes", type=Path)
parser.add_argument("--raw", type=Path)
parser.add_argument("--saved", type=Path)
parser.add_argument("--shard")
parser.add_argument("--out", type=Path)
arguments = parser.parse_args()
arguments.out.parent.mkdir(parents=True, exist_ok=True)
Path("started").write_text(str(os.getpid()))
exec(arguments.config.get("first", ""))
total = add(json.loads(file.read_text()) for file in arguments.numbers)
arguments.out.write_text(json.dumps({"total": total, "shard": arguments.shard}))
"""
INPUTS = {
    "numbers": "results/numbers/kkkkkkkkkkkk/three.json",
    "scenes": "results/scenes/kkkkkkkkkkkk/manifest.json",
    "raw": "results/raw/kkkkkkkkkkkk/raw",
}
READ = [*INPUTS.values(), "results/scenes/kkkkkkkkkkkk/hall.npz", "results/raw/kkkkkkkkkkkk/raw/scans/hall.bin"]
SAVED = "what somebody saved"
Job = Dict[str, Any]


def write_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Write the project and what jobs before have made of it, go there, and return its folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("OPENWORLD3D_CALL", raising=False)
    monkeypatch.delenv("SLURM_JOB_ID", raising=False)
    texts = {
        ADD: SCRIPT,
        LIBRARY: "add = sum\n",
        "workflow_scripts/openworld3d/__init__.py": "",
        "theirs/hall.npy": SAVED,
        **{file: "3.25000000" for file in READ if "." in Path(file).name},
    }
    for name, text in texts.items():
        file = Path(name)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    Path(INPUTS["scenes"]).write_text('{"scenes": [{"name": "hall"}]}')
    for path in INPUTS.values():
        write_json(Path(record_of(path)), {"outputs": {path: describe(Path(path))}})
    return tmp_path


def record_of(path: str) -> str:
    folder, name = path.rsplit("/", 1)
    return f"{folder}/{record_file(name)}"


def code() -> dict[str, str]:
    forget()
    return code_of("add.py")


def job(first: str = "", outside: Outside | None = None, **changed: Any) -> Job:
    """Return the job as it is planned now."""
    parts = {"config": {"first": first}, "code": digest_of(code()), "inputs": {}, "environment": "e"}
    if outside is not None:
        parts["outside"] = identity_of(outside, FOLDER, again=True)
    return {
        "step": "add",
        "wildcards": {"seed": "0"},
        "key": KEY,
        "folder": FOLDER,
        "parts": parts,
        "script": "add.py",
        "modules": [],
        "ignores": [],
        "inputs": {name: [path] for name, path in INPUTS.items()},
        "records": {path: record_of(path) for path in INPUTS.values()},
        "outputs": {"out": OUT},
        "outside": None if outside is None else outside._asdict(),
        "record": RECORD,
        "elsewhere": "",
        **changed,
    }


def run(asked: Job, *options: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a job."""
    command = [sys.executable, str(SCRIPTS / "job.py"), "--", *options]
    environment = {**os.environ, **variables}
    return subprocess.run(command, input=json.dumps(asked), env=environment, capture_output=True, text=True)
