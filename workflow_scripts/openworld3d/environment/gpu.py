"""Query the driver and the GPUs through libcuda, without starting torch."""

from __future__ import annotations

import ctypes
import os
import re
import shutil
import subprocess
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Iterator

from openworld3d.environment.finding import Finding, Rule

NO_DRIVER = Rule(
    "E5",
    "no NVIDIA driver was found ({why}){nvcc}",
    "run on a machine with a GPU: ask Slurm for one, start the container with --nv, or install the driver; "
    "without a GPU, set the backbone's environment to cpu",
)
NO_GPU = Rule(
    "E5",
    "the NVIDIA driver shows no GPU ({why}){nvcc}",
    "ask Slurm for a GPU, and let CUDA_VISIBLE_DEVICES name one that exists; without a GPU, set the backbone's "
    "environment to cpu",
)
OLD_DRIVER = Rule(
    "E5",
    "the NVIDIA driver {driver} supports CUDA up to {found}, torch is built for {expected}{nvcc}",
    "update the driver: CUDA 11 needs 450.80.02 or newer, 12 needs 525.60.13, 13 needs 580.65.06",
)
ARCHITECTURE = Rule(
    "E6",
    "{gpu} has compute capability {capability}, which no build for CUDA {cuda} has kernels for",
    "{advice}",
)
RULES = [NO_DRIVER, NO_GPU, OLD_DRIVER, ARCHITECTURE]

CUDA_ERROR_NO_DEVICE = 100
# What else keeps a driver from showing its GPUs, by the error of cuInit.
ERRORS = {
    802: "the GPUs are not ready, as where nvidia-fabricmanager does not run or is not of the driver's version",
    803: "the driver's kernel module and its library differ, as before the restart that an update needs",
    804: "a libcuda of cuda-compat is in front of the driver's own, which LD_LIBRARY_PATH should not do",
}
CAPABILITY_MAJOR, CAPABILITY_MINOR = 75, 76
DRIVER_VERSION = Path("/proc/driver/nvidia/version")
OLDEST_FOR_11 = (450, 80, 2)
# What builds of each CUDA have kernels for; a kernel for 8.6 runs on 8.9, one for 8.x on no 9.0.
CAPABILITIES = {11: ((3, 7), (8, 9)), 12: ((5, 0), (12, 1)), 13: ((7, 5), (12, 1))}
TOO_NEW = "set the backbone's environment to cuda_current: CUDA 11.1 ends with RTX 40"
TOO_OLD = "use another GPU, or an environment with an older CUDA"


@dataclass(frozen=True)
class GPU:
    """A GPU visible to CUDA."""

    name: str
    capability: tuple[int, int]


@dataclass(frozen=True)
class Driver:
    """The driver: its version and newest CUDA where known, its GPUs, and the error where there are none."""

    version: str | None = None
    cuda: tuple[int, int] | None = None
    gpus: tuple[GPU, ...] = ()
    error: str | None = None

    def as_json(self) -> dict[str, Any]:
        """Return the driver as JSON."""
        return asdict(self)


def read_driver() -> Driver:
    """Query libcuda; `cuda` is None where it cannot be loaded."""
    try:
        cuda = ctypes.CDLL("libcuda.so.1")
    except OSError as error:
        return Driver(error=str(error))
    number = ctypes.c_int()
    cuda.cuDriverGetVersion(ctypes.byref(number))
    newest = (number.value // 1000, number.value % 1000 // 10)
    status = cuda.cuInit(0) or cuda.cuDeviceGetCount(ctypes.byref(number))
    if status:
        known = ERRORS.get(status, f"libcuda returns error {status}")
        answer = "" if status == CUDA_ERROR_NO_DEVICE else f"{known}, "
        return Driver(driver_version(), newest, error=f"{answer}CUDA_VISIBLE_DEVICES is {visible()}")
    return Driver(driver_version(), newest, tuple(read_gpu(cuda, index) for index in range(number.value)))


def read_gpu(cuda: ctypes.CDLL, index: int) -> GPU:
    """Query the name and the compute capability of a GPU."""
    device, number, name = ctypes.c_int(), ctypes.c_int(), ctypes.create_string_buffer(100)
    cuda.cuDeviceGet(ctypes.byref(device), index)
    cuda.cuDeviceGetName(name, len(name), device)
    capability = []
    for attribute in (CAPABILITY_MAJOR, CAPABILITY_MINOR):
        cuda.cuDeviceGetAttribute(ctypes.byref(number), attribute, device)
        capability.append(number.value)
    return GPU(name.value.decode(errors="replace"), (capability[0], capability[1]))


def driver_version() -> str | None:
    """Return the version of the kernel module, None where it cannot be read.

    It follows `UNIX x86_64 Kernel Module`, or with the open modules of today `UNIX Open Kernel Module for x86_64`.
    """
    text = DRIVER_VERSION.read_text(encoding="utf-8") if DRIVER_VERSION.exists() else ""
    match = re.search(r"Kernel Module.*?\s(\d[\d.]+)\s", text)
    return match[1] if match else None


def visible() -> str:
    """Return CUDA_VISIBLE_DEVICES for a sentence."""
    value = os.environ.get("CUDA_VISIBLE_DEVICES")
    return "not set" if value is None else repr(value)


def unfit_gpus(driver: Driver, torch_cuda: str) -> Iterator[Finding]:
    """Yield the reasons why torch, built for a CUDA, cannot use the GPUs."""
    major = int(torch_cuda.split(".")[0])
    if driver.cuda is None:
        yield NO_DRIVER.finding(why=driver.error, nvcc=nvcc_remark())
    elif driver.cuda[0] < major or is_too_old_for_11(driver, major):
        found = "{}.{}".format(*driver.cuda)
        yield OLD_DRIVER.finding(
            driver=driver.version or "here", found=found, expected=torch_cuda, nvcc=nvcc_remark()
        )
    elif not driver.gpus:
        yield NO_GPU.finding(why=driver.error, nvcc=nvcc_remark())
    lowest, highest = CAPABILITIES.get(major, ((0, 0), (99, 0)))
    for gpu in driver.gpus:
        if not lowest <= gpu.capability <= highest:
            yield ARCHITECTURE.finding(
                gpu=gpu.name,
                capability="{}.{}".format(*gpu.capability),
                cuda=torch_cuda,
                advice=TOO_NEW if gpu.capability > highest else TOO_OLD,
            )


def is_too_old_for_11(driver: Driver, major: int) -> bool:
    """Return whether a driver of CUDA 11.0 is too old to run later 11.x."""
    if major != 11 or driver.cuda != (11, 0) or driver.version is None:
        return False
    return tuple(map(int, driver.version.split("."))) < OLDEST_FOR_11


def nvcc_release() -> str | None:
    """Return the release of the nvcc on the path, None where there is none."""
    nvcc = shutil.which("nvcc")
    if not nvcc:
        return None
    output = subprocess.run(
        [nvcc, "--version"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8", errors="replace"
    ).stdout
    match = re.search(r"release (\d+\.\d+)", output)
    return match[1] if match else None


def nvcc_remark() -> str:
    """Return a remark that nvcc is no driver, where nvcc is installed."""
    release = nvcc_release()
    return (
        f"; nvcc reports {release}, which says nothing of the driver: torch brings its own runtime" if release else ""
    )
