"""Read what is installed for this interpreter from files, without importing it."""

from __future__ import annotations

import ast
import json
import re
import sys
from email.message import Message
from email.parser import HeaderParser
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path

from openworld3d.environment.stack import CPU, Stack, normalised

EXTENSIONS = ("torch_scatter", "torch_sparse", "torch_cluster")
CUDA_RUNTIME = re.compile(rb"libcudart[-\w]*\.so\.(\d+(?:\.\d+)?)")
CONDA_BUILD_CUDA = re.compile(r"_cu(\d+)(\d)$")


def installed_stack() -> Stack:
    """Return the versions of this interpreter's packages, of conda and pip."""
    torch = module_folder("torch")
    conda = conda_packages()
    return Stack(
        python=(sys.version_info[0], sys.version_info[1]),
        versions={**{name: version for name, (version, _) in conda.items()}, **distributions()},
        torch_cuda=cuda_of_torch(torch) if torch else None,
        conda=bool(conda),
        extension_cuda={
            name: cuda_of_extension(folder, conda.get(f"py{normalised(name)}", ("", ""))[1])
            for name in EXTENSIONS
            for folder in [module_folder(name)]
            if folder
        },
    )


def distributions() -> dict[str, str]:
    """Return the version of every distribution with metadata, by normalised name."""
    found = {normalised(said["Name"] or ""): said["Version"] for said in map(header, metadata.distributions())}
    return {name: version for name, version in found.items() if name and version}


def header(distribution: metadata.Distribution) -> Message:
    """Return what a distribution says of itself, without its description, which takes four times as long to read."""
    read = distribution.read_text  # UTF-8, whatever the locale
    text = read("METADATA") or read("PKG-INFO") or ""
    return HeaderParser().parsestr(text.partition("\n\n")[0])


def conda_packages() -> dict[str, tuple[str, str]]:
    """Return version and build string of conda's packages, empty where the interpreter is not conda's."""
    records = [json.loads(file.read_text(encoding="utf-8")) for file in Path(sys.prefix, "conda-meta").glob("*.json")]
    return {record["name"]: (record["version"], record["build"]) for record in records}


def module_folder(name: str) -> Path | None:
    """Return the folder of an importable package, None where there is none."""
    spec = find_spec(name)
    return Path(spec.origin).parent if spec and spec.origin else None


def cuda_of_torch(folder: Path) -> str:
    """Return the CUDA that torch was built for, from its version file."""
    file = folder / "version.py"
    for node in ast.parse(file.read_text(encoding="utf-8") if file.exists() else "").body:
        names = [target.id for target in getattr(node, "targets", []) if isinstance(target, ast.Name)]
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            names = [node.target.id]
        if "cuda" in names and isinstance(node, (ast.Assign, ast.AnnAssign)) and node.value:
            return str(ast.literal_eval(node.value) or CPU)
    return CPU


def cuda_of_extension(folder: Path, conda_build: str) -> str:
    """Return the CUDA that an extension was compiled for, from conda's build string or its library."""
    named = CONDA_BUILD_CUDA.search(conda_build)
    if named:
        return f"{named[1]}.{named[2]}"
    libraries = list(folder.glob("_version_cuda*.so"))
    runtime = CUDA_RUNTIME.search(libraries[0].read_bytes()) if libraries else None
    if not runtime:
        return CPU
    # From 11 on the runtime's file is named after the major version alone: 11.1's is libcudart.so.11.0.
    number = runtime[1].decode()
    return number if int(number.split(".")[0]) < 11 else number.split(".")[0]
