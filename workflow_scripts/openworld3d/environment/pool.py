"""The GPUs that jobs may use: those that CUDA_VISIBLE_DEVICES names, or else all that nvidia-smi lists."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from typing import Iterator, Mapping, NamedTuple

from openworld3d.environment.devices import VARIABLE
from openworld3d.environment.gpu import read_driver
from openworld3d.errors import UserError

FIELDS = ("index", "uuid", "name", "memory.used", "mig.mode.current")
SECONDS_TO_ANSWER = 60
MIG_LINE = re.compile(r"^\s+MIG .*\(UUID: (MIG-[^)]+)\)")
GPU_LINE = re.compile(r"^GPU \d+: .*\(UUID: (GPU-[^)]+)\)")
LIMIT, DEFAULT_LIMIT = "OPENWORLD3D_GPU_IN_USE_MIB", 2048  # a desktop takes less, a training more


class Device(NamedTuple):
    """A GPU, or a part of one under MIG, that a job can be given.

    name: what CUDA_VISIBLE_DEVICES calls it; identity: the same whatever it is called, as far as nvidia-smi tells;
    used: MiB in use by anyone, None where that is unknown.
    """

    name: str
    identity: str
    text: str
    used: int | None = None


class Row(NamedTuple):
    """A GPU as nvidia-smi lists it."""

    number: str
    uuid: str
    model: str
    used: int | None
    mig: bool


def pool() -> list[Device]:
    """Return the GPUs that jobs may use, in CUDA's order; none where there is none.

    Without CUDA_VISIBLE_DEVICES a GPU goes by its UUID, since CUDA numbers GPUs by speed and nvidia-smi by bus.
    """
    rows = list(list_gpus())
    if VARIABLE in os.environ:
        devices = [named(name, rows) for name in visible_names(os.environ[VARIABLE])]
        return list({device.identity: device for device in devices}.values())
    if not rows:
        return [Device(str(index), str(index), f"GPU {index}") for index in range(len(read_driver().gpus))]
    parts = parts_of_gpus() if any(row.mig for row in rows) else {}
    return [device for row in rows for device in ([*parts.get(row.uuid, [])] if row.mig else [of_row(row)])]


def visible_names(value: str) -> list[str]:
    """Return the GPUs that CUDA_VISIBLE_DEVICES names: as CUDA reads it, those before the first that can be none."""
    names = []
    for name in value.split(","):
        if not re.match(r"\s*(\d+|GPU-|MIG-)", name):
            break
        names.append(name.strip())
    return names


def named(name: str, rows: list[Row]) -> Device:
    """Return the GPU that a user or Slurm calls by an index, by a UUID or its beginning, or by a name under MIG.

    Raises UserError where nvidia-smi lists no such GPU: CUDA would ignore it and all that follow.
    """
    found = [row for row in rows if name == row.number or row.uuid.startswith(name)]
    if rows and not found and not name.startswith("MIG-"):
        listed = ", ".join(row.number for row in rows)
        raise UserError(f"{VARIABLE} names GPU {name}, expected some of those that nvidia-smi lists, {listed}")
    if len(found) == 1 and (name != found[0].number or is_in_order(rows)):
        return of_row(found[0])._replace(name=name)
    return Device(name, name, f"GPU {name}")


def is_in_order(rows: list[Row]) -> bool:
    """Return whether CUDA numbers the GPUs as nvidia-smi does: by default the fastest comes first."""
    return len({row.model for row in rows}) == 1 or os.environ.get("CUDA_DEVICE_ORDER") == "PCI_BUS_ID"


def of_row(row: Row) -> Device:
    """Return a whole GPU."""
    return Device(row.uuid, row.uuid, f"GPU {row.number} ({row.model})", row.used)


def list_gpus() -> Iterator[Row]:
    """Yield the GPUs that nvidia-smi lists; none where it is missing or fails."""
    for line in ask(f"--query-gpu={','.join(FIELDS)}", "--format=csv,noheader,nounits"):
        cells = [cell.strip() for cell in line.split(",")]
        if len(cells) == len(FIELDS):
            number, uuid, model, used, mig = cells
            yield Row(number, uuid, model, int(used) if used.isdigit() else None, mig == "Enabled")


def parts_of_gpus() -> Mapping[str, list[Device]]:
    """Return the MIG instances of each GPU by its UUID."""
    parts: dict[str, list[Device]] = {}
    uuid = ""
    for line in ask("-L"):
        gpu, part = GPU_LINE.match(line), MIG_LINE.match(line)
        uuid = gpu[1] if gpu else uuid
        if part:
            parts.setdefault(uuid, []).append(Device(part[1], part[1], f"GPU {part[1]}"))
    return parts


def ask(*options: str) -> list[str]:
    """Return the lines that nvidia-smi prints, none where it is missing; raises UserError where it hangs."""
    program = shutil.which("nvidia-smi")
    if program is None:
        return []
    try:
        done = subprocess.run(
            [program, *options],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=SECONDS_TO_ANSWER,
            encoding="utf-8",
            errors="replace",
        )
    except subprocess.TimeoutExpired:
        raise UserError(
            f"nvidia-smi does not answer within {SECONDS_TO_ANSWER} s, so that the driver hangs; restart the machine"
        ) from None
    return done.stdout.splitlines()


def is_taken(device: Device) -> bool:
    """Return whether so much of a GPU's memory is in use that somebody else computes on it, if none of our jobs does.

    Not under Slurm, which has given the GPU to this job.
    """
    return device.used is not None and device.used > limit() and not is_assigned_by_slurm()


def is_assigned_by_slurm() -> bool:
    """Return whether Slurm has chosen the GPUs."""
    return "SLURM_JOB_ID" in os.environ and VARIABLE in os.environ


def limit() -> int:
    """Return how many MiB of an idle GPU may be in use; raises UserError where the variable is no number."""
    value = os.environ.get(LIMIT, str(DEFAULT_LIMIT))
    if not value.isdecimal():
        raise UserError(f"{LIMIT}: found {value!r}, expected a whole number of MiB; set it to one, or unset it")
    return int(value)


def use_of(device: Device) -> str:
    """Say that somebody else uses a GPU."""
    return (
        f"{device.text} is left alone, as {device.used:,} MiB of its memory are in use by somebody else "
        f"(more than {limit():,}, {LIMIT})"
    )
