"""Print the test files of what runs on the Python of CUDA 11.1: they import nothing but what its jobs can load."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from openworld3d.plugins import LIBRARY, SCRIPTS, module_file, plugin_names, tree_of
from openworld3d.provenance.code import code_of, imported_names
from openworld3d.workflow.step import Step
from openworld3d.workflow.steps import STEPS

OLD_PYTHON = "python =3.8"
PLUGINS = ("backbones", "recipes")  # a job may load any of these by name


def runs_on_old_python(step: Step, config: dict[str, Any]) -> bool:
    """Tell whether a step's jobs run in an environment of the old Python for some backbone."""
    backbones = [*config["backbones"], "pinned"]
    config = {**config, "backbones": {**config["backbones"], "pinned": {"environment": "stratified_transformer"}}}
    environments = {
        step.environment(config, {"backbone": name, "environment": "metrics", "recipe": "closed_set"})
        for name in backbones
    }
    return any(OLD_PYTHON in Path(f"envs/{name}.yaml").read_text() for name in environments)


def reached_files() -> set[Path]:
    """Return the project's files that jobs of the old Python can load, their scripts included."""
    config = yaml.safe_load(Path("config.yaml").read_text())
    modules = tuple(f"{kind}.{name}" for kind in PLUGINS for name in plugin_names(kind))
    scripts = [step.script for step in STEPS.values() if runs_on_old_python(step, config)]
    return {Path(file) for script in scripts for file in code_of(script, modules)}


@lru_cache(maxsize=None)
def imported_files(file: Path) -> frozenset[Path]:
    """Return the project's files that a test imports, itself or through other files of tests/."""
    found: set[Path] = set()
    for name in imported_names(tree_of(file), ""):
        helper = Path(*name.split(".")).with_suffix(".py")
        if name.split(".")[0] == LIBRARY and module_file(name).is_file():
            found.add(module_file(name))
        elif (SCRIPTS / f"{name}.py").is_file():
            found.add(SCRIPTS / f"{name}.py")
        elif name.startswith("tests.") and helper.is_file():
            found |= imported_files(helper)
    return frozenset(found)


def subject_of(file: Path) -> Path:
    """Return the room, the plug-in or the command that a test is about, as tests/ mirrors them."""
    room, name = file.parent.relative_to("tests"), file.name.replace("test_", "", 1)
    if room == Path("commands"):
        return SCRIPTS / name
    package = SCRIPTS / LIBRARY / room
    return package / name if room.parts[:1] == ("scores",) else package / "__init__.py"


def main() -> None:
    """Print one path on each line."""
    reached = reached_files()
    for file in sorted(Path("tests").rglob("test_*.py")):
        if {subject_of(file), *imported_files(file)} <= reached:
            print(file)


if __name__ == "__main__":
    main()
