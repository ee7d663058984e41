"""Which Pythons this machine has: the one that runs the tests, the stacks of `make test-old`, those in the PATH."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

STACKS = Path(os.environ.get("OPENWORLD3D_STACKS", Path.home() / ".cache/openworld3d/stacks"))
OLDEST = "py38_torch1.8.1"
RUNNING = f"{sys.version_info.major}.{sys.version_info.minor}"


def ask(python: str, code: str) -> str:
    """Return what a line of Python prints, nothing where the interpreter does not start."""
    # A shim of pyenv named python3.8 starts that Python where it is told so, and nothing otherwise.
    variables = {**os.environ, "PYENV_VERSION": python.rpartition("python")[2]}
    try:
        done = subprocess.run([python, "-c", code], env=variables, stdout=subprocess.PIPE, text=True)
    except FileNotFoundError:
        return ""
    return done.stdout.strip()


def version_of(python: str) -> str:
    """Return the version that an interpreter says it has."""
    return ask(python, "import platform; print(platform.python_version())")


def stack_python(name: str) -> str:
    """Return the Python of a stack of `make test-old`; a test without its stack is skipped."""
    if not (STACKS / name / "pins.txt").exists():
        pytest.skip(f"{STACKS / name} is not there; make test-old builds it")
    return str(STACKS / name / "bin/python")


def find_python(version: str) -> str:
    """Return a Python of a version, nothing where there is none."""
    if version == RUNNING:
        return sys.executable
    oldest = STACKS / OLDEST
    if version == "3.8" and (oldest / "pins.txt").exists():
        return str(oldest / "bin/python")
    return ask(f"python{version}", "import sys; print(sys.executable)")
