"""Every plug-in on disk keeps the contract of its kind, as mypy reads it: no list of plug-ins is kept by hand."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from openworld3d import plugins

pytest.importorskip("mypy", reason="the older stacks have none")

ROOT = Path(__file__).resolve().parents[1]
# The Protocol that the modules of a kind implement, in the kind's `__init__.py`.
CONTRACTS = {
    "backbones": "BackboneModule",
    "datasets": "Dataset",
    "recipes": "RecipeModule",
    "scores": "Score",
}


def mypy(file: Path, text: str) -> str:
    """Return what mypy says of a file with some text, as it checks the project."""
    file.write_text(text)
    command = [sys.executable, "-m", "mypy", "--config-file", str(ROOT / "pyproject.toml"), str(file)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True).stdout


def assignments(kind: str, names: list[str]) -> str:
    """Return code that assigns each plug-in of a kind to the kind's Protocol."""
    lines = [f"from openworld3d.{kind} import {CONTRACTS[kind]}"]
    for name in names:
        lines += [
            f"import openworld3d.{kind}.{name}",
            f"{kind}_{name}: {CONTRACTS[kind]} = openworld3d.{kind}.{name}",
        ]
    return "\n".join(lines) + "\n"


def test_every_plugin_keeps_the_contract_of_its_kind(tmp_path: Path) -> None:
    text = "".join(
        assignments(kind, plugins.names_in(ROOT / f"workflow_scripts/openworld3d/{kind}")) for kind in CONTRACTS
    )
    assert mypy(tmp_path / "contracts.py", text).startswith("Success")


def test_module_that_keeps_no_contract_is_reported(tmp_path: Path) -> None:
    lines = [
        line
        for kind, name in CONTRACTS.items()
        for line in (f"from openworld3d.{kind} import {name}", f"{kind}: {name} = openworld3d.errors")
    ]
    said = mypy(tmp_path / "broken.py", "\n".join(["import openworld3d.errors", *lines]))
    assert said.count("Incompatible types in assignment (expression has type Module, variable has type") == 4


def literals_in(file: Path, contract: str = "") -> dict[str, str]:
    """Return the annotation of each literal that a file, or a class in it, declares in upper case."""
    tree = ast.parse(file.read_text())
    found = [node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == contract]
    return {
        node.target.id: ast.unparse(node.annotation)
        for node in (found[0].body if found else tree.body)
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.target.id.isupper()
    }


@pytest.mark.parametrize("kind", CONTRACTS)
def test_no_literal_is_misspelt(kind: str) -> None:
    """A literal with a default may be left out, so that one with another name would pass unseen."""
    folder = ROOT / "workflow_scripts/openworld3d" / kind
    defaults = literals_in(folder / "__init__.py")
    if not defaults:
        return
    declared = {**defaults, **literals_in(folder / "__init__.py", CONTRACTS[kind])}
    for name in plugins.names_in(folder):
        for literal, annotation in literals_in(folder / f"{name}.py").items():
            assert declared.get(literal) == annotation, f"{kind}/{name}.py: {literal}"
