"""Processes that end with the one that started them, however that ends."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Callable, Iterable, TypeVar

from openworld3d.errors import UserError

Task = TypeVar("Task")
PR_SET_PDEATHSIG = 1


def die_with_parent() -> None:
    """Let the kernel kill this process when its parent dies; on Linux alone."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def in_parallel(function: Callable[[Task], object], tasks: Iterable[Task], workers: int) -> None:
    """Call a function with each task, in so many processes; raises UserError where one is killed."""
    with ProcessPoolExecutor(workers, initializer=die_with_parent) as pool:
        try:
            list(pool.map(function, tasks))
        except BrokenProcessPool:
            raise UserError(
                "one of its processes was killed; give the job more memory or fewer threads, and run again"
            ) from None


def ancestors() -> list[int]:
    """Return this process's parent, its parent and so on, as far as /proc tells."""
    found = [os.getppid()]
    while found[-1] > 1:
        try:
            # A process may have any bytes for a name, which stands in parentheses.
            fields = Path(f"/proc/{found[-1]}/stat").read_bytes().rpartition(b")")[2].split()
        except OSError:
            break
        found.append(int(fields[1]))
    return found
