"""Measurements in processes of their own, whose peak memory is then theirs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from statistics import median
from typing import Any, Callable, Iterable


def peak() -> float:
    """Return the process's peak memory so far in GB; getrusage would count the process that started this one."""
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return int(status["VmHWM"].split()[0]) * 1024 / 1e9


def in_own_process(script: str, *options: object, **variables: str) -> Any:
    """Run a script in a process of its own, with more environment variables, and return the JSON that it prints."""
    command = [sys.executable, script, *map(str, options)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, env={**os.environ, **variables})
    return json.loads(done.stdout)


def medians(
    sides: Iterable[str], rounds: int, measure: Callable[[str], dict[str, float]]
) -> dict[str, dict[str, float]]:
    """Let sides take turns, and return the median of each number of theirs."""
    runs: dict[str, list[dict[str, float]]] = {side: [] for side in sides}
    for _ in range(rounds):
        for side, measured in runs.items():
            measured.append(measure(side))
    return {
        side: {name: median(run[name] for run in measured) for name in measured[0]} for side, measured in runs.items()
    }
