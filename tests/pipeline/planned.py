"""Which jobs a run would start according to the keys alone, in this process: ten times as fast as a dry run."""

from __future__ import annotations

import os
from collections import Counter
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, List

from tests.forgetting import forget

from openworld3d.workflow.config import check_config, read_config
from openworld3d.workflow.inputs import Made, made_check
from openworld3d.workflow.keys import Keys, job_of
from openworld3d.workflow.schema import SCHEMA_FILE
from openworld3d.workflow.steps import STEPS
from openworld3d.workflow.targets import selected_clouds, selected_table

Target = Callable[[Dict[str, Any]], List[Made]]


def planned(folder: Path, *targets: Target) -> dict[str, int]:
    """Return how many jobs of each rule a run of some targets, by default those of `all`, would start."""
    with working_in(folder):
        config = read_config([Path("config.yaml")], SCHEMA_FILE).plain()
        check_config(config, SCHEMA_FILE)
        keys = Keys(config)
        outputs = [made for target in targets or (selected_table, selected_clouds) for made in target(config)]
        jobs = jobs_behind(keys, outputs)
    return dict(Counter(step for step, *_ in jobs))


def jobs_behind(keys: Keys, targets: list[Made]) -> set[tuple[str, ...]]:
    """Return the jobs whose outputs are missing, of those that the targets need, environment checks included."""
    jobs: set[tuple[str, ...]] = set()
    environments = {STEPS[of.step].environment(keys.config, of.wildcards) for of in keys.behind(targets)}
    waiting = [*targets, *map(made_check, environments)]
    while waiting:
        made = waiting.pop()
        job = job_of(made.step, made.wildcards)
        if job not in jobs and not is_there(keys, made):
            jobs.add(job)
            waiting += [made for inputs in keys.made(made.step, made.wildcards).values() for made in inputs]
    return jobs


def is_there(keys: Keys, made: Made) -> bool:
    """Tell whether an output's job has run; the check of an environment has no record."""
    if made.step == "check_environment":
        return Path(keys.path(made)).exists()
    return keys.stands(made.step, made.wildcards)


@contextmanager
def working_in(folder: Path) -> Iterator[None]:
    """Work in a folder, whose files are read as if by a new process."""
    before = Path.cwd()
    os.chdir(folder)
    try:
        forget()
        yield
    finally:
        os.chdir(before)
        forget()
