"""Keys: the digest of all that makes a result, part of its path, computed before anything runs.

What makes a result: its slice of the config, its code, the keys of its inputs, the environment that it runs in, and
which files from outside it reads. Equal parts are an equal key, and another key is another place.
"""

from __future__ import annotations

import os
import re
from functools import lru_cache
from pathlib import Path
from string import Formatter
from typing import Any, Dict, Iterable, Mapping, NamedTuple

from openworld3d.errors import UserError
from openworld3d.files import canonical_json, sha256_of_text
from openworld3d.provenance.code import digest_of_code
from openworld3d.provenance.records import record_file
from openworld3d.workflow.inputs import Job, Made
from openworld3d.workflow.outside import identity_of
from openworld3d.workflow.step import Step
from openworld3d.workflow.steps import STEPS

Config = Dict[str, Any]
Parts = Dict[str, Any]

LENGTH = 12
WILDCARD = re.compile(r"\{\w+\}")
# Letters alone, as digits on a command line would be a number there.
LETTERS = str.maketrans("0123456789", "ghijklmnop")
PATTERN = f"[a-p]{{{LENGTH}}}"
OF_ENVIRONMENT = ("{}.yaml", "{}.*.pin.txt", "{}.post-deploy.sh")  # what Snakemake reads in envs/


class Result(NamedTuple):
    """What the jobs of a step make in one folder: where it lies, its key, what made it, and the wildcards."""

    step: str
    folder: str
    key: str
    parts: Parts
    wildcards: Mapping[str, str]

    @property
    def address(self) -> str:
        """Return what stays where the key changes."""
        return f"{self.step} {self.folder}"


class Keys:
    """The results of one config, each computed on demand."""

    def __init__(self, config: Config) -> None:
        self.config = config
        self.results: dict[tuple[str, ...], Result] = {}
        self.inputs_of_jobs: dict[tuple[str, ...], dict[str, list[Made]]] = {}
        self.places_of_jobs: dict[tuple[str, ...], dict[str, list[tuple[str, str]]]] = {}

    def result(self, step: str, wildcards: Mapping[str, Any]) -> Result:
        """Return what a step makes of some wildcards, of which it takes those of its folder."""
        names = wildcards_of(STEPS[step].folder)
        address = (step, *[str(wildcards[name]) for name in names])
        if address not in self.results:
            parts, of_folder = self.parts(step, wildcards), dict(zip(names, address[1:]))
            folder = STEPS[step].folder.format(**of_folder)
            self.results[address] = Result(step, folder, key_of(step, parts), parts, of_folder)
        return self.results[address]

    def parts(self, step: str, wildcards: Mapping[str, Any]) -> Parts:
        """Return what makes a result."""
        kind, config = STEPS[step], self.config
        inputs = {name: self.keys_of(made(config, wildcards)) for name, made in kind.inputs.items()}
        parts: Parts = {
            **({"config": self.slice(kind, wildcards)} if kind.config else {}),
            "code": digest_of_code(kind.script, tuple(kind.modules(config, wildcards)), kind.ignores),
            "inputs": {name: keys for name, keys in inputs.items() if keys},
            "environment": digest_of_environment(kind.environment(config, wildcards)),
        }
        outside = kind.outside(config, wildcards)
        if outside is not None:
            parts["outside"] = identity_of(outside, kind.folder.format(**wildcards))
        return parts

    def keys_of(self, inputs: list[Made]) -> dict[str, str]:
        """Return the key of each input by its address."""
        results = [self.result(made.step, made.wildcards) for made in inputs]
        return {result.address: result.key for result in results}

    def slice(self, step: Step, wildcards: Mapping[str, Any]) -> Any:
        """Return the slice of the config that a step sees."""
        function, *names = step.config
        return function(self.config, *(wildcards[name] for name in names))

    def path(self, made: Made) -> str:
        """Return where an output lies."""
        return self.places(made)[0]

    def places(self, made: Made) -> tuple[str, str]:
        """Return where an output lies, and the record of the job that makes it: beside that job's first output."""
        step, output, wildcards = made
        result = self.result(step, wildcards)
        folder, of_job = f"{result.folder}/{result.key}", dict(wildcards)
        return (
            f"{folder}/{STEPS[step].outputs[output].format(**of_job)}",
            f"{folder}/{record_pattern(step).format(**of_job)}",
        )

    def outputs(self, step: str, wildcards: Mapping[str, Any]) -> dict[str, str]:
        """Return the path of each output of a job by name."""
        return {name: self.path(Made(step, name, wildcards)) for name in STEPS[step].outputs}

    def record(self, step: str, wildcards: Mapping[str, Any]) -> str:
        """Return where the record of a job lies."""
        return self.places(Made(step, next(iter(STEPS[step].outputs)), wildcards))[1]

    def made(self, step: str, wildcards: Mapping[str, Any]) -> dict[str, list[Made]]:
        """Return a job's inputs by name, and what it waits for."""
        job = job_of(step, wildcards)
        if job not in self.inputs_of_jobs:
            kind, of_job = STEPS[step], dict(zip(wildcards_of_jobs(step), job[1:]))
            of_all = {**kind.inputs, **kind.informs, **kind.waits}
            self.inputs_of_jobs[job] = {name: function(self.config, of_job) for name, function in of_all.items()}
        return self.inputs_of_jobs[job]

    def places_of_inputs(self, step: str, wildcards: Mapping[str, Any]) -> dict[str, list[tuple[str, str]]]:
        """Return where a job's inputs and their records lie, by name, and what it waits for."""
        job = job_of(step, wildcards)
        if job not in self.places_of_jobs:
            self.places_of_jobs[job] = {
                name: list(map(self.places, made)) for name, made in self.made(step, wildcards).items()
            }
        return self.places_of_jobs[job]

    def behind(self, targets: Iterable[Made]) -> list[Result]:
        """Return the results that some outputs are made from, theirs included, each once."""
        waiting, found = list(targets), {}
        while waiting:
            made = waiting.pop()
            result = self.result(made.step, made.wildcards)
            if result.address not in found:
                found[result.address] = result
                waiting += [other for inputs in self.made(made.step, made.wildcards).values() for other in inputs]
        return list(found.values())

    def stands(self, step: str, wildcards: Mapping[str, Any]) -> bool:
        """Tell whether all outputs of a job are there, with the record that is written once they are whole."""
        return all(map(os.path.exists, [self.record(step, wildcards), *self.outputs(step, wildcards).values()]))

    def original(self, step: str, wildcards: Mapping[str, Any]) -> list[str]:
        """Return the record of which a shared result is to be a copy: the first by name of its key, if not itself."""
        if not STEPS[step].shared:
            return []
        own = self.result(step, wildcards)
        alike = [other for other in self.results.values() if (other.step, other.key) == (step, own.key)]
        first = min(alike, key=lambda result: result.folder)
        return [] if first is own else [self.record(step, first.wildcards)]

    def job(self, step: str, wildcards: Mapping[str, Any]) -> Job:
        """Return all that a job needs to know."""
        kind, result = STEPS[step], self.result(step, wildcards)
        places = self.places_of_inputs(step, wildcards)
        return Job(
            step=step,
            wildcards=dict(wildcards),
            key=result.key,
            folder=result.folder,
            parts=result.parts,
            script=kind.script,
            modules=kind.modules(self.config, wildcards),
            ignores=list(kind.ignores),
            inputs={name: [path for path, _ in found] for name, found in places.items() if name not in kind.waits},
            records={path: record for found in places.values() for path, record in found},
            outputs=self.outputs(step, wildcards),
            outside=kind.outside(self.config, wildcards),
            record=self.record(step, wildcards),
            elsewhere=f"{WILDCARD.sub('*', kind.folder)}/{result.key}" if kind.shared else "",
        )


