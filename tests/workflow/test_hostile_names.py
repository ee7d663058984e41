"""Whatever stands for a name or a path in a config is a sentence at planning, or reaches each command as it is."""

from __future__ import annotations

import argparse
import re
import runpy
import subprocess
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from string import Formatter
from types import SimpleNamespace
from typing import Any, Callable, Iterator, Tuple, Union

import pytest
from snakemake.utils import format as format_command
from tests.forgetting import forget
from tests.pipeline.planned import jobs_behind
from tests.workflow.hostile_config import CLASSES, CONFIG, FILES, FREE, GENERATORS, GROUPS, HOSTILE, ROOT

from openworld3d.errors import UserError
from openworld3d.workflow.config import check_config
from openworld3d.workflow.inputs import Job
from openworld3d.workflow.keys import Keys, wildcards_of, wildcards_of_jobs
from openworld3d.workflow.schema import read_schema
from openworld3d.workflow.steps import STEPS
from openworld3d.workflow.targets import every_output, selected_clouds, selected_table

SCHEMA = ROOT / "schemas/config.schema.yaml"
Place = Tuple[Union[str, int], ...]


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Return a checkout beside which lie the files that the config names."""
    folder = tmp_path_factory.mktemp("checkout")
    for name in ("workflow_scripts", "envs"):
        (folder / name).symlink_to(ROOT / name)
    for name in FILES:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    forget()
    yield folder
    forget()


@pytest.fixture(autouse=True)
def _in_the_checkout(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(checkout)


def places_of(value: Any, place: Place = ()) -> Iterator[tuple[Place, str]]:
    """Yield where each text of a config stands, names of entries and keys included, and the text."""
    if isinstance(value, str):
        yield place, value
    for key, inner in (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    ):
        if isinstance(key, str):
            yield (*place, f"{key}:"), key
        yield from places_of(inner, (*place, key))


def hostile(text: str) -> str:
    """Return the hostile text that takes the place of another, on two lines unless that is a class."""
    return HOSTILE if text in CLASSES | GROUPS else f"{HOSTILE}\ntouch owned"


def replaced(value: Any, this: Callable[[Place, str], bool], place: Place = ()) -> Any:
    """Return a config with the hostile text in some places."""
    if isinstance(value, str):
        return hostile(value) if this(place, value) else value
    if isinstance(value, list):
        return [replaced(inner, this, (*place, number)) for number, inner in enumerate(value)]
    if isinstance(value, dict):
        return {
            hostile(key) if this((*place, f"{key}:"), key) else key: replaced(inner, this, (*place, key))
            for key, inner in value.items()
        }
    return value


def keys_that_hold_text() -> Iterator[tuple[str, str]]:
    """Yield section and name of each key of the schema whose value may be or have a text that nobody lists."""
    schema = read_schema(SCHEMA)
    definitions = schema["$defs"]

    def holds_text(key: Any) -> bool:
        if not isinstance(key, dict):
            return False
        key = {**definitions.get(key.get("$ref", "").rpartition("/")[2], {}), **key}
        texts = key.get("type") == "string" and "enum" not in key
        return (
            texts
            or "propertyNames" in key
            or any(holds_text(key.get(part)) for part in ("items", "additionalProperties"))
        )

    for section in ("dataset", "protocol", "backbone", "recipe", "score", "table"):
        entry = definitions[section]
        kinds = [kind["then"]["properties"] for kind in entry.get("allOf", [])]
        for properties in [
            entry["properties"],
            *kinds,
            *([definitions["pretrained"]["properties"]] if section == "recipe" else []),
        ]:
            yield from ((f"{section}s", name) for name, key in properties.items() if holds_text(key))
    yield from (("", name) for name, key in schema["properties"].items() if holds_text(key) and name != f"{name}s")


def test_config_has_every_key_that_may_hold_a_text() -> None:
    check_config(CONFIG, SCHEMA)
    there = {("", key) for key in CONFIG}
    there |= {
        (section, key)
        for section, entries in CONFIG.items()
        if isinstance(entries, dict) and section != "evaluation"
        for entry in entries.values()
        for key in entry
    }
    # Names of the registry, and classes of a list.
    assert set(keys_that_hold_text()) - there == {("protocols", "named"), ("recipes", "pretrained_untaught")}


def jobs_of(config: dict[str, Any]) -> Iterator[tuple[str, dict[str, str], Keys]]:
    """Yield step and wildcards of each job that a config plans."""
    keys = Keys(config)
    targets = [*selected_table(config), *selected_clouds(config), *every_output("draw_steps", config["table"])]
    for step, *values in sorted(jobs_behind(keys, targets)):
        yield step, dict(zip(wildcards_of_jobs(step), values)), keys


@lru_cache(maxsize=None)
def shell_commands() -> dict[str, str]:
    """Return the command of each rule as Snakemake formats it."""
    job = re.search(r'^JOB = "(.+)"$', (ROOT / "rules/common.smk").read_text(encoding="utf-8"), re.MULTILINE)
    assert job
    gpu_job = job[1].replace("--", "--gpus {resources.gpu} --")
    found = {}
    for file in sorted((ROOT / "rules").glob("*.smk")):
        for text in re.split(r"^ *rule\b", file.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]:
            name = re.match(r' (\w+):|:\s+(?:""".*"""\s+)?name:\s+(\w+)', text)
            command = re.search(r"^ +shell:\n((?: +f?\".*\"\n?)+)", text, re.MULTILINE)
            assert name, text
            assert command, text
            found[name[1] or name[2]] = eval(f"({command[1]})", {"JOB": job[1], "GPU_JOB": gpu_job})
    return {**found, **dict.fromkeys(GENERATORS, found.pop("generator"))}


def test_every_step_has_a_command_and_every_text_in_it_is_quoted() -> None:
    assert set(STEPS) <= set(shell_commands())
    for command in shell_commands().values():
        fields = [(name, form) for _, name, form, _ in Formatter().parse(command) if name]
        assert {name for name, form in fields if form != "q"} <= {"threads", "resources.gpu"}


def command_line(step: str, wildcards: dict[str, str], keys: Keys) -> tuple[str, str]:
    """Return the command of a job as a shell runs it, and the log that it writes."""
    result = keys.result(step, wildcards)
    outputs = keys.outputs(step, wildcards)
    names = dict.fromkeys(
        name for path in (STEPS[step].folder, *STEPS[step].outputs.values()) for name in wildcards_of(path)
    )
    log = f"logs/{'.'.join([step, *(wildcards[name] for name in names), result.key])}.log"
    given = {
        "params": SimpleNamespace(job=keys.job(step, wildcards).as_json(), code="abc", page="page.md"),
        "wildcards": SimpleNamespace(**wildcards, key=result.key),
        "output": list(outputs.values()),
        "log": log,
        "threads": 2,
        "resources": SimpleNamespace(gpu=1),
    }
    return format_command(shell_commands()[step], **given), log


class Parsed(BaseException):
    """Carries what a command's parser has read."""


