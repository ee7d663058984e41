"""Measure on one GPU what could not be measured without one: agreement, time, memory, training and inference.

    python benchmarks/on_a_gpu.py
    python benchmarks/on_a_gpu.py --dry       # all of it small, on the CPU, in a minute

Needs this folder beside workflow_scripts/, Python 3.11 or newer, torch 2.11 or newer with numpy, scipy and PyYAML,
and no Snakemake. Each part runs in a process of its own and is stopped at its limit; all limits add up to less than 8
minutes. What a part measured before it was stopped or failed counts. Prints a Markdown table per part, then all of it
as one line of JSON; exits with 1 where a part did not finish or an agreement is off.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import IO, Any

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "workflow_scripts")]

from benchmarks.gpu.rows import Setting, markdown

# Module of benchmarks/gpu -> title and limit in seconds. The first makes the scenes of the others.
PARTS = {
    "rooms": ("Generated rooms", 45),
    "golden": ("Golden networks and losses", 45),
    "attention": ("Attention of the finest level", 70),
    "steps": ("Training steps", 120),
    "cylinder": ("Cylinder3D with spconv", 30),
    "nccl": ("One process with NCCL", 15),
    "curve": ("Training on generated rooms, GPU and CPU", 120),
    "inference": ("Inference of the default experiment, GPU and CPU", 25),
}
WHOLE = 470  # seconds
DONE = "done"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dry", action="store_true", help="run everything small on the CPU")
    parser.add_argument("--part", nargs=2, metavar=("NAME", "FOLDER"), help="run one part here, a line of JSON a row")
    arguments = parser.parse_args()
    if arguments.part:
        name, folder = arguments.part
        run_here(name, Setting(arguments.dry, Path(folder)))
        return
    sys.exit(run_all(arguments.dry))


def run_here(name: str, setting: Setting) -> None:
    """Print the rows of one part as they are measured."""
    for row in importlib.import_module(f"benchmarks.gpu.{name}").run(setting):
        print(json.dumps(row), flush=True)


def run_all(dry: bool) -> int:
    """Run each part, print its table, at the end the JSON; return the exit status."""
    machine = described()
    if not dry and machine["GPU"] is None:
        sys.exit("torch sees no GPU; run on a machine with one, or add --dry to run everything small on the CPU")
    print("\n".join(f"- {name}: {value}" for name, value in machine.items()), flush=True)
    found: dict[str, Any] = {}
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        for name, (title, limit) in PARTS.items():
            left = WHOLE - (time.monotonic() - began)
            found[name] = run_part(command_of(name, Path(folder), dry), dry, min(limit, left))
            print(f"\n### {title}\n{found[name]['ended']}, {found[name]['seconds']:.0f} s\n", flush=True)
            print(markdown(found[name]["rows"]), flush=True)
    print(f"\n{json.dumps({'machine': machine, 'parts': found})}")
    well = all(
        part["ended"] == DONE and all(row.get("agrees", True) for row in part["rows"]) for part in found.values()
    )
    return 0 if well else 1


def command_of(name: str, folder: Path, dry: bool) -> list[str]:
    """Return the command that runs one part."""
    return [sys.executable, str(Path(__file__).resolve()), "--part", name, str(folder), *["--dry"] * dry]


def run_part(command: list[str], dry: bool, limit: float) -> dict[str, Any]:
    """Run a part, killed with its children at its limit in seconds; return its rows and how it ended."""
    # Without a GPU the fused kernel runs in Triton's interpreter.
    variables = {**os.environ, **({"TRITON_INTERPRET": "1", "OMP_NUM_THREADS": "1"} if dry else {})}
    began, limit = time.monotonic(), max(limit, 0)
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
        process = subprocess.Popen(command, stdout=out, stderr=err, cwd=ROOT, env=variables, start_new_session=True)
        try:
            status = process.wait(limit)
            ended = DONE if status == 0 else f"failed with exit status {status}"
        except subprocess.TimeoutExpired:
            ended = f"stopped at its limit of {limit:.0f} s"
        finally:
            end(process)
        rows, said = (file.read().splitlines() for file in map(rewound, (out, err)))
    if ended.startswith("failed"):
        ended = f"{ended}: {' '.join(said[-1:])}"
    whole = [json.loads(row) for row in rows if row.endswith("}")]
    return {"ended": ended, "seconds": time.monotonic() - began, "rows": whole}


def rewound(file: IO[str]) -> IO[str]:
    """Return a file at its beginning."""
    file.seek(0)
    return file


def end(process: subprocess.Popen[bytes]) -> None:
    """Kill what is left of a process and the children in its session."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        return
    process.wait()


def described() -> dict[str, Any]:
    """Return what the numbers depend on: GPU, driver and versions, None where there is none."""
    import torch

    from benchmarks.gpu.rows import version_of
    from openworld3d.environment.gpu import read_driver

    cuda = torch.cuda.is_available()
    return {
        "GPU": torch.cuda.get_device_name() if cuda else None,
        "compute capability": ".".join(map(str, torch.cuda.get_device_capability())) if cuda else None,
        "driver": read_driver().version,
        "CUDA": torch.version.cuda,
        "Python": sys.version.split()[0],
        "cores": len(os.sched_getaffinity(0)),
        **{name: version_of(name) for name in ("torch", "triton", "numpy", "scipy", "spconv")},
    }


if __name__ == "__main__":
    main()