@lru_cache(maxsize=None)
def record_pattern(step: str) -> str:
    """Return where the record of a step's jobs lies below the folder of its key."""
    return record_file(next(iter(STEPS[step].outputs.values())))


def key_of(step: str, parts: Parts) -> str:
    """Return the digest of what makes a result, as 12 letters."""
    return sha256_of_text(canonical_json({"step": step, **parts}))[:LENGTH].translate(LETTERS)


@lru_cache(maxsize=None)
def digest_of_environment(name: str) -> str:
    """Return the digest of what an environment's files require, comments aside; raises UserError for no YAML."""
    found = (file for pattern in OF_ENVIRONMENT for file in Path("envs").glob(pattern.format(name)))
    required = {file.name: required_by(file) for file in sorted(found)}
    return sha256_of_text(canonical_json(required))[:LENGTH]


def required_by(file: Path) -> Any:
    """Return what a file of an environment holds."""
    import yaml  # which environments of jobs, whose job.py imports this module, need not have

    try:
        text = file.read_text(encoding="utf-8")
        return yaml.safe_load(text) if file.suffix == ".yaml" else text
    except UnicodeDecodeError:
        raise UserError(f"{file}: is not text in UTF-8; save it so") from None
    except yaml.YAMLError as error:
        raise UserError(f"{file}: is not valid YAML ({' '.join(str(error).split())}); correct it") from None


@lru_cache(maxsize=None)
def wildcards_of(pattern: str) -> list[str]:
    """Return the names of a pattern's wildcards."""
    return [name for _, name, _, _ in Formatter().parse(pattern) if name]


@lru_cache(maxsize=None)
def wildcards_of_jobs(step: str) -> list[str]:
    """Return the names of the wildcards that identify a job of a step."""
    patterns = [STEPS[step].folder, *STEPS[step].outputs.values()]
    return list(dict.fromkeys(name for pattern in patterns for name in wildcards_of(pattern)))


def job_of(step: str, wildcards: Mapping[str, Any]) -> tuple[str, ...]:
    """Return what identifies a job."""
    return (step, *[str(wildcards[name]) for name in wildcards_of_jobs(step)])
