"""Environments made for a test: a real interpreter, small packages of our own, a driver that says what we want."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, Callable, Iterable

import pytest
from tests.stacks.pythons import find_python

SCRIPT = Path(__file__).resolve().parents[2] / "workflow_scripts/check_environment.py"
TORCH = """
class cuda:
    gpus = {gpus}
    is_available = staticmethod(lambda: bool(cuda.gpus))
    device_count = staticmethod(lambda: len(cuda.gpus))
    get_device_name = staticmethod(lambda index: cuda.gpus[index])
"""
LIBCUDA = r"""
#include <stdlib.h>
#include <string.h>
/* FAKE_CUDA is 11010 for 11.1; FAKE_GPU is "8.6 NVIDIA RTX 3090", or not set for none. */
static const char *gpu(void) { return getenv("FAKE_GPU"); }
int cuInit(unsigned flags) { return gpu() ? 0 : 100; }
int cuDriverGetVersion(int *version) { *version = atoi(getenv("FAKE_CUDA")); return 0; }
int cuDeviceGetCount(int *count) { *count = 1; return 0; }
int cuDeviceGet(int *device, int ordinal) { *device = ordinal; return 0; }
int cuDeviceGetName(char *name, int size, int device) { strncpy(name, strchr(gpu(), ' ') + 1, size); return 0; }
int cuDeviceGetAttribute(int *value, int attribute, int device) {
    const char *dot = strchr(gpu(), '.');
    *value = atoi(attribute == 75 ? gpu() : dot + 1);
    return 0;
}
"""


class Prefix:
    """An environment of its own: a real interpreter with packages that are no more than the check looks at."""

    def __init__(self, folder: Path, python: str) -> None:
        subprocess.run([python, "-m", "venv", "--without-pip", str(folder)], check=True)
        self.folder = folder
        self.python = folder / "bin/python"
        self.site = next(folder.glob("lib/python3*/site-packages"))
        # The interpreter's own pip: Python's bundled one is asked where there is none, and starts in seconds.
        where = "import sysconfig; print(sysconfig.get_path('purelib'))"
        own = subprocess.run([python, "-c", where], stdout=subprocess.PIPE, text=True, check=True).stdout.strip()
        for path in Path(own).glob("pip*"):
            (self.site / path.name).symlink_to(path)

    def package(
        self,
        name: str,
        version: str,
        code: str = "",
        requires: Iterable[str] = (),
        module: str | None = None,
        site: Path | None = None,
    ) -> Path:
        """Install a package and return its module's folder."""
        site = site or self.site
        metadata = site / f"{name.replace('-', '_')}-{version}.dist-info/METADATA"
        metadata.parent.mkdir(parents=True)
        needs = "".join(f"Requires-Dist: {line}\n" for line in requires)
        metadata.write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{needs}")
        (metadata.parent / "INSTALLER").write_text("pip\n")
        folder = site / (module or name.replace("-", "_"))
        folder.mkdir()
        (folder / "__init__.py").write_text(code)
        return folder

    def torch(self, version: str, cuda: str | None, gpus: list[str] | None = None) -> None:
        """Install a torch that says of itself what the real one's version file says."""
        folder = self.package("torch", version, TORCH.format(gpus=gpus or []))
        (folder / "version.py").write_text(f"__version__ = {version!r}\ndebug = False\ncuda = {cuda!r}\n")

    def scatter(self, runtime: str | None, code: str = "") -> None:
        """Install a torch-scatter whose library needs this CUDA runtime, none where it is built for the CPU."""
        folder = self.package("torch-scatter", "2.0.8", code)
        if runtime:
            (folder / "_version_cuda.so").write_bytes(b"\x7fELF\0libc.so.6\0" + runtime.encode() + b"\0")

    def conda_record(self, name: str, version: str, build: str, files: Iterable[str] = ()) -> None:
        """Record a package as conda does."""
        record = {"name": name, "version": version, "build": build, "files": list(files)}
        (self.folder / "conda-meta").mkdir(exist_ok=True)
        (self.folder / f"conda-meta/{name}-{version}-{build}.json").write_text(json.dumps(record))

    def check(self, environment: str, **variables: str) -> Checked:
        """Run the command in this environment."""
        out, page = self.folder / "report.json", self.folder / "page.md"
        done = subprocess.run(
            [str(self.python), str(SCRIPT), "--environment", environment, "--out", str(out), "--page", str(page)],
            capture_output=True,
            text=True,
            env={"PATH": os.defpath, **variables},
        )
        report = json.loads(out.read_text()) if out.exists() else None
        return Checked(done.returncode, done.stderr, page.read_text() if page.exists() else "", report)


class Checked:
    """What a check answered."""

    def __init__(self, status: int, errors: str, page: str, report: dict[str, Any] | None) -> None:
        self.status, self.errors, self.page, self.report = status, errors, page, report


def with_needed(made: Prefix) -> Prefix:
    """Install, in name, what a network needs beside torch."""
    for name, version in (("numpy", "1.21.6"), ("scipy", "1.7.3"), ("tensorboard", "2.8.0"), ("tqdm", "4.64.1")):
        made.package(name, version)
    return made


@pytest.fixture
def prefix(tmp_path: Path) -> Prefix:
    """Return an environment of the running Python."""
    return with_needed(Prefix(tmp_path / "prefix", sys.executable))


@pytest.fixture(scope="session")
def driver(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., dict[str, str]]:
    """Return `driver(cuda, gpu)`: the variables with which a process finds a driver that answers so."""
    folder = tmp_path_factory.mktemp("driver")
    (folder / "cuda.c").write_text(LIBCUDA)
    compiler = shutil.which("gcc") or shutil.which("cc")
    assert compiler, "a C compiler is needed, as README.md says"
    subprocess.run([compiler, "-shared", "-fPIC", "-o", folder / "libcuda.so.1", folder / "cuda.c"], check=True)

    def variables(cuda: str, gpu: str | None = None) -> dict[str, str]:
        major, minor = cuda.split(".")
        known = {"LD_LIBRARY_PATH": str(folder), "FAKE_CUDA": str(1000 * int(major) + 10 * int(minor))}
        return {**known, "FAKE_GPU": gpu} if gpu else known

    return variables


@pytest.fixture(scope="session")
def python38() -> str:
    """Return a Python 3.8, in which alone torch 1.8 could run."""
    return find_python("3.8") or pytest.skip("there is no Python 3.8 here, as the CUDA 11.1 environments have it")
