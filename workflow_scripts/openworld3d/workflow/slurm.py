"""Slurm's queue: cancel what a killed Snakemake left there, and keep jobs while the controller does not answer."""

from __future__ import annotations

import getpass
import os
import shutil
import subprocess
import time
from pathlib import Path
from types import ModuleType
from typing import Any, Callable, Coroutine, Iterable, Optional, Tuple

from openworld3d.errors import UserError
from openworld3d.provenance.records import NOTE

Answer = Tuple[Optional[dict[str, str]], Optional[float]]
Query = Callable[[str, Any], Coroutine[Any, Any, Answer]]

SECONDS_TO_END = 300
SECONDS_BETWEEN_LOOKS = 2


def end_orphans(jobs: Iterable[str]) -> list[str]:
    """Cancel those of some Slurm jobs that are still in the queue, wait until they have left it, and return them.

    A job of another folder is none of them, as ids repeat, nor is the one in which this call itself runs. Raises
    UserError where the queue cannot be asked, and where a job is another user's or does not end.
    """
    jobs = set(jobs) - {os.environ.get("SLURM_JOB_ID")}
    if not jobs or not shutil.which("squeue"):
        return []
    orphans = {job: user for job, user in queued().items() if job in jobs}
    others = sorted(job for job, user in orphans.items() if user != getpass.getuser())
    if others:
        raise UserError(
            f"Slurm job {others[0]} of {orphans[others[0]]} still makes files that this call would make; wait until "
            "it has ended, or ask its owner to cancel it"
        )
    if orphans:
        subprocess.run(["scancel", *sorted(orphans)])  # what does not end is reported below
    wait_for_end(set(orphans))
    return sorted(orphans)


def job_in_note(record: Path) -> set[str]:
    """Return the Slurm job that is noted as writing a record, if there is one."""
    note = Path(f"{record}{NOTE}")
    return {note.read_text(encoding="utf-8")} if note.exists() else set()


def queued() -> dict[str, str]:
    """Return the user of each job of this folder that is queued or running, by its id."""
    done = subprocess.run(
        ["squeue", "--noheader", "--format=%i %u %Z"], capture_output=True, encoding="utf-8", errors="replace"
    )
    if done.returncode != 0:
        raise UserError(
            f"squeue says {done.stderr.strip()!r}, so that jobs of an earlier call may still run; call again when it "
            "answers"
        )
    jobs = [line.split(maxsplit=2) for line in done.stdout.splitlines()]
    return {job[0]: job[1] for job in jobs if len(job) == 3 and Path(job[2]) == Path.cwd()}


def wait_for_end(jobs: set[str]) -> None:
    """Return when none of the jobs is in the queue any more."""
    for _ in range(SECONDS_TO_END // SECONDS_BETWEEN_LOOKS):
        left = jobs & set(queued())
        if not left:
            return
        time.sleep(SECONDS_BETWEEN_LOOKS)
    raise UserError(
        f"Slurm job {min(left)} was cancelled and does not end within {SECONDS_TO_END} s; look with scontrol show job"
    )


def keep_jobs(plugin: ModuleType) -> None:
    """Let Snakemake's Slurm plugin keep its jobs where Slurm does not answer, and ask again.

    The plugin's `check_active_jobs` (2.8.0) gives no job back where each query failed, so that Snakemake would wait
    for ever for the end of jobs that nobody asks for.
    """
    plugin.query_job_status = answered(plugin.query_job_status)  # type: ignore[attr-defined]


def answered(query: Query) -> Query:
    """Return a query that reports no job, in place of None, where Slurm does not answer."""

    async def ask(command: str, logger: Any) -> Answer:
        states, seconds = await query(command, logger)
        if states is None:
            logger.warning("Slurm does not answer which jobs have ended; asking again.")
            return {}, 0.0
        return states, seconds

    return ask
