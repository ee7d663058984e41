"""Which Pythons this machine has: the one that runs the tests, the stacks of `make test-old`, those in the PATH."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.conda.channels import Package, python_package

STACKS = Path(os.environ.get("OPENWORLD3D_STACKS", Path.home() / ".cache/openworld3d/stacks"))
OLDEST = "py38_torch1.8.1"
RUNNING = f"{sys.version_info.major}.{sys.version_info.minor}"
CONDA_NAMES = {"torch": "pytorch", "torch-scatter": "pytorch-scatter", "numpy": "numpy", "scipy": "scipy"}


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


def packages_of(python: str) -> dict[str, str]:
    """Return, by its name in conda, the version of each package that a network needs and a Python has."""
    code = "import json; from importlib import metadata; "
    code += "print(json.dumps({each.metadata['Name']: each.version for each in metadata.distributions()}))"
    versions = {name.lower().replace("_", "-"): version for name, version in json.loads(ask(python, code)).items()}
    return {conda: versions[name].split("+")[0] for name, conda in CONDA_NAMES.items() if name in versions}


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


def pythons() -> list[Package]:
    """Return the Pythons that envs/ pins as packages, an empty one where this machine has none."""
    found = {version: find_python(version) for version in ("3.8", "3.11")}
    return [
        python_package("conda-forge", version_of(python), python)
        if python
        else Package("conda-forge", "python", version)
        for version, python in found.items()
    ]


def require_python_of_metrics() -> None:
    """Skip a test that runs the metrics' environment where the tests run on another Python than it pins."""
    if RUNNING != "3.11":
        pytest.skip(f"envs/metrics.yaml pins Python 3.11, and these tests run on {RUNNING}")
