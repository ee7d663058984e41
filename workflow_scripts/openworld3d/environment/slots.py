"""Give each job GPUs of its own: a GPU has as many slots as jobs may share it, each a lock that its job holds.

The kernel frees a lock with the last process that holds it, however that ends.
"""

from __future__ import annotations

import fcntl
import os
import re
import tempfile
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Callable, Iterator, NamedTuple

from openworld3d.environment.devices import VARIABLE
from openworld3d.environment.pool import Device, is_assigned_by_slurm, is_taken, pool, use_of
from openworld3d.errors import UserError

JOBS_PER_GPU = "OPENWORLD3D_JOBS_PER_GPU"  # set by the call of Snakemake
SECONDS_BETWEEN_LOOKS = 2.0


class Held(NamedTuple):
    """The GPUs of a job, none where it has no GPU of its own, and the open locks, which its command must inherit."""

    devices: list[Device]
    locks: list[int]

    def variables(self) -> dict[str, str]:
        """Return the environment variables that show the command its GPUs and no other."""
        return {VARIABLE: ",".join(device.name for device in self.devices)} if self.devices else {}


@contextmanager
def gpus_of_job(count: int, still_wanted: Callable[[], None]) -> Iterator[Held]:
    """Hold so many GPUs; wait until they are free, and say once for which.

    `still_wanted` is called while it waits, and raises where the job should end. On a machine without any GPU nothing
    is held. Raises UserError where the machine has fewer.
    """
    said = ""
    while True:
        held, reasons = take(count)
        if held is not None:
            break
        waits = f"waiting for {count} {'GPU' if count == 1 else 'GPUs'}: {'; '.join(reasons)}"
        if re.sub(r"[\d,]+ MiB", "", waits) != said:
            said = re.sub(r"[\d,]+ MiB", "", waits)
            print(waits, flush=True)
        still_wanted()
        time.sleep(SECONDS_BETWEEN_LOOKS)
    if held.devices:
        print(f"runs on {', '.join(device.text for device in held.devices)}", flush=True)
    try:
        yield held
    finally:
        close(held.locks)


def take(count: int) -> tuple[Held | None, list[str]]:
    """Lock a slot on each of so many GPUs, or none and say what is in the way.

    GPUs that fewer jobs share come first. One process at a time looks, so that two that each need several GPUs cannot
    block each other.
    """
    if count == 0:
        return Held([], []), []
    gate = open_lock("choosing")
    try:
        fcntl.flock(gate, fcntl.LOCK_EX)
        devices = pool()
        if not devices:
            return Held([], []), []
        if count > len(devices):
            raise UserError(too_many(count, devices))
        return choose(devices, count)
    finally:
        os.close(gate)


def choose(devices: list[Device], count: int) -> tuple[Held | None, list[str]]:
    """Lock a slot on each of `count` of some GPUs, or none and say what is in the way."""
    slots = int(os.environ.get(JOBS_PER_GPU, 1))
    free: list[tuple[int, int, Device, list[int]]] = []
    reasons = []
    for place, device in enumerate(devices):
        locks = free_slots(device, slots)
        others = slots - len(locks)
        if locks and (others or not is_taken(device)):
            free.append((others, place, device, locks))
            continue
        close(locks)
        reasons.append(use_of(device) if locks else f"{device.text} is held by another job")
    free.sort(key=lambda found: found[:2])
    chosen = free[:count] if len(free) >= count else []
    kept = [locks[0] for *_, locks in chosen]
    close([lock for *_, locks in free for lock in locks if lock not in kept])
    if not chosen:
        return None, reasons
    return Held([device for _, _, device, _ in sorted(chosen, key=lambda found: found[1])], kept), []


def too_many(count: int, devices: list[Device]) -> str:
    """Say that a job requests more GPUs than there are."""
    names = ", ".join(device.text for device in devices)
    return (
        f"a job requests {count} GPUs, and those it may use are {len(devices)} ({names}); request fewer, as in "
        f"--set-resources train:gpu={len(devices)}, or let {VARIABLE} name more"
    )


def free_slots(device: Device, slots: int) -> list[int]:
    """Lock the slots of a GPU that no job holds, and return the open locks."""
    locks = []
    for slot in range(slots):
        lock = open_lock(f"{device.identity}.{slot}")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            locks.append(lock)
        except BlockingIOError:
            os.close(lock)
    return locks


def open_lock(name: str) -> int:
    """Open a lock file of this machine, which every user may lock.

    Within a Slurm job it is that job's own: Slurm may call another job's GPU by the same index, or share one.
    """
    owner = f"slurm{os.environ['SLURM_JOB_ID']}." if is_assigned_by_slurm() else ""
    path = Path(tempfile.gettempdir()) / f"openworld3d.gpu.{owner}{re.sub('[^-.0-9A-Za-z]', '_', name)}.lock"
    with suppress(FileExistsError):
        created = os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDONLY, 0o644)
        os.fchmod(created, 0o644)  # whatever the umask
        return created
    return os.open(path, os.O_RDONLY)


def close(locks: list[int]) -> None:
    """Close some locks, which frees those that no other process holds."""
    for lock in locks:
        os.close(lock)
