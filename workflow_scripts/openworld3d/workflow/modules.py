"""Which files of the project a command runs: the script, what it imports, and what that imports."""

from __future__ import annotations

import ast
from functools import lru_cache
from pathlib import Path
from typing import Any, Iterator

from openworld3d.errors import UserError
from openworld3d.files import canonical_json, sha256_of, sha256_of_text

SCRIPTS = Path("workflow_scripts")
LIBRARY = "openworld3d"


@lru_cache(maxsize=None)
def code_of(script: str, modules: tuple[str, ...] = (), ignores: tuple[str, ...] = ()) -> dict[str, str]:
    """Return the SHA-256 of each file that a command runs: its script, what that imports, and what that imports.

    modules: those that it loads by name, such as `scores.msp`, which no import statement shows. ignores: those whose
    content does not change what the command makes; what they alone import does not count either.
    """
    left_out = {module_file(f"{LIBRARY}.{module}") for module in ignores}
    found: set[Path] = set()
    for file in (SCRIPTS / script, *(module_file(f"{LIBRARY}.{module}") for module in modules)):
        collect(file, found, left_out)
    return {str(file): sha256_of(file) for file in sorted(found)}


def digest_of(files: dict[str, str]) -> str:
    """Return one digest for files and their SHA-256."""
    return sha256_of_text(canonical_json(files))[:12]


def collect(file: Path, found: set[Path], left_out: set[Path]) -> None:
    """Add to `found` a file, the packages that hold it, and all that it imports of the project."""
    if file in found or file in left_out:
        return
    found.add(file)
    for module in imported_modules(file):
        collect(module, found, left_out)
    for package in file.parents:
        if (package / "__init__.py").exists():
            collect(package / "__init__.py", found, left_out)


@lru_cache(maxsize=None)
def tree_of(file: Path) -> ast.Module:
    """Return a file's syntax tree; thousands of jobs ask for the same few."""
    return ast.parse(file.read_text(), str(file))


@lru_cache(maxsize=None)
def imported_modules(file: Path) -> list[Path]:
    """Return the project's files that one file imports."""
    names = imported_names(tree_of(file))
    return [module_file(name) for name in names if name.split(".")[0] == LIBRARY and is_module(name)]


def imported_names(tree: ast.Module) -> Iterator[str]:
    """Yield each module that a file's import statements may mean; `from a import b` may mean `a.b`."""
    for node in statements(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def statements(tree: ast.AST) -> Iterator[ast.AST]:
    """Yield what a tree holds but for expressions, which are most of it and import nothing."""
    for block in ("body", "orelse", "finalbody", "handlers", "cases"):
        for node in getattr(tree, block, []):
            yield node
            yield from statements(node)


def is_module(name: str) -> bool:
    """Tell whether a dotted name is a file or package of the project."""
    return module_file(name).exists()


def module_file(name: str) -> Path:
    """Return the file of a dotted module name."""
    path = SCRIPTS.joinpath(*name.split("."))
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


def plugin_names(kind: str) -> list[str]:
    """Return the names of the modules of one kind: `scores`, `recipes`, `datasets` or `backbones`."""
    return sorted(file.stem for file in (SCRIPTS / LIBRARY / kind).glob("*.py") if file.stem != "__init__")


def declared(kind: str, name: str, what: str) -> Any:
    """Return the literal `what` of a module of one kind."""
    return literal(module_file(f"{LIBRARY}.{kind}.{name}"), what)


@lru_cache(maxsize=None)
def literal(file: Path, name: str) -> Any:
    """Return the value of a module's literal assignment, read without importing the module and its packages."""
    for node in tree_of(file).body:
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.target.id == name:
            assert node.value is not None
            return ast.literal_eval(node.value)
    raise UserError(f"{file}: it assigns no {name}; add it with its type, as the other files beside it do")
