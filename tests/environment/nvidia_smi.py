"""A stand-in for nvidia-smi that lists the GPUs that a test wants."""

from __future__ import annotations

from pathlib import Path
from typing import Sequence

MODEL = "NVIDIA RTX 3090"


def uuid(index: int) -> str:
    return f"GPU-{index}{index}{index}{index}5d5b-a0d6-d33d-2b2c-524e3e3d8aa1"


def row(index: int, used: int | str = 4, model: str = MODEL, mig: str = "[N/A]") -> str:
    """Return a GPU as nvidia-smi prints it for the fields that are asked for."""
    return f"{index}, {uuid(index)}, {model}, {used}, {mig}"


def install(folder: Path, rows: Sequence[str], listed: Sequence[str] = (), status: int = 0) -> Path:
    """Write the program into a folder that belongs in front of the path, and return the folder."""
    folder.mkdir(exist_ok=True)
    for name, lines in (("query", rows), ("list", listed)):
        (folder / name).write_text("".join(f"{line}\n" for line in lines))
    program = folder / "nvidia-smi"
    program.write_text(
        f'#!/bin/sh\n[ "$1" = -L ] && exec cat {folder}/list\n'
        '[ "$1" = --query-gpu=index,uuid,name,memory.used,mig.mode.current ] || exit 2\n'
        f'[ "$2" = --format=csv,noheader,nounits ] || exit 2\ncat {folder}/query\nexit {status}\n'
    )
    program.chmod(0o755)
    return folder
