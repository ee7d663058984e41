"""Rules on what leaks into an environment: outside packages, copied libraries, compilers."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Iterator

from openworld3d.environment.finding import Finding, Rule
from openworld3d.environment.gpu import nvcc_release
from openworld3d.environment.stack import CPU, Stack

OUTSIDE = Rule(
    "E2",
    "{module} is loaded from {place}, outside the environment {prefix}",
    "unset PYTHONPATH and set PYTHONNOUSERSITE=1, then start again",
)
COPIED_CUDNN = Rule(
    "E9",
    "{file} is a cuDNN that no package of this environment brought; torch has its own and {use}",
    "remove the file, and its folder from LD_LIBRARY_PATH",
    stops=False,
)
OTHER_NVCC = Rule(
    "E15",
    "nvcc is of CUDA {nvcc}, torch of {torch}: an extension compiled here does not fit",
    "before you compile one, install cudatoolkit-dev of torch's CUDA and set CUDA_HOME; nothing else needs nvcc",
    stops=False,
)
NEW_COMPILER = Rule(
    "E15",
    "gcc is {gcc}, and CUDA 11.1 compiles with gcc up to 10 alone",
    "before you compile an extension, install gxx_linux-64=9; nothing else needs gcc",
    stops=False,
)
NO_ARCHITECTURES = Rule(
    "E15",
    "TORCH_CUDA_ARCH_LIST is not set: compiling an extension without a GPU in sight fails (list index out of range)",
    "before you compile one, set TORCH_CUDA_ARCH_LIST='{architectures}'; nothing else needs it",
    stops=False,
)
RULES = [OUTSIDE, COPIED_CUDNN, OTHER_NVCC, NEW_COMPILER, NO_ARCHITECTURES]

SYSTEM = Path("/usr/local")
NEWEST_GCC_FOR_11_1 = 10
# That nvcc of 11.1, of every 12 and of every 13 compiles for.
ARCHITECTURES = {
    "11": "7.0;7.5;8.0;8.6+PTX",
    "12": "7.0;7.5;8.0;8.6;9.0+PTX",
    "13": "7.5;8.0;8.6;9.0;10.0;12.0+PTX",
}


def modules_of_elsewhere(modules: tuple[str, ...]) -> Iterator[Finding]:
    """Yield the modules loaded from outside this interpreter's folders."""
    own = [Path(prefix).resolve() for prefix in (sys.prefix, sys.base_prefix)]
    for module in modules:
        spec = find_spec(module)
        if spec and spec.origin:
            place = Path(spec.origin).resolve().parent
            if not any(prefix in place.parents for prefix in own):
                yield OUTSIDE.finding(module=module, place=place, prefix=sys.prefix)


def copied_cudnn(stack: Stack) -> Iterator[Finding]:
    """Yield cuDNNs on the library path, in a system's CUDA, or in this environment without an owning package.

    Builds of torch before 1.12 have cuDNN linked in (USE_STATIC_CUDNN=1); newer ones load what they find.
    """
    if "torch" not in stack.versions:
        return
    use = "does not use it" if stack.release("torch") < (1, 12) else "may load this one instead"
    folders = [Path(folder) for folder in os.environ.get("LD_LIBRARY_PATH", "").split(os.pathsep) if folder]
    folders += sorted(SYSTEM.glob("cuda*/lib64"))
    found = [file for folder in folders for file in sorted(folder.glob("libcudnn.so*"))][:1]
    lib = Path(sys.prefix, "lib")
    if stack.conda:
        found += [file for file in sorted(lib.glob("libcudnn.so*")) if f"lib/{file.name}" not in files_of_conda()]
    for file in found:
        yield COPIED_CUDNN.finding(file=file, use=use)


def files_of_conda() -> set[str]:
    """Return the files that conda's packages brought, relative to the prefix."""
    records = Path(sys.prefix, "conda-meta").glob("*.json")
    return {name for record in records for name in json.loads(record.read_text(encoding="utf-8")).get("files", [])}


def unfit_compilers(stack: Stack) -> Iterator[Finding]:
    """Yield the reasons why an extension compiled here would not fit torch, where there is an nvcc."""
    nvcc = nvcc_release()
    if nvcc is None or stack.torch_cuda in (None, CPU):
        return
    if nvcc != stack.torch_cuda:
        yield OTHER_NVCC.finding(nvcc=nvcc, torch=stack.torch_cuda)
    gcc = gcc_version()
    if stack.torch_cuda == "11.1" and gcc and int(gcc.split(".")[0]) > NEWEST_GCC_FOR_11_1:
        yield NEW_COMPILER.finding(gcc=gcc)
    if "TORCH_CUDA_ARCH_LIST" not in os.environ:
        architectures = ARCHITECTURES.get(str(stack.torch_cuda).split(".")[0], ARCHITECTURES["13"])
        yield NO_ARCHITECTURES.finding(architectures=architectures)


def gcc_version() -> str | None:
    """Return the version of the C++ compiler that torch would call, None where there is none."""
    compiler = shutil.which(os.environ.get("CXX", "g++"))
    if not compiler:
        return None
    output = subprocess.run(
        [compiler, "-dumpversion"], stdout=subprocess.PIPE, encoding="utf-8", errors="replace"
    ).stdout.strip()
    return output if re.match(r"\d", output) else None
