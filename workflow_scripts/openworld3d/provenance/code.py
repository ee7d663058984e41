"""The code of a command: its script, the project's files that it imports, and one digest of all of them."""

from __future__ import annotations

import ast
from functools import lru_cache
from importlib.util import resolve_name
from pathlib import Path
from typing import Iterator

from openworld3d.files import canonical_json, sha256_of, sha256_of_text
from openworld3d.plugins import LIBRARY, SCRIPTS, literal, literals_of, module_file, tree_of

DATA_FOLDER = "DATA_FOLDER"


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


@lru_cache(maxsize=None)
def digest_of_code(script: str, modules: tuple[str, ...], ignores: tuple[str, ...]) -> str:
    """Return the digest of the files that a command runs."""
    return digest_of(code_of(script, modules, ignores))


def digest_of(files: dict[str, str]) -> str:
    """Return one digest for files and their SHA-256."""
    return sha256_of_text(canonical_json(files))[:12]


def collect(file: Path, found: set[Path], left_out: set[Path]) -> None:
    """Add to `found` a file, the packages that hold it, and all that it imports of the project."""
    if file in found or file in left_out:
        return
    found.add(file)
    found.update(files_beside(file))
    for module in imported_modules(file):
        collect(module, found, left_out)
    for package in file.parents:
        if (package / "__init__.py").exists():
            collect(package / "__init__.py", found, left_out)


@lru_cache(maxsize=None)
def files_beside(file: Path) -> list[Path]:
    """Return the files of the folder beside a module that its literal `DATA_FOLDER` names, none without one."""
    if DATA_FOLDER not in literals_of(file):
        return []
    return [path for path in (file.parent / literal(file, DATA_FOLDER)).rglob("*") if path.is_file()]


@lru_cache(maxsize=None)
def imported_modules(file: Path) -> list[Path]:
    """Return the project's files that one file imports."""
    names = imported_names(tree_of(file), ".".join(file.relative_to(SCRIPTS).parent.parts))
    return [module_file(name) for name in names if name.split(".")[0] == LIBRARY and is_module(name)]


def imported_names(tree: ast.Module, package: str) -> Iterator[str]:
    """Yield each module that the import statements of a package's file may mean; `from a import b` may mean `a.b`."""
    for node in statements(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            module = resolve_name("." * node.level + (node.module or ""), package)
            yield module
            yield from (f"{module}.{alias.name}" for alias in node.names)


def statements(tree: ast.AST) -> Iterator[ast.AST]:
    """Yield what a tree holds but for expressions, which are most of it and import nothing."""
    for block in ("body", "orelse", "finalbody", "handlers", "cases"):
        for node in getattr(tree, block, []):
            yield node
            yield from statements(node)


def is_module(name: str) -> bool:
    """Tell whether a dotted name is a file or package of the project."""
    return module_file(name).exists()
