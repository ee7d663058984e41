"""Failures of environments, each as it is built or simulated, with what must be said of it."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Callable

from tests.environment.conftest import Prefix

Build = Callable[[Prefix, Path], "dict[str, str] | None"]


def program(folder: Path, name: str, answer: str) -> dict[str, str]:
    """Put a program on the path that prints one answer."""
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(f"#!/bin/sh\necho '{answer}'\n")
    (folder / name).chmod(0o755)
    return {"PATH": f"{folder}{os.pathsep}{os.defpath}"}


def pandas_that_wants_a_newer_numpy(prefix: Prefix, _: Path) -> None:
    prefix.package("pandas", "1.5.3", requires=['numpy>=1.21.7; python_version >= "3.0"', 'lxml; extra == "xml"'])


def requirement_that_is_absent(prefix: Prefix, _: Path) -> None:
    prefix.package("pandas", "1.5.3", requires=["numpy>=1.20.3", "python-dateutil>=2.8.1"], module="pandas")
    prefix.torch("1.12.1", None)


def numpy_of_elsewhere(prefix: Prefix, folder: Path) -> dict[str, str]:
    prefix.torch("1.12.1", None)
    (folder / "numpy").mkdir(parents=True)
    (folder / "numpy/__init__.py").write_text("")
    return {"PYTHONPATH": str(folder)}


def torch_of_pypi(prefix: Prefix, _: Path) -> None:
    prefix.torch("1.8.1", "10.2")


def torch_of_conda_forge(prefix: Prefix, _: Path) -> None:
    prefix.torch("1.8.1.post3", None)


def torch_of_cuda_11_1(prefix: Prefix, _: Path) -> None:
    prefix.torch("1.8.1+cu111", "11.1")


def nvcc_without_a_gpu(prefix: Prefix, folder: Path) -> dict[str, str]:
    prefix.torch("1.8.1", "11.1")
    return program(folder, "nvcc", "Cuda compilation tools, release 11.1, V11.1.105")


def scatter_of_another_cuda(prefix: Prefix, _: Path) -> None:
    prefix.torch("1.8.1", "11.1")
    prefix.scatter("libcudart.so.10.2")


def scatter_without_cuda(prefix: Prefix, _: Path) -> None:
    prefix.torch("1.8.1", "11.1")
    prefix.scatter(None)


def scatter_of_11_3_from_conda(prefix: Prefix, _: Path) -> None:
    prefix.torch("1.8.1", "11.1")
    prefix.scatter("libcudart.so.11.0")
    prefix.conda_record("pytorch-scatter", "2.0.8", "py38_torch_1.8.0_cu113")


def scatter_with_another_interface(prefix: Prefix, _: Path) -> None:
    prefix.torch("1.12.1", None)
    prefix.scatter(None, "raise OSError('_scatter_cpu.so: undefined symbol: _ZNK2at6Tensor6narrowElll')")


def scatter_that_counts_cuda(prefix: Prefix, _: Path) -> None:
    prefix.torch("1.12.1", None)
    prefix.scatter(
        None,
        "raise RuntimeError('Detected that PyTorch and torch_scatter were compiled with different CUDA versions. '\n"
        "'PyTorch has CUDA version 11.1 and torch_scatter has CUDA version 10.2.')",
    )


def torch_that_crashes(prefix: Prefix, _: Path) -> None:
    prefix.package("torch", "1.12.1", "import os; os.abort()")
    (prefix.site / "torch/version.py").write_text("cuda: str = None\n")


def copied_cudnn(prefix: Prefix, folder: Path) -> dict[str, str]:
    prefix.torch("1.12.1", None)
    folder.mkdir(exist_ok=True)
    (folder / "libcudnn.so.8.2.4").write_bytes(b"")
    return {"LD_LIBRARY_PATH": str(folder)}


def copied_cudnn_in_conda(prefix: Prefix, _: Path) -> None:
    prefix.torch("1.12.1", None)
    prefix.conda_record("cudatoolkit", "11.1.1", "h6406543_8", files=["lib/libcudart.so.11.0"])
    (prefix.folder / "lib/libcudnn.so.8.2.4").write_bytes(b"")


def mkl_that_lost_a_symbol(prefix: Prefix, _: Path) -> None:
    prefix.torch("1.12.1", None)
    prefix.conda_record("mkl", "2024.1.0", "ha957f24_693")


def torch_that_cannot_reduce(prefix: Prefix, _: Path) -> None:
    prefix.torch("1.10.2", None)


def torch_before_2_6(prefix: Prefix, _: Path) -> None:
    prefix.torch("2.5.1", None)


def numpy_2(prefix: Prefix, _: Path) -> None:
    (prefix.site / "numpy-1.21.6.dist-info/METADATA").write_text(
        "Metadata-Version: 2.1\nName: numpy\nVersion: 2.0.2\n"
    )
    prefix.torch("1.10.2", None)


def numpy_1_24(prefix: Prefix, _: Path) -> None:
    (prefix.site / "numpy-1.21.6.dist-info/METADATA").write_text(
        "Metadata-Version: 2.1\nName: numpy\nVersion: 1.24.4\n"
    )
    prefix.torch("1.12.1", None)


def newer_protobuf(prefix: Prefix, _: Path) -> None:
    prefix.torch("1.12.1", None)
    prefix.package("protobuf", "4.25.3", module="google")


def nvcc_of_another_cuda(prefix: Prefix, folder: Path) -> dict[str, str]:
    prefix.torch("1.12.1", "11.1")
    program(folder, "g++", "12")
    return program(folder, "nvcc", "Cuda compilation tools, release 12.4, V12.4.131")


def older_spconv(prefix: Prefix, _: Path) -> None:
    prefix.torch("1.8.1", "11.1")
    prefix.package("spconv", "1.2.1")


STRATIFIED, REAL = "stratified_transformer", "real_cylinder3d"
STOPS: dict[str, tuple[str, Build, str, str]] = {
    "E1 pandas": (
        "cpu",
        pandas_that_wants_a_newer_numpy,
        "pandas 1.5.3 needs numpy>=1.21.7, found numpy 1.21.6",
        "pandas=1.3.5",
    ),
    "E2": ("cpu", numpy_of_elsewhere, "numpy is loaded from", "unset PYTHONPATH and set PYTHONNOUSERSITE=1"),
    "E4 PyPI": (STRATIFIED, torch_of_pypi, "torch 1.8.1 is built for CUDA 10.2, expected CUDA 11.1", "--sdm conda"),
    "E4 CPU": (
        STRATIFIED,
        torch_of_conda_forge,
        "1.8.1.post3 is built for the CPU only, expected CUDA 11.1",
        "bare conda",
    ),
    "E4 today": ("cuda_current", torch_of_cuda_11_1, "for CUDA 11.1, expected CUDA 12 or newer", "--sdm conda"),
    "E5 no driver": (
        STRATIFIED,
        torch_of_cuda_11_1,
        "no NVIDIA driver was found (libcuda.so.1",
        "ask Slurm for one",
    ),
    "E5 nvcc": (STRATIFIED, nvcc_without_a_gpu, "; nvcc reports 11.1, which says nothing of the driver", "--nv"),
    "E7 10.2": (
        STRATIFIED,
        scatter_of_another_cuda,
        "torch_scatter is built for CUDA 10.2, torch 1.8.1 for CUDA 11.1",
        "--only-binary",
    ),
    "E7 CPU": (STRATIFIED, scatter_without_cuda, "torch_scatter is built for the CPU only, torch", "one channel"),
    "E7 conda": (
        STRATIFIED,
        scatter_of_11_3_from_conda,
        "torch_scatter is built for CUDA 11.3, torch",
        "build strings",
    ),
    "E8 symbol": (
        "cpu",
        scatter_with_another_interface,
        "cannot import torch_scatter (OSError: _scatter_cpu.so: undefined symbol",
        "after every change of torch",
    ),
    "E8 CUDA": ("cpu", scatter_that_counts_cuda, "compiled with different CUDA versions", "clear pip's cache"),
    "E8 crash": ("cpu", torch_that_crashes, "cannot import torch (it died with status -6)", "--sdm conda"),
    "E12 numpy 2": (
        "cpu",
        numpy_2,
        "numpy 2.0.2 has another binary interface than the one torch 1.10.2",
        "pin numpy=1.21.6",
    ),
    "E14": (
        "cpu",
        mkl_that_lost_a_symbol,
        "mkl 2024.1.0 lacks what conda's torch 1.12.1 looks for",
        "pin mkl=2021.4",
    ),
    "E7 segments": (
        "cpu",
        torch_that_cannot_reduce,
        "torch 1.10.2 has no scatter_reduce, and torch-scatter",
        "or torch 1.12 or newer",
    ),
    "E17": ("pretrained", torch_before_2_6, "torch 2.5.1 may run code of a checkpoint", "--sdm conda"),
    "E16": (REAL, older_spconv, "spconv 1.2.1 has the interface of 1.x", "spconv-cu111=2.1.25"),
}
if sys.version_info >= (3, 10):
    STOPS["E3"] = (STRATIFIED, torch_of_cuda_11_1, " cannot run torch 1.8.1+cu111, which has builds", "python=3.8")
TELLS: dict[str, tuple[str, Build, str, str]] = {
    "E1 absent": (
        "cpu",
        requirement_that_is_absent,
        "pandas 1.5.3 needs python-dateutil, found none",
        "from its file",
    ),
    "E9": ("cpu", copied_cudnn, "libcudnn.so.8.2.4 is a cuDNN that no package", "its folder from LD_LIBRARY_PATH"),
    "E9 conda": ("cpu", copied_cudnn_in_conda, "torch has its own and may load this one instead", "remove the file"),
    "E12 np.int": ("cpu", numpy_1_24, "numpy 1.24.4 has no np.int", "pin numpy=1.21.6"),
    "E13 protobuf": ("cpu", newer_protobuf, "protobuf 4.25.3 breaks TensorBoard 2.8.0", "protobuf=3.20.3"),
    "E15 nvcc": ("cpu", nvcc_of_another_cuda, "nvcc is of CUDA 12.4, torch of 11.1", "cudatoolkit-dev"),
    "E15 gcc": ("cpu", nvcc_of_another_cuda, "gcc is 12, and CUDA 11.1 compiles with gcc up to 10", "gxx_linux-64=9"),
    "E15 list": ("cpu", nvcc_of_another_cuda, "TORCH_CUDA_ARCH_LIST is not set", "TORCH_CUDA_ARCH_LIST='7.0;"),
}
