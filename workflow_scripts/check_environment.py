"""Check one environment before anything runs in it: versions, importability, the GPU, the segment backend.

Standard library only and no module of the project, so that only a change to this file checks again. Each package is
imported in a process of its own: one that crashes is a finding, not the end of the check.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
from pathlib import Path
from typing import Any

NETWORK = ["numpy", "scipy", "torch"]
REQUIRED: dict[str, list[str]] = {
    "metrics": ["numpy", "scipy", "pandas", "jinja2", "plyfile"],
    "stratified_transformer": NETWORK,
    "real_cylinder3d": [*NETWORK, "spconv"],
    "cpu": NETWORK,
    "cuda_current": NETWORK,
}
PROBE = "import {0}; print(getattr({0}, '__version__', 'unknown'))"
GPU_PROBE = (
    "import json, torch; n = torch.cuda.device_count() if torch.cuda.is_available() else 0; "
    "print(json.dumps({'build': torch.version.cuda, 'gpus': [torch.cuda.get_device_name(i) for i in range(n)]}))"
)


def probe(code: str) -> subprocess.CompletedProcess[str]:
    """Run a line of Python in a process of its own."""
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)


def last_line(text: str) -> str:
    """Return the last line of an output, which is where Python says what went wrong."""
    return (text.strip().splitlines() or ["no message"])[-1]


def version_of(environment: str, package: str) -> str:
    """Return a required package's version, or refuse the environment in a sentence."""
    result = probe(PROBE.format(package))
    if result.returncode:
        sys.exit(
            f"error: environment {environment}: {sys.executable} cannot import {package} "
            f"({last_line(result.stderr)}); install what envs/{environment}.yaml "
            "pins, or run snakemake with --sdm conda"
        )
    return result.stdout.strip()


def optional_version(package: str) -> Any:
    """Return an optional package's version, None where it cannot be imported."""
    result = probe(PROBE.format(package))
    return None if result.returncode else result.stdout.strip()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--environment", required=True)
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    report: dict[str, Any] = {"environment": arguments.environment, "python": platform.python_version()}
    required = REQUIRED[arguments.environment]
    report["packages"] = {package: version_of(arguments.environment, package) for package in required}
    if "torch" in required:
        report["torch_scatter"] = optional_version("torch_scatter")
        report["segment_backend"] = "torch-scatter" if report["torch_scatter"] else "torch"
        report["cuda"] = json.loads(probe(GPU_PROBE).stdout)
    text = json.dumps(report, indent=1, sort_keys=True)
    temporary = arguments.out.with_name(f".{os.getpid()}.{arguments.out.name}")
    temporary.write_text(text + "\n")
    os.replace(temporary, arguments.out)
    print(text)


if __name__ == "__main__":
    main()
