"""Run the command of a job: on the code, inputs and files from outside that its key says, or not at all.

The job comes on standard input as JSON (`Job.as_json`); options after `--` go to the command as they are. When the
command has ended well, the record says what it was made from and what was made.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import py_compile
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from contextlib import contextmanager, suppress
from importlib.util import cache_from_source
from pathlib import Path
from typing import Iterator

from openworld3d.environment.gpu import read_driver
from openworld3d.environment.installed import distributions
from openworld3d.environment.slots import Held, gpus_of_job
from openworld3d.errors import UserError, run_command
from openworld3d.files import canonical_json, write_json, write_text
from openworld3d.processes import ancestors, die_with_parent
from openworld3d.provenance.code import code_of, digest_of
from openworld3d.provenance.records import NOTE, Record, checked, code_state, describe, wrong_file
from openworld3d.workflow.inputs import Job
from openworld3d.workflow.outside import identity_of, note_files
from openworld3d.workflow.plan import changed_files, planned_code

# The process whose job this is: a job ends with its Snakemake, as the next call would make the same beside it.
CALL = "OPENWORLD3D_CALL"
SECONDS_BETWEEN_LOOKS = 1.0
ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
FLAGS, HASH_BASED = 4, 1  # the byte of a .pyc that says so, PEP 552
LONGEST_ARGUMENT, LONGEST_LINE = 100_000, 1_000_000  # characters; what is longer goes through a file


def main() -> None:
    """Read the job, check what it reads, run its command, write its record."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--gpus", type=int, default=0, help="how many GPUs the command gets for itself")
    parser.add_argument("options", nargs=argparse.REMAINDER, help="further options of the command, after --")
    arguments = parser.parse_args()
    options = [option for option in arguments.options if option != "--"]
    call = calling_process()
    job = Job.from_json(sys.stdin.read())
    with noted(job):
        if not (job.elsewhere and copied_from_elsewhere(job, call)):
            make(job, options, arguments.gpus, call)


def make(job: Job, options: list[str], gpus: int, call: int) -> None:
    """Run the command of a job once it has its GPUs, and write its record."""
    with gpus_of_job(gpus, lambda: check_call(call)) as held:
        code, inputs = check_code(job), check_inputs(job)
        check_outside(job)
        bind_bytecode(code)
        check_call(call)
        status = run(command_of(job, options), call, held)
        if status:
            sys.exit(status if status > 0 else 128 - status)
        check_code(job)
        check_outside(job)
        write_record(job, code, inputs, call)


@contextmanager
def noted(job: Job) -> Iterator[None]:
    """Note while a job runs which job of Slurm it is, so that a later call finds what an earlier one left behind."""
    note = Path(job.record + NOTE)
    if "SLURM_JOB_ID" in os.environ:
        write_text(note, os.environ["SLURM_JOB_ID"])
    try:
        yield
    finally:
        note.unlink(missing_ok=True)


def check_code(job: Job) -> dict[str, str]:
    """Return the SHA-256 of each file of code; raises UserError where it is not the code of the key."""
    code_of.cache_clear()
    try:
        code = code_of(job.script, tuple(job.modules), tuple(job.ignores))
    except (OSError, SyntaxError, ValueError):  # a file that is half saved, or gone
        code = {}
    expected = job.parts["code"]
    if digest_of(code) != expected:
        changed = changed_files(planned_code(expected), code)
        where = changed[0] if changed else f"{job.script} or a file that it imports"
        raise UserError(
            f"{where}: it has changed since this job was planned; run again, and what it changes is made anew"
        )
    return code


def bind_bytecode(code: dict[str, str]) -> None:
    """Make the compiled files of a job's code check their source's content, where they check its size and second.

    A file replaced with its time kept would run as it was before.
    """
    for file in code:
        with suppress(OSError, SyntaxError, ValueError):
            compiled = Path(cache_from_source(file))
            if compiled.exists() and not compiled.read_bytes()[FLAGS] & HASH_BASED:
                py_compile.compile(file, invalidation_mode=py_compile.PycInvalidationMode.CHECKED_HASH)


def check_inputs(job: Job) -> dict[str, str]:
    """Return the digest of each input; raises UserError where one is not what was made and recorded."""
    return dict(checked(Path(path), Path(record)) for path, record in job.records.items())


def check_outside(job: Job) -> None:
    """Raise UserError where files from outside are not those of the key."""
    if job.outside is None:
        return
    if identity_of(job.outside, job.folder, again=True) != job.parts["outside"]:
        raise UserError(
            f"{job.outside.root}: its files have changed since this job was planned; run again, and what they change "
            "is made anew"
        )


def copied_from_elsewhere(job: Job, call: int) -> bool:
    """Copy what has the same key under another name, as the network of two protocols, and tell whether there is one.

    Its job must have read all that this one would, what informs a person too.
    """
    own = Path(job.folder, job.key)
    others = [folder for folder in sorted(Path().glob(job.elsewhere)) if folder != own]
    if not others:
        return False
    check_code(job)
    inputs = check_inputs(job)
    check_outside(job)
    read = {path: inputs[path] for paths in job.inputs.values() for path in paths}
    for folder in others:
        record = folder / Path(job.record).relative_to(own)
        outputs = {path: folder / Path(path).relative_to(own) for path in job.outputs.values()}
        if any(wrong_file(file, record) for file in outputs.values()):
            continue
        theirs = json.loads(record.read_text(encoding="utf-8"))
        if read.items() <= theirs["inputs"].items():
            own.mkdir(parents=True, exist_ok=True)
            for path, file in outputs.items():
                shutil.copyfile(file, path)
            write_record_of_copy(job, theirs, inputs, call)
            print(f"{folder} has the same key: what it holds is copied, not made again")
            return True
    return False


