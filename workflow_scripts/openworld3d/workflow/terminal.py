"""What a call of Snakemake prints: which jobs there are, when long ones start and end, and what went wrong."""

from __future__ import annotations

import logging
import re
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any, Iterator, NamedTuple, Sequence

from openworld3d.workflow.steps import STEPS

MINUTES_OF_LONG_JOBS = 60  # the `runtime` that a rule asks for; jobs of seconds ask for ten
SECONDS_BETWEEN_COUNTS = 30.0
# Progress is told again after this share of the time that has passed: each minute after 20, twice an hour after 10 h.
SHARE_BETWEEN_PROGRESS = 1 / 20
LINES_OF_A_LOG = 20
BYTES_OF_A_BAR = 4096
# The last state of a training's progress bar: `epoch 3/14:  21%|##   | 118/560 [00:20<01:16,  5.79step/s]`.
BAR = re.compile(r"epoch (\d+)/(\d+): +\d+%[^\r\n]*?\[[\d:]+<([\d:]+),")
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
    """What a job does, its logs, when it started by the clock and by that of files, and whether it may take long."""

    words: str
    logs: Sequence[str]
    started: float
    since: float
    long: bool

    @property
    def text(self) -> str:
        """Return what the job does and where its log is."""
        return f"{self.words}, log {', '.join(self.logs)}" if self.logs else self.words


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
        self.begun = self.counted
        self.teller: threading.Thread | None = None

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
        words = in_words(said["rule_name"], said["wildcards"])
        job = Job(words, list(said["log"]), time.monotonic(), time.time(), long)
        self.jobs[said["jobid"]] = job
        if long:
            yield f"{now()} started: {job.text}"
            self.tell_from_now_on()

    def finish(self, number: int) -> Iterator[str]:
        """Yield a line for a job of minutes that has ended well."""
        job = self.jobs.pop(number, None)
        if job is not None and job.long:
            yield f"{now()} done after {duration(time.monotonic() - job.started)}: {job.text}"

    def fail(self, said: dict[str, Any]) -> Iterator[str]:
        """Yield which job has failed, what is known of that, and the last lines of its logs."""
        job = self.jobs.pop(said["jobid"], Job(said["rule_name"], [], time.monotonic(), time.time(), False))
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

    def tell_from_now_on(self) -> None:
        """Start the thread that tells how far trainings are: of that Snakemake has no event."""
        if self.teller is None:
            self.teller = threading.Thread(target=self.keep_telling, daemon=True)
            self.teller.start()

    def keep_telling(self) -> None:
        """Print how far the trainings are that run, as long as this process lives."""
        while True:
            passed = time.monotonic() - self.begun
            time.sleep(max(SECONDS_BETWEEN_COUNTS, passed * SHARE_BETWEEN_PROGRESS))
            with suppress(OSError, ValueError):  # a terminal that was closed
                self.tell_progress()

    def tell_progress(self) -> None:
        """Print how far the trainings are that run."""
        running = [job for job in list(self.jobs.values()) if job.long]
        lines = [f"{now()} {job.words}: {where}" for job in running for where in progress(job)]
        self.acquire()
        try:
            self.stream.write("".join(f"{line}\n" for line in lines))
            self.flush()
        finally:
            self.release()


def in_words(rule: str, wildcards: dict[str, Any]) -> str:
    """Return what a job does: `training (protocol sofa, recipe closed_set, seed 0)`."""
    named = ", ".join(f"{name} {value}" for name, value in wildcards.items() if name != "key")
    return f"{STEPS[rule].noun if rule in STEPS else rule} ({named})"


def progress(job: Job) -> Iterator[str]:
    """Yield `epoch 3 of 14, 1 min 16 s left`, by the bar that a training has written to its log since it started."""
    for log in map(Path, job.logs):
        try:
            if log.stat().st_mtime < job.since:
                continue  # of an earlier attempt, while this one waits in a queue
            with open(log, "rb") as file:
                file.seek(max(0, log.stat().st_size - BYTES_OF_A_BAR))
                bars = BAR.findall(file.read().decode(errors="replace"))
        except OSError:
            continue
        for epoch, epochs, left in bars[-1:]:
            yield f"epoch {epoch} of {epochs}, {duration(seconds_of(left))} left"


def seconds_of(clock: str) -> int:
    """Return the seconds of `16`, `01:16` or `3:01:16`."""
    seconds = 0
    for part in clock.split(":"):
        seconds = 60 * seconds + int(part)
    return seconds


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
