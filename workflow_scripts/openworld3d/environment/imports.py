"""Rules that need packages to be imported or pip to run, each in a process of its own."""

from __future__ import annotations

import ensurepip
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Iterator

from openworld3d.environment.finding import Finding, Rule
from openworld3d.environment.stack import normalised

UNMET = Rule(
    "E1",
    "{package} {version} needs {requirement}, found {found}",
    "{advice}",
)
NO_IMPORT = Rule(
    "E8",
    "{python} cannot import {module} ({error})",
    "{advice}",
)
BLIND_TORCH = Rule(
    "E5",
    "the driver shows {gpus}, but torch sees no GPU ({error})",
    "compare torch's CUDA with the driver's above; after a driver update, restart the machine",
)
RULES = [UNMET, NO_IMPORT, BLIND_TORCH]

# Lines of `pip check`.
CONFLICT = re.compile(r"(\S+) (\S+) has requirement (.+), but you have (\S+) (\S+)\.$")
ABSENT = re.compile(r"(\S+) (\S+) requires (.+), which is not installed\.$")
ADVICE = [
    (r"undefined symbol: iJIT", "pin mkl=2021.4, or anything below 2024.1"),
    (
        r"undefined symbol|different CUDA versions|libcudart",
        "it was compiled for another torch or CUDA: install it again after every change of torch, from the channel "
        "and the build that envs/ names, and clear pip's cache first",
    ),
    (r"GLIBCXX", "take system folders out of LD_LIBRARY_PATH: the environment's libstdc++ must come first"),
    (r"incompatible with numpy|numpy\.dtype size|NumPy 1\.x", "pin the numpy that envs/ names for this environment"),
]
RECREATE = "create the environment again from its file, and install nothing into it by hand afterwards"
OLDER_PANDAS = "take pandas=1.3.5 or raise numpy to 1.21.6, better: "
INSTALL = "install what envs/ pins for this environment, or run snakemake with --sdm conda"
SEE_GPUS = (
    "import json, warnings; warnings.simplefilter('always'); import torch; "
    "print(json.dumps([torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())] "
    "if torch.cuda.is_available() else []))"
)


def run_python(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run this interpreter in a child process, so that a crash is a finding and not the end of the check."""
    return subprocess.run(
        [sys.executable, *arguments],
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        env={**os.environ, **variables},
    )


def pip_check() -> str:
    """Return the output of `pip check`, by Python's bundled pip where none is installed."""
    installed = run_python("-m", "pip", "check", "--disable-pip-version-check")
    if "No module named pip" not in installed.stderr:
        return installed.stdout
    wheels = sorted(Path(ensurepip.__file__).with_name("_bundled").glob("pip-*.whl"))
    return "\n".join(run_python("-m", "pip", "check", PYTHONPATH=str(wheel)).stdout for wheel in wheels)


def unmet_requirements(modules: tuple[str, ...]) -> Iterator[Finding]:
    """Yield the unmet requirements of packages; only one of a required module stops jobs."""
    wanted = {normalised(module) for module in modules}
    for line in pip_check().splitlines():
        conflict, absent = CONFLICT.match(line), ABSENT.match(line)
        if conflict:
            package, version, requirement, needed, found = conflict.groups()
            found = f"{needed} {found}"
        elif absent:
            package, version, requirement = absent.groups()
            needed, found = requirement, "none"
        else:
            continue
        finding = UNMET.finding(
            package=package,
            version=version,
            requirement=requirement.split(";")[0],
            found=found,
            advice=OLDER_PANDAS + RECREATE if (package, needed) == ("pandas", "numpy") else RECREATE,
        )
        concerns = wanted & {normalised(package), normalised(needed)}
        yield finding if concerns else Finding(finding.key, finding.message, finding.remedy, stops=False)


def failed_imports(modules: tuple[str, ...]) -> Iterator[Finding]:
    """Yield the modules that cannot be imported, with advice for known errors."""
    for module in modules:
        done = run_python("-c", f"import {module}")
        if done.returncode:
            error = last_error(done.stderr) or f"it died with status {done.returncode}"
            advice = next((text for pattern, text in ADVICE if re.search(pattern, done.stderr)), INSTALL)
            yield NO_IMPORT.finding(python=sys.executable, module=module, error=error, advice=advice)


def last_error(output: str) -> str:
    """Return the last error that Python printed, on one line."""
    lines = output.strip().splitlines()
    starts = [place for place, line in enumerate(lines) if re.match(r"[\w.]+: ", line)]
    return " ".join(line.strip() for line in lines[starts[-1] if starts else -1 :])


def gpus_of_torch() -> tuple[list[str], str]:
    """Return the names of the GPUs that torch sees, and the last line of its warnings."""
    done = run_python("-c", SEE_GPUS)
    said = done.stderr.strip().splitlines()[-1:] or ["no reason given"]
    return (json.loads(done.stdout) if done.returncode == 0 else []), said[0].strip()
