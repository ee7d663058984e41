"""Reject late settings of CUDA_VISIBLE_DEVICES: `import torch_scatter` starts CUDA, which reads the variable once."""

from __future__ import annotations

import ast
import os
import sys
from pathlib import Path
from typing import Iterable

from openworld3d.errors import UserError

VARIABLE = "CUDA_VISIBLE_DEVICES"
LATE = "CUDA_VISIBLE_DEVICES is set where torch is already imported, which has no effect"
REMEDY = "set it before Python starts: CUDA_VISIBLE_DEVICES=0 snakemake ..., or let Slurm set it"
STARTS_CUDA = ("torch", "openworld3d", "spconv")
INITIAL_ENVIRONMENT = Path("/proc/self/environ")


def refuse_late_settings(files: Iterable[Path]) -> None:
    """Reject code that sets the variable after an import of torch, or anywhere in the library."""
    for file in files:
        text = file.read_text(encoding="utf-8")
        if VARIABLE in text:
            line = late_setting(ast.parse(text, str(file)), "openworld3d" in file.parts)
            if line:
                raise UserError(f"{file}, line {line}: {LATE}; {REMEDY}")


def late_setting(tree: ast.AST, torch_is_there: bool) -> int | None:
    """Return the line of the first late setting, None where there is none."""
    nodes = list(ast.walk(tree))
    imports = [node.lineno for node in nodes if isinstance(node, (ast.Import, ast.ImportFrom)) and starts_cuda(node)]
    settings = [node.lineno for node in nodes if isinstance(node, ast.expr) and sets_variable(node)]
    first = 0 if torch_is_there else min(imports, default=sys.maxsize)
    return min((line for line in settings if line > first), default=None)


def starts_cuda(node: ast.Import | ast.ImportFrom) -> bool:
    """Return whether an import may start CUDA."""
    names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else [node.module or ""]
    return any(name.split(".")[0].startswith(STARTS_CUDA) for name in names)


def sets_variable(node: ast.expr) -> bool:
    """Return whether an expression sets the variable, by assignment or by a call."""
    if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store):
        return any(isinstance(part, ast.Constant) and part.value == VARIABLE for part in ast.walk(node.slice))
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        name, keywords = node.func.attr, [keyword.arg for keyword in node.keywords]
        first = node.args[0] if node.args else None
        named = isinstance(first, ast.Constant) and first.value == VARIABLE
        return (name in ("setdefault", "putenv") and named) or (name == "update" and VARIABLE in keywords)
    return False


def refuse_late_devices() -> None:
    """Raise UserError where the variable has changed since this process started, as far as Linux tells."""
    if not INITIAL_ENVIRONMENT.exists():
        return
    entries = INITIAL_ENVIRONMENT.read_bytes().split(b"\0")
    before = next(
        (entry.decode().split("=", 1)[1] for entry in entries if entry.startswith(f"{VARIABLE}=".encode())), None
    )
    if os.environ.get(VARIABLE) != before:
        raise UserError(
            f"{VARIABLE} was {before!r} when Python started and is now {os.environ.get(VARIABLE)!r}: {LATE}; {REMEDY}"
        )
