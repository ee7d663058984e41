"""What a call of Snakemake prints: which jobs there are, when long ones start and end, and what went wrong."""

from __future__ import annotations

import logging
import time
from pathlib import Path
from typing import Any, Iterator, NamedTuple

from openworld3d.workflow.steps import STEPS

MINUTES_OF_LONG_JOBS = 60  # the `runtime` that a rule asks for; jobs of seconds ask for ten
SECONDS_BETWEEN_COUNTS = 30.0
LINES_OF_A_LOG = 20
# What Snakemake says of itself in messages that are no events.
CHATTER = (
    "Building DAG",
    "Conda environments: ignored",
    "Removing output files",
    "Select jobs",
    "Singularity containers: ignored",
    "Using shell",
)
SILENT = ("job_started", "resources_info", "shellcmd", "workflow_started")


class Job(NamedTuple):
    """What a job does and where its log is, when it started, and whether it may take long."""

    text: str
    started: float
    long: bool


def speak_plainly(logger: logging.Logger) -> None:
    """Let a `Terminal` take the place of the handler that prints Snakemake's log; its file has all that it had."""
    for handler in list(logger.handlers):
        if isinstance(handler, logging.StreamHandler) and handler.name == "DefaultStreamHandler":
            logger.removeHandler(handler)
            logger.addHandler(Terminal(handler.stream))


class Terminal(logging.StreamHandler):
    """Prints when jobs of minutes start and end, what is known of a failure, and now and then how many are done."""

    def __init__(self, stream: Any) -> None:
        super().__init__(stream)
        self.jobs: dict[int, Job] = {}
        self.counted = time.monotonic()

    def emit(self, record: logging.LogRecord) -> None:
        """Print what a record is worth to a person."""
        try:
            for line in self.lines(record):
                self.stream.write(f"{line}\n")
            self.flush()
        except Exception:
            self.handleError(record)

    def lines(self, record: logging.LogRecord) -> Iterator[str]:
        """Yield the lines of an event of Snakemake, or of a message that is none."""
        event, said = getattr(record, "event", None), vars(record)
        if event == "job_info":
            yield from self.start(said)
        elif event == "job_finished":
            yield from self.finish(said["job_id"])
        elif event == "job_error":
            yield from self.fail(said)
        elif event == "progress":
            yield from self.count(said["done"], said["total"])
        elif event not in SILENT and record.msg and not record.getMessage().startswith(CHATTER):
            yield record.getMessage()

    def start(self, said: dict[str, Any]) -> Iterator[str]:
        """Yield a line for a job of minutes that starts, or that a cluster is given."""
        long = said["rule_name"] in STEPS and said["resources"].get("runtime", 0) >= MINUTES_OF_LONG_JOBS
        text = f"{in_words(said['rule_name'], said['wildcards'])}, log {', '.join(said['log'])}"
        self.jobs[said["jobid"]] = Job(text, time.monotonic(), long)
        if long:
            yield f"{now()} started: {text}"

    def finish(self, number: int) -> Iterator[str]:
        """Yield a line for a job of minutes that has ended well."""
        job = self.jobs.get(number)
        if job is not None and job.long:
            yield f"{now()} done after {duration(time.monotonic() - job.started)}: {job.text}"

    def fail(self, said: dict[str, Any]) -> Iterator[str]:
        """Yield which job has failed, what is known of that, and the last lines of its logs."""
        job = self.jobs.get(said["jobid"], Job(said["rule_name"], time.monotonic(), False))
        yield f"{now()} FAILED after {duration(time.monotonic() - job.started)}: {job.text}"
        yield from (f"    {line}" for line in [said["rule_msg"]] if line)
        yield from (f"    {name}: {value}" for name, value in said["aux"].items())
        for log in said["log"]:
            yield f"The end of {log}:"
            yield from last_lines(Path(log))

    def count(self, done: int, total: int) -> Iterator[str]:
        """Yield how many jobs are done, unless that was said just now."""
        if time.monotonic() - self.counted >= SECONDS_BETWEEN_COUNTS or done == total:
            self.counted = time.monotonic()
            yield f"{now()} {done} of {total} jobs are done"


def in_words(rule: str, wildcards: dict[str, Any]) -> str:
    """Return what a job does: `training (protocol sofa, recipe closed_set, seed 0)`."""
    named = ", ".join(f"{name} {value}" for name, value in wildcards.items() if name != "key")
    return f"{STEPS[rule].noun if rule in STEPS else rule} ({named})"


def now() -> str:
    """Return the time of day."""
    return time.strftime("%H:%M:%S")


def duration(seconds: float) -> str:
    """Return a duration as people say it: `4 s`, `2 min 10 s`, `3 h 5 min`."""
    minutes, rest = divmod(round(seconds), 60)
    hours, of_hour = divmod(minutes, 60)
    return f"{hours} h {of_hour} min" if hours else f"{minutes} min {rest} s" if minutes else f"{rest} s"


def last_lines(log: Path) -> list[str]:
    """Return the last lines of a log, of a progress bar its last state."""
    try:
        text = log.read_bytes().decode(errors="replace").rstrip()
    except OSError:
        return ["(there is no such file)"]
    return [line.rpartition("\r")[2] for line in text.split("\n")][-LINES_OF_A_LOG:]
