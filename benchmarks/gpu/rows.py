"""What the parts of on_a_gpu.py share: where they run, how they time, and the rows that they return."""

from __future__ import annotations

import importlib
import resource
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Callable, Dict

import torch

Row = Dict[str, Any]  # a column's title -> a number, a text, or for `agrees` whether the row is as it must be


@dataclass(frozen=True)
class Setting:
    """Whether everything runs small on the CPU, and the folder with the generated scenes."""

    dry: bool
    folder: Path

    @property
    def device(self) -> torch.device:
        """Return where networks run."""
        return torch.device("cpu" if self.dry else "cuda")

    def pick(self, whole: Any, dry: Any) -> Any:
        """Return the first where this is a measurement, else the second."""
        return dry if self.dry else whole


def wait(device: torch.device) -> None:
    """Wait for all that a GPU was told to do."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def seconds(function: Callable[[], Any], device: torch.device, rounds: int) -> float:
    """Return the mean seconds of a call over some rounds, after one to warm up."""
    function()
    wait(device)
    began = time.perf_counter()
    for _ in range(rounds):
        function()
    wait(device)
    return (time.perf_counter() - began) / rounds


def forget_peak(device: torch.device) -> None:
    """Start to measure the peak of memory anew, on a GPU."""
    if device.type == "cuda":
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats(device)


def peak(device: torch.device) -> float:
    """Return the peak of allocated memory in GB: the GPU's since `forget_peak`, or the process's."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device) / 1e9
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9


def version_of(name: str) -> str | None:
    """Return the version of a package, None where it cannot be imported."""
    try:
        return str(getattr(importlib.import_module(name), "__version__", "of unknown version"))
    except ImportError:
        return None


def markdown(rows: list[Row]) -> str:
    """Return a table of all columns in the order in which rows first have them."""
    columns = list(dict.fromkeys(name for row in rows for name in row))
    if not columns:
        return "nothing was measured"
    lines = [f"| {' | '.join(columns)} |", f"|{'---|' * len(columns)}"]
    lines += [f"| {' | '.join(shown(row.get(name, '')) for name in columns)} |" for row in rows]
    return "\n".join(lines)


def shown(value: Any) -> str:
    """Return a cell's text: numbers to four digits."""
    if isinstance(value, bool):
        return "yes" if value else "NO"
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value:.4g}" if isinstance(value, float) else str(value)
