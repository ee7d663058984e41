"""Find a module by kind and name, so that adding one is adding a file."""

from __future__ import annotations

import importlib
from pathlib import Path
from types import ModuleType

from openworld3d.errors import UserError, nearest


def load(kind: str, name: str) -> ModuleType:
    """Import `openworld3d.{kind}.{name}`; `kind` is a folder of this library, `name` one of its files."""
    folder = Path(__file__).parent / kind
    choices = sorted(path.stem for path in folder.glob("*.py") if not path.stem.startswith("_"))
    if name not in choices:
        raise UserError(
            f"{kind}: there is no {name!r}{nearest(name, choices)}; choose one of {', '.join(choices)}, "
            f"or add openworld3d/{kind}/{name}.py"
        )
    return importlib.import_module(f"openworld3d.{kind}.{name}")
