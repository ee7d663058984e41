"""What a record of Snakemake's log is worth on the terminal."""

from __future__ import annotations

import io
import logging
import os
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from openworld3d.workflow import terminal
from openworld3d.workflow.terminal import Terminal, duration, last_lines, speak_plainly

RUN = {"protocol": "sofa", "recipe": "closed_set", "seed": "0", "key": "abcdefghijkl"}
TRAINING = {"rule_name": "train", "wildcards": RUN, "log": ["logs/train/x.log"], "resources": {"runtime": 1440}}
SCORING = {**TRAINING, "rule_name": "score", "resources": {"runtime": 10}}
FAILURE = {
    "event": "job_error",
    "jobid": 4,
    "rule_name": "train",
    "rule_msg": None,
    "aux": {"slurm": "12"},
    "log": [],
}
WORDS = "training (protocol sofa, recipe closed_set, seed 0), log logs/train/x.log"


@pytest.fixture(autouse=True)
def _at_noon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(terminal, "now", lambda: "12:00:00")


def printed(*records: dict[str, Any], level: int = logging.INFO) -> list[str]:
    """Return the lines that a terminal prints of some records."""
    stream = io.StringIO()
    handler = Terminal(stream)
    for record in records:
        handler.emit(logging.makeLogRecord({"msg": "", "levelno": level, **record}))
    return stream.getvalue().splitlines()


def test_job_of_minutes_is_two_lines_and_one_of_seconds_none() -> None:
    events = [{"event": "job_info", "jobid": 4}, {"event": "job_finished", "job_id": 4}]
    assert printed({**TRAINING, **events[0]}, events[1]) == [
        f"12:00:00 started: {WORDS}",
        f"12:00:00 done after 0 s: {WORDS}",
    ]
    assert printed({**SCORING, **events[0]}, events[1]) == []


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("\repoch 1/14:   0%|   | 0/560 [00:00<?, ?step/s]", []),
        ("\repoch 3/14:  21%|██ | 118/560 [00:20<01:16,  5.79step/s]", ["epoch 3 of 14, 1 min 16 s left"]),
        ("\repoch 3/14:  21%|██ | 118/560 [00:20<00:16,  5step/s]\nepoch 3  rate 1", ["epoch 3 of 14, 16 s left"]),
        (
            "\repoch 1/9: 1%| | 1/9 [09<05:00, 1s]\repoch 2/9: 2%| | 2/9 [19<3:05:00, 1s]",
            ["epoch 2 of 9, 3 h 5 min left"],
        ),
        ("prepared 3 of 9 scenes\n", []),
        (None, []),
    ],
)
def test_progress_of_a_training_is_that_of_its_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, written: str | None, told: list[str]
) -> None:
    monkeypatch.setattr(Terminal, "tell_from_now_on", lambda self: None)
    stream, log = io.StringIO(), tmp_path / "x.log"
    terminal_of_test = Terminal(stream)
    training = {"msg": "", **TRAINING, "event": "job_info", "jobid": 4, "log": [str(log)]}
    terminal_of_test.emit(logging.makeLogRecord(training))
    if written is not None:
        log.write_text(written)
        os.utime(log, (time.time() + 9, time.time() + 9))
    terminal_of_test.tell_progress()
    words = "12:00:00 training (protocol sofa, recipe closed_set, seed 0): "
    assert stream.getvalue().splitlines()[1:] == [words + line for line in told]
    for event in ({"event": "job_finished", "job_id": 4}, {"event": "progress", "done": 1, "total": 3}):
        terminal_of_test.emit(logging.makeLogRecord({"msg": "", **event}))
    lines = len(stream.getvalue().splitlines())
    terminal_of_test.tell_progress()
    assert len(stream.getvalue().splitlines()) == lines


def test_log_of_an_earlier_attempt_is_no_progress(tmp_path: Path) -> None:
    log = tmp_path / "x.log"
    log.write_text("\repoch 3/14:  21%|██ | 118/560 [00:20<01:16,  5.79step/s]")
    os.utime(log, (time.time() - 9, time.time() - 9))
    assert list(terminal.progress(terminal.Job("training", [str(log)], 0, time.time(), True))) == []


def test_thread_tells_until_the_end_of_the_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(terminal, "SECONDS_BETWEEN_COUNTS", 0.01)
    told = threading.Event()
    monkeypatch.setattr(Terminal, "tell_progress", lambda self: told.set())
    printed({**TRAINING, "event": "job_info", "jobid": 4})
    assert told.wait(10)


def test_failure_of_a_short_job_is_told_too() -> None:
    lines = printed({**SCORING, "event": "job_info", "jobid": 4}, FAILURE)
    assert lines[0].startswith("12:00:00 FAILED after 0 s: scoring (protocol sofa, ")
    assert lines[1] == "    slurm: 12"


def test_failure_of_a_job_that_was_not_seen_to_start_is_told() -> None:
    assert printed(FAILURE)[0] == "12:00:00 FAILED after 0 s: train"


def test_jobs_are_counted_now_and_then_and_at_the_end() -> None:
    counts = [{"event": "progress", "done": done, "total": 3} for done in (1, 2, 3)]
    assert printed(*counts) == ["12:00:00 3 of 3 jobs are done"]


@pytest.mark.parametrize(
    ("record", "lines"),
    [
        ({"msg": "Building DAG of jobs..."}, 0),
        ({"msg": "Execute 2 jobs...", "event": "job_started"}, 0),
        ({"msg": "Shell command: x", "event": "shellcmd"}, 0),
        ({"msg": "Job stats:", "event": "run_info"}, 1),
        ({"msg": "Nothing to be done (all requested files are present and up to date)."}, 1),
        ({"msg": "Trying to restart job 3."}, 1),
        ({"msg": "an event of tomorrow", "event": "unheard_of"}, 1),
    ],
)
def test_messages_are_printed_but_for_chatter(record: dict[str, Any], lines: int) -> None:
    assert len(printed(record)) == lines


@pytest.mark.parametrize(("seconds", "text"), [(4.4, "4 s"), (130, "2 min 10 s"), (3 * 3600 + 300, "3 h 5 min")])
def test_durations_are_said_as_people_say_them(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_end_of_a_log_has_the_last_state_of_a_progress_bar(tmp_path: Path) -> None:
    log = tmp_path / "x.log"
    log.write_text("".join(f"line {number}\n" for number in range(50)) + "\r1 %\r99 %\nerror: no\n")
    assert last_lines(log)[-3:] == ["line 49", "99 %", "error: no"]
    assert len(last_lines(log)) == terminal.LINES_OF_A_LOG
    assert last_lines(tmp_path / "none.log") == ["(there is no such file)"]


def test_handlers_other_than_the_terminal_stay() -> None:
    logger = logging.Logger("like Snakemake's")
    default, other = logging.StreamHandler(io.StringIO()), logging.StreamHandler(io.StringIO())
    default.name = "DefaultStreamHandler"
    logger.handlers = [default, other]
    speak_plainly(logger)
    assert logger.handlers[0] is other
    assert isinstance(logger.handlers[1], Terminal)
    assert logger.handlers[1].stream is default.stream
