"""Snakemake that asks Slurm every second what has ended; the plugin waits the longer, the longer nothing has."""

from __future__ import annotations

from snakemake.cli import main
from snakemake_executor_plugin_slurm import Executor


def every_second(executor: Executor) -> float:
    return 1.0


def leave(executor: Executor, seconds: float) -> None:
    """Let the plugin set what it likes."""


Executor.next_seconds_between_status_checks = property(every_second, leave)

if __name__ == "__main__":
    main()
