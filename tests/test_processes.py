from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pytest

from openworld3d import processes
from openworld3d.errors import UserError
from openworld3d.networks import distributed
from openworld3d.processes import ancestors, die_with_parent, in_parallel

PR_GET_PDEATHSIG = 2
linux = pytest.mark.skipif(sys.platform != "linux", reason="what Linux has alone")
# A process that starts another one and prints its number; neither ends by itself.
PARENT = """
import subprocess, sys, time
from openworld3d.processes import die_with_parent
print(subprocess.Popen(["sleep", "60"], preexec_fn=die_with_parent).pid, flush=True)
time.sleep(60)
"""


def signal_at_death() -> int:
    """Return which signal this process gets when its parent dies."""
    found = ctypes.c_int()
    ctypes.CDLL(None).prctl(PR_GET_PDEATHSIG, ctypes.byref(found))
    return found.value


@linux
def test_process_dies_with_its_parent() -> None:
    variables = {**os.environ, "PYTHONPATH": str(Path(processes.__file__).parents[1])}
    parent = subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE, env=variables)
    assert parent.stdout
    child = int(parent.stdout.readline())
    parent.kill()
    parent.communicate()
    for _ in range(100):
        state = Path(f"/proc/{child}/stat")
        if not state.exists() or state.read_bytes().rpartition(b")")[2].split()[0] == b"Z":
            return
        time.sleep(0.05)
    pytest.fail("it lives on")


@linux
def test_worker_of_a_pool_and_rank_of_a_training_do(monkeypatch: pytest.MonkeyPatch) -> None:
    with ProcessPoolExecutor(1, initializer=die_with_parent) as pool:
        assert pool.submit(signal_at_death).result() == signal.SIGKILL
    monkeypatch.setenv("RANK", "1")
    try:
        distributed.launch(2)
        assert signal_at_death() == signal.SIGKILL
    finally:
        ctypes.CDLL(None).prctl(processes.PR_SET_PDEATHSIG, 0)


@linux
def test_ancestors_begin_with_the_parent_and_end_with_the_first_process() -> None:
    assert ancestors()[0] == os.getppid()
    assert ancestors()[-1] in (0, 1)


def kill_this(task: int) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


@linux
def test_pool_whose_process_is_killed_is_a_sentence() -> None:
    with pytest.raises(UserError, match="one of its processes was killed; give the job more memory or fewer threads"):
        in_parallel(kill_this, [1, 2], 2)
