"""What is made ahead comes in order, whoever makes it, and so do errors."""

from __future__ import annotations

import os
import shutil
import signal
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from openworld3d.errors import UserError, is_out_of_memory
from openworld3d.training.prefetch import MOST_WORKERS, prefetch, workers_beside

WORKERS = [0, 1, 2]


@pytest.mark.parametrize("workers", WORKERS)
def test_order_is_kept_and_nothing_is_drawn(workers: int) -> None:
    before = torch.get_rng_state()
    items = [np.array([number]) for number in range(5)]
    assert list(prefetch(lambda item: int(item[0]) ** 2, items, workers)) == [0, 1, 4, 9, 16]
    assert list(prefetch(lambda item: item, [], workers)) == []
    assert torch.get_rng_state().equal(before)


def test_workers_are_other_processes() -> None:
    made = set(prefetch(lambda item: os.getpid(), range(6), 2))
    assert len(made) == 2
    assert os.getpid() not in made


@pytest.mark.parametrize("workers", WORKERS)
@pytest.mark.parametrize("error", [UserError("hall.npz: has no point"), OSError(28, "No space left", "hall.npz")])
def test_error_comes_in_the_place_of_what_it_kept_from_being_made(workers: int, error: Exception) -> None:
    def make(item: int) -> int:
        if item == 3:
            raise error
        return item

    made = prefetch(make, range(6), workers)
    assert [next(made) for _ in range(3)] == [0, 1, 2]
    with pytest.raises(type(error)) as raised:
        next(made)
    assert str(raised.value) == str(error)


def test_killed_worker_ends_the_training_in_a_sentence() -> None:
    with pytest.raises(RuntimeError) as raised:
        list(prefetch(lambda item: os.kill(os.getpid(), signal.SIGKILL), range(2), 1))
    assert is_out_of_memory(raised.value)


@pytest.mark.parametrize(
    ("threads", "gib", "workers"),
    [(1, 100, 1), (2, 100, 1), (8, 100, 7), (8, 7, 7), (8, 6.9, 6), (8, 0.06, 0), (64, 100, MOST_WORKERS)],
)
def test_workers_take_the_threads_of_a_gpu(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], threads: int, gib: float, workers: int
) -> None:
    monkeypatch.setattr(torch, "get_num_threads", lambda: threads)
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: SimpleNamespace(free=gib * 2**30))
    assert workers_beside(torch.device("cpu")) == 0
    assert workers_beside(torch.device("cuda", 0)) == workers
    assert (f"/dev/shm has {gib:.2f} GiB free" in capsys.readouterr().out) == (gib < 7)
