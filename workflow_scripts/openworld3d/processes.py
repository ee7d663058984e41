"""Processes that end with the one that started them, however that ends."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from pathlib import Path

PR_SET_PDEATHSIG = 1


def die_with_parent() -> None:
    """Let the kernel kill this process when its parent dies; on Linux alone."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


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
