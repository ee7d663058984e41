"""How many threads a metric may use."""

from __future__ import annotations

import os


def threads() -> int:
    """Return what OMP_NUM_THREADS allows, which Snakemake sets to a rule's threads, or else all processors."""
    allowed = os.environ.get("OMP_NUM_THREADS", "").split(",")[0]
    return int(allowed) if allowed.isdigit() and int(allowed) else os.cpu_count() or 1
