"""Make things ahead, in order: in a thread, or in worker processes that share memory with this one."""

from __future__ import annotations

import resource
import shutil
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Callable, Iterator, Sequence, TypeVar

import torch
from torch.utils.data import DataLoader, Dataset

from openworld3d.errors import UserError
from openworld3d.processes import die_with_parent

T = TypeVar("T")
U = TypeVar("U")
MOST_WORKERS = 8
SHARED = "/dev/shm"  # where workers put their batches
GIB_OF_WORKER = 1  # the largest batches of the experiments take half of it
TOLD = (UserError, OSError, MemoryError)  # whose sentence a loader would bury in a worker's traceback


def workers_beside(device: torch.device) -> int:
    """Return how many workers make batches beside a training: its threads but one on a GPU, 0 on the CPU it needs.

    So few that their batches fit into shared memory, of which a container may have next to none; it is said.
    """
    if device.type != "cuda":
        return 0
    wanted = max(1, min(MOST_WORKERS, torch.get_num_threads() - 1))
    free = shutil.disk_usage(SHARED).free / 2**30
    if free < wanted * GIB_OF_WORKER:
        print(
            f"{SHARED} has {free:.2f} GiB free, too little for {wanted} processes that prepare batches; give a "
            "container more, as with --shm-size=8g or --ipc=host",
            flush=True,
        )
    return min(wanted, int(free // GIB_OF_WORKER))


def prefetch(make: Callable[[U], T], items: Sequence[U], workers: int) -> Iterator[T]:
    """Yield make(item) for each item in order, whoever makes it: one ahead in a thread, or one ahead in each worker.

    What workers make is pinned where there is a GPU. Raises what `make` raises.
    """
    return in_workers(make, items, workers) if workers else in_thread(make, items)


def in_thread(make: Callable[[U], T], items: Sequence[U]) -> Iterator[T]:
    """Yield make(item) for each item in order, one ahead in a thread."""
    with ThreadPoolExecutor(1) as pool:
        coming = [pool.submit(make, item) for item in items[:1]]
        for number in range(1, len(items) + 1):
            ready = coming.pop().result()
            if number < len(items):
                coming.append(pool.submit(make, items[number]))
            yield ready


def in_workers(make: Callable[[U], T], items: Sequence[U], workers: int) -> Iterator[T]:
    """Yield make(item) for each item in order, one ahead in each worker: a fork, so that nothing is sent to it.

    A worker uses one thread, leaves the GPU alone and ends with this process. The loader's seed is drawn from a
    generator of its own, so that torch's global state is the same with any number of workers.
    """
    most_open_files = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most_open_files, most_open_files))  # each tensor that waits is one
    loader = DataLoader(
        Made(make, items),
        batch_size=None,
        num_workers=workers,
        prefetch_factor=1,
        pin_memory=torch.cuda.is_available(),
        multiprocessing_context="fork",
        worker_init_fn=begin_worker,
        generator=torch.Generator(),
    )
    for made in loader:
        if isinstance(made, TOLD):
            raise made
        yield made


def begin_worker(number: int) -> None:
    """Let a worker end with the training."""
    die_with_parent()


class Made(Dataset[Any]):
    """Items, each made when it is asked for; an error with a sentence stands for what it kept from being made."""

    def __init__(self, make: Callable[[Any], Any], items: Sequence[Any]) -> None:
        self.make = make
        self.items = items

    def __len__(self) -> int:
        return len(self.items)

    def __getitem__(self, number: int) -> Any:
        try:
            return self.make(self.items[number])
        except TOLD as error:
            return error
