"""Environment files against what exists and fits, so that a bad pin is refused before a solver spends an hour on it.

The channels cannot be asked from a test. What they hold was gathered from upstream's build scripts and from published
listings; a build that was never seen itself follows from the script that made its siblings.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Iterator

import yaml
from packaging.specifiers import SpecifierSet

from openworld3d.environment.fits import misfits
from openworld3d.environment.requirements import requirements_of
from openworld3d.environment.stack import CPU, Stack, release

PYTHONS = {(3, minor) for minor in (6, 7, 8, 9)}
# Channel pytorch, for CUDA 11.1 and the CPU; 1.10.1 and 1.10.2 are listed for 10.2 and 11.3 alone.
TORCH = {"1.8.0", "1.8.1", "1.9.0", "1.9.1", "1.10.0"}
TORCH_BUILD = re.compile(r"py(\d)\.(\d+)_(?:cuda(\d+\.\d+)_cudnn[\d.]+_0|cpu_0)$")
# Channel pyg: torch-scatter's version to the torch that it was built for with CUDA 11.1; 1.10 was left out.
SCATTER = {"2.0.7": {"1.8.0", "1.9.0"}, "2.0.8": {"1.8.0", "1.9.0"}, "2.0.9": {"1.9.0"}}
SCATTER_BUILD = re.compile(r"py(\d)(\d+)_torch_(\d+\.\d+)\.0_(?:cu(\d+)(\d)|cpu)$")
# What packages state of themselves in their metadata.
REQUIRES = {
    ("pandas", "1.3.5"): {"numpy": ">=1.17.3"},
    ("pandas", "1.4.4"): {"numpy": ">=1.18.5"},
    ("pandas", "1.5.3"): {"numpy": ">=1.20.3"},
    ("pandas", "2.0.3"): {"numpy": ">=1.20.3"},
    ("pandas", "3.1.1"): {"numpy": ">=2.0.2", "python": ">=3.11"},
    ("scipy", "1.7.3"): {"numpy": ">=1.16.5,<1.23", "python": ">=3.7,<3.11"},
    ("scipy", "1.17.1"): {"numpy": ">=1.26.4,<2.7", "python": ">=3.11"},
    ("scikit-learn", "1.9.1"): {"numpy": ">=1.24.1", "scipy": ">=1.10.0", "python": ">=3.11"},
    ("matplotlib-base", "3.11.2"): {"numpy": ">=1.25", "python": ">=3.11"},
    ("numpy", "1.21.6"): {"python": ">=3.7,<3.11"},
    ("numpy", "2.4.6"): {"python": ">=3.11"},
    ("spconv-cu111", "2.1.25"): {
        "cumm-cu111": ">=0.2.9,<0.3",
        "pccm": "<0.4",
        "ccimport": "<0.4",
        "python": ">=3.6,<3.11",
    },
    ("spconv", "2.3.8"): {"cumm": ">=0.7.11,<0.8.0", "pccm": ">=0.4.16", "ccimport": ">=0.4.4", "python": ">=3.9"},
    ("torch", "2.13.0"): {"python": ">=3.10"},
}
PIN = re.compile(r"(?:(?P<channel>[\w-]+)::)?(?P<name>[\w.-]+) =(?P<version>[\w.]+)(?:=(?P<build>\S+))?$")
PIP_PIN = re.compile(r"(?P<name>[\w.-]+)==(?P<version>[\w.+]+)$")


@dataclass(frozen=True)
class Pin:
    """One line of an environment file."""

    name: str
    version: str
    build: str | None = None
    channel: str | None = None


def refusals(file: Path) -> Iterator[str]:
    """Yield a sentence for everything wrong in an environment file."""
    content = yaml.safe_load(file.read_text())
    yield from refusals_of_form(file, content)
    lines = [line for line in content["dependencies"] if isinstance(line, str)]
    matches = [PIN.match(line) for line in lines] + [PIP_PIN.match(line) for line in pip_lines(content)]
    pins = {match["name"]: Pin(**match.groupdict()) for match in matches if match}
    yield from refusals_of_builds(pins)
    stack = stack_of(pins)
    yield from (f"{finding.key}: {finding.message}" for finding in misfits(stack, requirements_of(file.stem)))
    yield from refusals_of_requirements(stack)


def pip_lines(content: dict) -> list[str]:
    """Return the lines of the pip section, none where there is no such section."""
    return next((entry["pip"] for entry in content["dependencies"] if isinstance(entry, dict)), [])


def refusals_of_form(file: Path, content: dict) -> Iterator[str]:
    """Yield what is wrong with the channels, and lines that pin nothing or give no reason."""
    if content["channels"][-1] != "nodefaults" or "defaults" in content["channels"]:
        yield "channels end with nodefaults and do not name defaults"
    for line in file.read_text().splitlines():
        entry = line.strip()
        if not entry.startswith("- ") or entry == "- pip:":
            continue
        pin, _, reason = entry[2:].partition(" # ")
        match = PIN.match(pin) or PIP_PIN.match(pin)
        if not match:
            yield f"{pin} pins no exact version"
        elif not reason:
            yield f"{pin} gives no reason"
        elif "channel" in match.groupdict() and match["channel"] and match["channel"] not in content["channels"]:
            yield f"{pin} names a channel that is not listed"


def refusals_of_builds(pins: dict[str, Pin]) -> Iterator[str]:
    """Yield conda builds that do not exist, or that are not for the Python, torch or CUDA beside them."""
    python = release(pins["python"].version)[:2]
    torch, scatter, toolkit = pins.get("pytorch"), pins.get("pytorch-scatter"), pins.get("cudatoolkit")
    if torch:
        built = TORCH_BUILD.match(torch.build or "")
        if not built:
            yield f"pytorch {torch.version} gives no build string, so that the solver may take a CPU build"
        elif torch.version not in TORCH or python not in PYTHONS:
            yield f"pytorch {torch.version} has no build {torch.build}"
        elif (int(built[1]), int(built[2])) != python:
            yield f"pytorch's build {torch.build} is not for Python {pins['python'].version}"
        elif built[3] and (not toolkit or not toolkit.version.startswith(built[3])):
            yield f"pytorch's build {torch.build} needs cudatoolkit {built[3]}"
    if scatter and torch:
        yield from refusals_of_scatter(scatter, torch, python)


def refusals_of_scatter(scatter: Pin, torch: Pin, python: tuple[int, ...]) -> Iterator[str]:
    """Yield why a build of torch-scatter does not exist or does not fit torch."""
    built = SCATTER_BUILD.match(scatter.build or "")
    if not built or f"{built[3]}.0" not in SCATTER.get(scatter.version, ()):
        yield f"pytorch-scatter {scatter.version} has no build {scatter.build}"
    elif (int(built[1]), int(built[2])) != python:
        yield f"pytorch-scatter's build {scatter.build} is not for this Python"
    elif release(torch.version)[:2] != release(built[3]):
        yield f"pytorch-scatter's build {scatter.build} is not for torch {torch.version}"


def stack_of(pins: dict[str, Pin]) -> Stack:
    """Return the versions that an environment of these pins would have."""
    names = {"pytorch": "torch", "pytorch-scatter": "torch-scatter"}
    versions = {names.get(pin.name, pin.name): pin.version for pin in pins.values()}
    torch, scatter = pins.get("pytorch"), pins.get("pytorch-scatter")
    built = SCATTER_BUILD.match(scatter.build or "") if scatter else None
    major, minor = release(pins["python"].version)[:2]
    return Stack(
        (major, minor),
        versions,
        cuda_of(torch) if torch else "13.0" if "torch" in pins else None,
        extension_cuda={"torch_scatter": f"{built[4]}.{built[5]}" if built[4] else CPU} if built else {},
    )


def cuda_of(torch: Pin) -> str:
    """Return the CUDA that a build string of pytorch names."""
    built = TORCH_BUILD.match(torch.build or "")
    return built[3] if built and built[3] else CPU


def refusals_of_requirements(stack: Stack) -> Iterator[str]:
    """Yield the requirements of packages that the pins do not meet."""
    present = {**stack.versions, "python": "{}.{}".format(*stack.python)}
    for (name, version), requirements in REQUIRES.items():
        if stack.versions.get(name) == version:
            for needed, specifiers in requirements.items():
                if not SpecifierSet(specifiers).contains(present.get(needed, "0")):
                    yield f"{name} {version} needs {needed}{specifiers}, found {present.get(needed, 'none')}"
