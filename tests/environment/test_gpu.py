"""Drivers and GPUs, as a library of our own answers for libcuda."""

from __future__ import annotations

import ctypes
from pathlib import Path
from typing import Any, Callable, Sequence

import pytest
from tests.environment.conftest import Prefix, with_needed

from openworld3d.environment import gpu

RTX_3090 = "8.6 NVIDIA RTX 3090"
H100 = "9.0 NVIDIA H100 80GB HBM3"
Driver = Callable[..., "dict[str, str]"]
GPUS = {
    "old driver": (
        "stratified_transformer",
        ("10.2", RTX_3090),
        "E5",
        "supports CUDA up to 10.2, torch is built for 11.1",
    ),
    "no GPU": (
        "stratified_transformer",
        ("11.1", None),
        "E5",
        "the NVIDIA driver shows no GPU (CUDA_VISIBLE_DEVICES is not set)",
    ),
    "H100": (
        "stratified_transformer",
        ("13.0", H100),
        "E6",
        "H100 80GB HBM3 has compute capability 9.0, which no build for CUDA 11.1",
    ),
    "GPU that torch does not see": (
        "stratified_transformer",
        ("11.1", RTX_3090),
        "E5",
        "the driver shows NVIDIA RTX 3090, but torch sees no GPU",
    ),
    "GPU of 2012": (
        "cuda_current",
        ("13.0", "3.5 NVIDIA Tesla K40m"),
        "E6",
        "Tesla K40m has compute capability 3.5, which no build for CUDA 13.0",
    ),
    "driver for the GPUs of yesterday": (
        "cuda_current",
        ("12.4", H100),
        "E5",
        "supports CUDA up to 12.4, torch is built for 13.0",
    ),
}


def of_python_3_8(folder: Path, python38: str) -> Prefix:
    """Return an environment in which torch 1.8 could run."""
    return with_needed(Prefix(folder, python38))


def install_torch(prefix: Prefix, version: str, cuda: str, gpus: Sequence[str] = ()) -> None:
    """Install a torch, with the torch-scatter that one of 1.8 needs."""
    prefix.torch(version, cuda, list(gpus))
    if version == "1.8.1":
        prefix.scatter("libcudart.so.11.0")


@pytest.mark.parametrize("name", GPUS)
def test_gpu_that_does_not_fit_is_told(tmp_path: Path, python38: str, driver: Driver, name: str) -> None:
    environment, answers, key, message = GPUS[name]
    made = of_python_3_8(tmp_path / "prefix", python38)
    install_torch(made, *(("2.13.0", "13.0") if environment == "cuda_current" else ("1.8.1", "11.1")))
    done = made.check(environment, **driver(*answers))
    assert done.status == 1
    (sentence,) = done.errors.splitlines()
    assert sentence.startswith(f"error: environment {environment}: {key}: ")
    assert message in sentence
    assert (name == "H100") == ("set the backbone's environment to cuda_current" in sentence)


SOUND = {
    "RTX 3090": ("stratified_transformer", ("11.1", RTX_3090), ("1.8.1", "11.1")),
    "RTX 4090 on a driver of today": ("stratified_transformer", ("13.0", "8.9 NVIDIA RTX 4090"), ("1.8.1", "11.1")),
    "first minor of the driver": ("stratified_transformer", ("11.0", "7.0 Tesla V100"), ("1.8.1", "11.1")),
    "H100": ("cuda_current", ("13.0", H100), ("2.13.0", "13.0")),
}


@pytest.mark.parametrize("name", SOUND)
def test_sound_environment(tmp_path: Path, python38: str, driver: Driver, name: str) -> None:
    environment, answers, torch = SOUND[name]
    gpu = answers[1].split(" ", 1)[1]
    made = of_python_3_8(tmp_path / "prefix", python38)
    install_torch(made, *torch, gpus=[gpu])
    done = made.check(environment, **driver(*answers))
    assert done.errors == ""
    assert "**Sound: its jobs may run.**" in done.page
    assert f"| GPU | {gpu}, compute capability " in done.page
    assert done.report is not None
    assert done.report["torch_gpus"] == [gpu]
    assert done.report["findings"] == []


@pytest.mark.parametrize(
    ("said", "version"),
    [
        ("NVRM version: NVIDIA UNIX x86_64 Kernel Module  450.51.06  Sun Jul 19 20:02:54 UTC 2020\n", "450.51.06"),
        (
            "NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  580.65.06  Release Build  (dvs-builder)\n",
            "580.65.06",
        ),
        ("NVRM version: NVIDIA UNIX Open Kernel Module for aarch64  580.95.05  Release Build\n", "580.95.05"),
        ("NVRM version: unknown\n", None),
    ],
)
def test_version_of_the_driver(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: str, version: str | None
) -> None:
    (tmp_path / "version").write_text(said + "GCC version:  gcc version 12.3.0 (Ubuntu 12.3.0-1ubuntu1~22.04)\n")
    monkeypatch.setattr(gpu, "DRIVER_VERSION", tmp_path / "version")
    assert gpu.driver_version() == version


@pytest.mark.parametrize(
    ("status", "why"),
    [
        (100, "CUDA_VISIBLE_DEVICES is '0'"),
        (802, "nvidia-fabricmanager"),
        (803, "restart"),
        (999, "error 999, CUDA_V"),
    ],
)
def test_driver_that_shows_no_gpu_says_why(monkeypatch: pytest.MonkeyPatch, status: int, why: str) -> None:
    """As a driver of 580 for CUDA 13 answers where it cannot begin."""

    class Library:
        @staticmethod
        def cuDriverGetVersion(number: Any) -> int:  # noqa: N802
            ctypes.cast(number, ctypes.POINTER(ctypes.c_int))[0] = 13000
            return 0

        @staticmethod
        def cuInit(flags: int) -> int:  # noqa: N802
            return status

    monkeypatch.setattr(gpu.ctypes, "CDLL", lambda name: Library)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0")
    driver = gpu.read_driver()
    assert (driver.cuda, driver.gpus) == ((13, 0), ())
    assert driver.error is not None
    assert why in driver.error
    (finding,) = gpu.unfit_gpus(driver, "13.0")
    assert "the NVIDIA driver shows no GPU" in finding.message
