"""A Slurm that does not answer, as while its controller restarts: no job has ended for that."""

from __future__ import annotations

from types import ModuleType
from typing import Any, Callable, Coroutine, Optional, Tuple

Answer = Tuple[Optional[dict[str, str]], Optional[float]]
Query = Callable[[str, Any], Coroutine[Any, Any, Answer]]


def keep_jobs(plugin: ModuleType) -> None:
    """Let Snakemake's Slurm plugin keep its jobs where Slurm does not answer, and ask again.

    The plugin's `check_active_jobs` (2.8.0) gives no job back where each query failed, so that Snakemake would wait
    for ever for the end of jobs that nobody asks for.
    """
    plugin.query_job_status = answered(plugin.query_job_status)  # type: ignore[attr-defined]


def answered(query: Query) -> Query:
    """Return a query that tells of no job, in place of None, where Slurm does not answer."""

    async def ask(command: str, logger: Any) -> Answer:
        states, seconds = await query(command, logger)
        if states is None:
            logger.warning("Slurm does not say which jobs have ended; it will be asked again.")
            return {}, 0.0
        return states, seconds

    return ask
