"""The Pythons of this machine as packages of a channel."""

from __future__ import annotations

import json

import pytest
from tests.conda.channels import Package, python_package
from tests.stacks.pythons import RUNNING, ask, find_python, version_of

CONDA_NAMES = {"torch": "pytorch", "torch-scatter": "pytorch-scatter", "numpy": "numpy", "scipy": "scipy"}


def packages_of(python: str) -> dict[str, str]:
    """Return, by its name in conda, the version of each package that a network needs and a Python has."""
    code = "import json; from importlib import metadata; "
    code += "print(json.dumps({each.metadata['Name']: each.version for each in metadata.distributions()}))"
    versions = {name.lower().replace("_", "-"): version for name, version in json.loads(ask(python, code)).items()}
    return {conda: versions[name].split("+")[0] for name, conda in CONDA_NAMES.items() if name in versions}


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
