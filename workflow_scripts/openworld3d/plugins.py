"""Find plug-ins by kind and name, so that adding one is adding a file, and read their literals without an import."""

from __future__ import annotations

import ast
import importlib
from dataclasses import fields
from functools import lru_cache
from pathlib import Path
from types import ModuleType
from typing import Any, Mapping, TypeVar

from openworld3d.errors import UserError, nearest

SCRIPTS = Path("workflow_scripts")
LIBRARY = "openworld3d"
T = TypeVar("T")


def load(kind: str, name: str) -> ModuleType:
    """Import `openworld3d.{kind}.{name}`; `kind` is a folder of this library, `name` one of its files."""
    choices = names_in(Path(__file__).parent / kind)
    if name not in choices:
        raise UserError(
            f"{kind}: there is no {name!r}{nearest(name, choices)}; choose one of {', '.join(choices)}, "
            f"or add openworld3d/{kind}/{name}.py"
        )
    return importlib.import_module(f"{LIBRARY}.{kind}.{name}")


def pick(kind: type[T], keys: Mapping[str, Any]) -> T:
    """Return a dataclass whose fields are the keys of the same names."""
    return kind(**{field.name: keys[field.name] for field in fields(kind)})  # type: ignore[arg-type]


def plugin_names(kind: str) -> list[str]:
    """Return the names of the modules of one kind: `scores`, `recipes`, `datasets` or `backbones`."""
    return names_in(scripts() / LIBRARY / kind)


def scripts() -> Path:
    """Return the folder of the library: in a checkout that of the checkout, as keys name its files, else its own."""
    return SCRIPTS if (SCRIPTS / LIBRARY).is_dir() else Path(__file__).resolve().parents[1]


def names_in(folder: Path, ending: str = ".py") -> list[str]:
    """Return the names of a folder's files, by default modules, but for those that begin with an underscore.

    What editors, file managers and macOS leave beside them, `.#msp.py`, `msp (copy).py` or `._msp.py`, is none.
    """
    names = (file.stem for file in folder.glob(f"*{ending}"))
    return sorted(name for name in names if name.isidentifier() and not name.startswith("_"))


@lru_cache(maxsize=None)
def declared(kind: str, name: str, what: str) -> Any:
    """Return the literal `what` of a module of one kind, or the default in the kind's package where it has none."""
    file, package = module_file(f"{LIBRARY}.{kind}.{name}"), module_file(f"{LIBRARY}.{kind}")
    return literal(package if what in literals_of(package) and what not in literals_of(file) else file, what)


def literal(file: Path, name: str) -> Any:
    """Return the value of a module's annotated literal, read without importing the module and its packages."""
    if name not in literals_of(file):
        raise UserError(f"{file}: it assigns no {name}; add it with its type, as the other files beside it do")
    return ast.literal_eval(literals_of(file)[name])


@lru_cache(maxsize=None)
def literals_of(file: Path) -> dict[str, ast.expr]:
    """Return the values that a module assigns with an annotation, or imports from a module beside it, by name."""
    found: dict[str, ast.expr] = {}
    for node in tree_of(file).body:
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value is not None:
            found[node.target.id] = node.value
        elif isinstance(node, ast.ImportFrom) and str(node.module).startswith(f"{LIBRARY}.{file.parent.name}."):
            others = literals_of(module_file(str(node.module)))
            found.update({alias.name: others[alias.name] for alias in node.names if alias.name in others})
    return found


@lru_cache(maxsize=None)
def tree_of(file: Path) -> ast.Module:
    """Return a file's syntax tree; thousands of jobs share a few files."""
    return ast.parse(file.read_text(encoding="utf-8"), str(file))


def module_file(name: str) -> Path:
    """Return the file of a dotted module name."""
    path = scripts().joinpath(*name.split("."))
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