@lru_cache(maxsize=None)
def function_of(script: str, name: str) -> Callable[..., Any]:
    """Return a function of a command."""
    return runpy.run_path(str(ROOT / "workflow_scripts" / script), run_name="command")[name]


def check_arguments(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    """Check that a job's script reads the path from outside on its command line as that path."""
    parse = argparse.ArgumentParser.parse_args
    options = {
        "import_outputs": ["--shard", "1of1"],
        "infer": ["--shard", "1of1"],
        "prepare": ["--code", "abc"],
        "train": ["--key", job.key, "--processes", "1"],
    }
    line = function_of("job.py", "command_of")(job, options.get(job.step, []))

    def stop(parser: argparse.ArgumentParser) -> None:
        raise Parsed(parse(parser, line[1:]))

    with monkeypatch.context() as patched:
        patched.setattr(argparse.ArgumentParser, "parse_args", stop)
        with pytest.raises(Parsed) as stopped:
            function_of(job.script, "main")()
    if job.outside is not None:
        assert Path(job.outside.path).samefile(getattr(stopped.value.args[0], job.outside.option))


# Says what it was given, in place of Python.
PYTHON = """python() { cat; printf ' %s' "$@"; }
mkdir -p logs
"""


def check_commands(config: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> int:
    """Check that the jobs with the hostile text, one of each step, run nothing of it; return how many there are."""
    before = set(Path().iterdir())
    jobs: dict[str, tuple[str, str, Job]] = {}
    for step, wildcards, keys in jobs_of(config):
        job = keys.job(step, wildcards)
        if "touch owned" in job.as_json():
            jobs[step] = (*command_line(step, wildcards, keys), job)
    commands = PYTHON + "\n".join(command for command, _, _ in jobs.values())
    done = subprocess.run(["bash", "-euo", "pipefail", "-c", commands], capture_output=True, encoding="utf-8")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert set(Path().iterdir()) - before <= {Path("logs"), Path("results")}
    for _, log, job in jobs.values():
        assert Path(log).read_text(encoding="utf-8").startswith(f"{job.as_json()} workflow_scripts/job.py --")
        check_arguments(job, monkeypatch)
    return len(jobs)


def refused(config: dict[str, Any]) -> bool:
    """Tell whether a config is refused, in sentences on a line each."""
    try:
        check_config(config, SCHEMA)
    except UserError as error:
        return re.fullmatch(r"config: .+(\nconfig: .+)*", str(error)) is not None
    return False


@contextmanager
def renamed(name: str) -> Iterator[None]:
    """Give a file or folder the hostile name for a while, if there is one of that name."""
    there = Path(name).exists()
    if there:
        Path(name).rename(hostile(name))
    yield
    if there:
        Path(hostile(name)).rename(name)


PLACES = dict(places_of(CONFIG))


@pytest.mark.parametrize("text", sorted(set(PLACES.values())))
def test_hostile_text_wherever_a_text_stands(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """As where somebody renames a recipe, a class or a folder, with all that refers to it."""
    config = replaced(CONFIG, lambda _, found: found == text)
    if text not in FREE:
        assert refused(config)
        return
    with renamed(text):
        assert not refused(config)
        assert check_commands(config, monkeypatch)


def test_hostile_text_in_one_place_alone_is_a_sentence_or_right() -> None:
    alike = {(place[0], place[2:]): place for place in PLACES}  # in entries of one section
    configs = {place: replaced(CONFIG, lambda other, _: other == place) for place in alike.values()}  # noqa: B023
    assert {PLACES[place] for place, config in configs.items() if not refused(config)} <= FREE
