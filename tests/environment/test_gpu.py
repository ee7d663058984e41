"""Drivers and GPUs, as a library of our own answers for libcuda."""

from __future__ import annotations

from pathlib import Path
from typing import Callable, Sequence

import pytest
from tests.environment.conftest import Prefix, with_needed

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
