"""Imports within the library point downwards, from package to package, and its modules form no circle."""

from __future__ import annotations

from pathlib import Path

import pytest
from graphlib import TopologicalSorter

from openworld3d.plugins import LIBRARY, SCRIPTS
from openworld3d.provenance.code import imported_modules

ROOT = Path(__file__).resolve().parents[1]
# A package imports from those before it.
ORDER = (
    "errors",
    "files",
    "arrays",
    "plugins",
    "processes",
    "scenes",
    "protocols",
    "raw",
    "datasets",
    "generators",
    "networks",
    "backbones",
    "pseudo_labels",
    "recipes",
    "inference",
    "saved_outputs",
    "scores",
    "scoring",
    "metrics",
    "training",
    "provenance",
    "reports",
    "published",
    "environment",
    "workflow",
    "commands",
)


@pytest.fixture(autouse=True)
def _in_the_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


def imports() -> dict[Path, list[Path]]:
    """Return which files of the library each of them imports."""
    return {file: imported_modules(file) for file in sorted((SCRIPTS / LIBRARY).rglob("*.py"))}


def package_of(file: Path) -> str:
    """Return the package, or the module of the top level, that a file is of."""
    return file.relative_to(SCRIPTS / LIBRARY).parts[0].removesuffix(".py")


def test_every_package_has_its_place() -> None:
    assert {package_of(file) for file in imports()} == {*ORDER, "__init__"}


def test_no_package_imports_from_one_above_it() -> None:
    assert [
        f"{file} imports {other}"
        for file, others in imports().items()
        for other in others
        if "__init__" not in (package_of(file), package_of(other))
        and ORDER.index(package_of(other)) > ORDER.index(package_of(file))
    ] == []


def test_modules_form_no_circle() -> None:
    TopologicalSorter(imports()).prepare()  # raises CycleError, which names the circle