def command_of(job: Job, options: list[str]) -> list[str]:
    """Return the command line of a job's script."""
    line = ["--config", canonical_json(job.parts["config"])] if "config" in job.parts else []
    inputs = {**job.inputs}
    if job.outside is not None:
        inputs[job.outside.option] = [job.outside.path]  # raw scans are outside where no job generates them
    for name, paths in inputs.items():
        line += [f"--{name.replace('_', '-')}", *map(as_argument, paths)]
    for name, path in job.outputs.items():
        line += [f"--{name.replace('_', '-')}", path]
    return [f"workflow_scripts/{job.script}", *line, *options]


def as_argument(path: str) -> str:
    """Return a path as an argument that is neither an option nor a file of arguments: `./-model.pth`, `./@2x`."""
    return f"./{path}" if path.startswith(("-", "@")) else path


def run(command: list[str], call: int, held: Held) -> int:
    """Run a Python command in a session of its own, on its GPUs, and return its status; it ends with its call.

    It holds the locks of its GPUs too: they are free when both have ended.
    """
    script, *arguments = command
    with tempfile.TemporaryDirectory() as folder:
        if max(map(len, arguments)) > LONGEST_ARGUMENT or sum(map(len, arguments)) > LONGEST_LINE:
            file = Path(folder) / "arguments"
            file.write_text("\n".join(arguments), encoding="utf-8")
            arguments = [f"@{file}"]
        child = subprocess.Popen(
            [sys.executable, script, *arguments],
            start_new_session=True,
            stdin=subprocess.DEVNULL,
            preexec_fn=begin,
            env={**os.environ, **held.variables()},
            pass_fds=held.locks,
        )
        for number in ENDING:
            signal.signal(number, lambda received, frame: end(child, received))
        while True:
            try:
                return child.wait(SECONDS_BETWEEN_LOOKS)
            except subprocess.TimeoutExpired:
                try:
                    check_call(call)
                except UserError:
                    end(child, signal.SIGKILL)
                    raise


def begin() -> None:
    """Let a command die with this process, and ignore no signal because the shell of the call, as nohup does, did."""
    die_with_parent()
    for number in ENDING:
        signal.signal(number, signal.SIG_DFL)


def end(child: subprocess.Popen[bytes], number: int) -> None:
    """Send a signal to a command and all processes that it started."""
    if child.poll() is None:
        os.killpg(child.pid, number)


def calling_process() -> int:
    """Return the Snakemake that started this job, 0 where it cannot be seen, as from within a container."""
    call = int(os.environ.get(CALL, 0))
    return call if call in ancestors() else 0


def check_call(call: int) -> None:
    """Raise UserError where the Snakemake that started this job has died: the next one may make the same."""
    if call and call not in ancestors():
        raise UserError("the Snakemake that started this job has died; run again")


def write_record(job: Job, code: dict[str, str], inputs: dict[str, str], call: int) -> None:
    """Write what a result was made from, what it is, and what ran; files from outside apart, as there may be many."""
    outputs = {path: Path(path) for path in job.outputs.values()}
    for path, file in outputs.items():
        if not file.exists():
            raise UserError(f"{path}: {job.script} finished without writing it, which is a bug in that script")
    if job.outside is not None:
        note_files(job.outside, job.parts["outside"], Path(job.folder) / job.key)
    record = {
        "step": job.step,
        "key": job.key,
        "parts": job.parts,
        "wildcards": job.wildcards,
        "records": sorted(set(job.records.values())),
        "inputs": inputs,
        "outputs": {path: describe(file) for path, file in outputs.items()},
        "code": code,
        "state": code_state(),
        # With another number of threads a network's sums are added in another order.
        "threads": os.environ.get("OMP_NUM_THREADS"),
        "software": {
            "platform": platform.platform(),
            "processor": processor(),
            "python": platform.python_version(),
            "packages": distributions(),
            "driver": read_driver().as_json(),
        },
    }
    check_call(call)
    write_json(Path(job.record), record)


def write_record_of_copy(job: Job, original: Record, inputs: dict[str, str], call: int) -> None:
    """Write the record of a result that was copied: what ran is that of the original, made under its wildcards."""
    own = {
        "wildcards": job.wildcards,
        "records": sorted(set(job.records.values())),
        "inputs": inputs,
        "outputs": {path: describe(Path(path)) for path in job.outputs.values()},
        "made_as": original.get("made_as", original["wildcards"]),
    }
    check_call(call)
    write_json(Path(job.record), {**original, **own})


def processor() -> str:
    """Return the processor's name, as Linux knows it."""
    information = Path("/proc/cpuinfo")
    names = (
        re.findall(r"model name\s*: (.+)", information.read_text(encoding="utf-8")) if information.exists() else []
    )
    return names[0] if names else platform.processor()


if __name__ == "__main__":
    run_command(main)
