"""Local conda channels of tiny packages: what environment files pin, and what a looser pin would get instead."""

from __future__ import annotations

import hashlib
import io
import json
import re
import tarfile
from pathlib import Path
from typing import Iterable, NamedTuple

import yaml

SUBDIR = "linux-64"
PIN = re.compile(r"((?P<channel>\S+)::)?(?P<name>\S+) =(?P<version>[^=\s]+)(=(?P<build>\S+))?")


class Package(NamedTuple):
    """A conda package, empty or with a single command."""

    channel: str
    name: str
    version: str
    build: str = "0"
    command: str = ""

    @property
    def depends(self) -> list[str]:
        """Return the dependencies that decide what goes with what; as the real packages of such a build have them."""
        if self.name in ("python", "mkl", "cudatoolkit"):
            return []
        python = re.match(r"py(\d)\.?(\d+)", self.build)
        cuda = re.search(r"cu(?:da)?(\d\d)\.?(\d)", self.build)
        torch = re.search(r"torch_(\d+\.\d+)", self.build)
        return [
            f"python {python[1]}.{python[2]}.*" if python else "python",
            *([f"cudatoolkit {cuda[1]}.{cuda[2]}.*"] if cuda else []),
            *([f"pytorch {torch[1]}.*"] if torch else []),
            *(["mkl >=2018", "numpy"] if self.name == "pytorch" else []),
        ]


# What a solver takes where a pin is loosened: in kind, if not in each number, what the real channels have.
OTHERS = (
    Package("pytorch", "pytorch", "1.8.1", "py3.8_cpu_0"),
    Package("pytorch", "pytorch", "1.8.1", "py3.8_cuda10.2_cudnn7.6.5_0"),
    Package("pyg", "pytorch-scatter", "2.0.8", "py38_torch_1.8.0_cu102"),
    Package("conda-forge", "pytorch", "1.8.2", "cpu_py38_0"),
    Package("conda-forge", "pytorch", "2.1.0", "cpu_generic_0"),
    Package("conda-forge", "cudatoolkit", "10.2.89"),
    Package("conda-forge", "cudatoolkit", "11.3.1"),
    Package("conda-forge", "mkl", "2024.1.0"),
    Package("conda-forge", "numpy", "1.24.4"),
)


def pins_of(environment: Path) -> list[Package]:
    """Return what an environment file pins, `pip:` left out; a line without a version is an error."""
    lines = [line for line in yaml.safe_load(environment.read_text())["dependencies"] if isinstance(line, str)]
    found = []
    for line in lines:
        match = PIN.fullmatch(line)
        assert match, f"{environment}: {line} does not pin a version"
        found.append(
            Package(match["channel"] or "conda-forge", match["name"], match["version"], match["build"] or "0")
        )
    return found


# A `python` that starts an interpreter of this machine, and notes in $PYTHON_LOG which script it ran. To what job.py
# starts it is the running Python, as that of an environment is.
PYTHON = """#!/bin/sh
[ -z "$PYTHON_LOG" ] || echo "$1 $0 {interpreter}" >> "$PYTHON_LOG"
code="import runpy, sys; sys.executable, *sys.argv = sys.argv[1:]; sys.path[0] = 'workflow_scripts'"
code="$code; runpy.run_path(sys.argv[0], run_name='__main__')"
[ "$1" != workflow_scripts/job.py ] || exec "{interpreter}" -c "$code" "$0" "$@"
exec "{interpreter}" "$@"
"""


def python_package(channel: str, version: str, interpreter: str) -> Package:
    """Return a `python` that starts an interpreter of this machine."""
    return Package(channel, "python", version, command=PYTHON.format(interpreter=interpreter))


def write_channels(folder: Path, packages: Iterable[Package]) -> None:
    """Write each channel as a folder."""
    channels: dict[str, set[Package]] = {}
    for package in packages:
        channels.setdefault(package.channel, set()).add(package)
    for channel, content in channels.items():
        write_channel(folder / channel, content)


def write_channel(folder: Path, packages: Iterable[Package]) -> None:
    """Write the packages of one channel, and the index that says what it has."""
    (folder / SUBDIR).mkdir(parents=True)
    (folder / "noarch").mkdir()
    index = {}
    for package in sorted(packages):
        about = {
            "name": package.name,
            "version": package.version,
            "build": package.build,
            "build_number": 0,
            "depends": package.depends,
            "subdir": SUBDIR,
        }
        file = folder / SUBDIR / f"{package.name}-{package.version}-{package.build}.tar.bz2"
        write_archive(file, about, {"bin/python": package.command} if package.command else {})
        index[file.name] = {**about, "sha256": sha256(file.read_bytes()), "size": file.stat().st_size}
    for subdir, content in ((SUBDIR, index), ("noarch", {})):
        text = json.dumps({"info": {"subdir": subdir}, "packages": content, "packages.conda": {}})
        (folder / subdir / "repodata.json").write_text(text)


def write_archive(file: Path, about: dict[str, object], commands: dict[str, str]) -> None:
    """Write a package in conda's older format."""
    paths = [
        {"_path": path, "path_type": "hardlink", "sha256": sha256(text.encode()), "size_in_bytes": len(text.encode())}
        for path, text in commands.items()
    ]
    members = {
        "info/index.json": json.dumps(about),
        "info/paths.json": json.dumps({"paths_version": 1, "paths": paths}),
        **commands,
    }
    with tarfile.open(file, "w:bz2") as archive:
        for path, text in members.items():
            member = tarfile.TarInfo(path)
            member.size, member.mode = len(text.encode()), 0o755
            archive.addfile(member, io.BytesIO(text.encode()))


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
