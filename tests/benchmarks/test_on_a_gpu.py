"""The door of the GPU's benchmarks: time limits, failures, tables."""

from __future__ import annotations

import sys
import time

from benchmarks.gpu.rows import markdown
from benchmarks.on_a_gpu import PARTS, WHOLE, run_part

TWO_ROWS = "import sys, time; print('{\"a\": 1}', flush=True); print('{\"a\": 2}', flush=True)\n"


def python(code: str) -> list[str]:
    return [sys.executable, "-S", "-c", code]


def test_part_keeps_the_rows_that_it_had_at_its_limit() -> None:
    began = time.monotonic()
    # The child that it starts outlives it unless it is killed too, and the last line is not whole.
    code = (
        f"{TWO_ROWS}import subprocess; subprocess.Popen(['sleep', '60']); print('{{\"a', flush=True); time.sleep(60)"
    )
    part = run_part(python(code), False, 1.0)
    assert part["rows"] == [{"a": 1}, {"a": 2}]
    assert part["ended"] == "stopped at its limit of 1 s"
    assert time.monotonic() - began < 30


def test_part_that_fails_says_how() -> None:
    part = run_part(python(f"{TWO_ROWS}raise ValueError('no kernel')"), False, 30)
    assert part["rows"] == [{"a": 1}, {"a": 2}]
    assert part["ended"] == "failed with exit status 1: ValueError: no kernel"


def test_part_without_time_left_is_stopped() -> None:
    assert run_part(python("import time; time.sleep(60)"), False, -3)["ended"] == "stopped at its limit of 0 s"


def test_limits_fit_into_eight_minutes() -> None:
    assert sum(limit for _, limit in PARTS.values()) <= WHOLE < 480


def test_table_has_every_column_once() -> None:
    rows = [{"path": "plain", "ms": 1234.567, "agrees": True}, {"path": "fused", "pairs": 12345, "agrees": False}]
    assert markdown(rows).splitlines() == [
        "| path | ms | agrees | pairs |",
        "|---|---|---|---|",
        "| plain | 1235 | yes |  |",
        "| fused |  | NO | 12,345 |",
    ]
    assert markdown([]) == "nothing was measured"
