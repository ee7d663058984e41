"""Edits of a pipeline's config and code, which tests make and take back."""

from __future__ import annotations

from typing import Any, Callable

import yaml
from tests.pipeline.conftest import Project


def value(path: str, new: Any) -> Callable[[Project], None]:
    """Set one value of config.yaml."""

    def edit(project: Project) -> None:
        *parents, last = path.split(".")

        def change(config: dict[str, Any]) -> None:
            for parent in parents:
                config = config[parent]
            config[last] = new

        project.edit_config(change)

    return edit


def swap(path: str, one: str, other: str) -> Callable[[Project], None]:
    """Swap two values of config.yaml."""

    def edit(project: Project) -> None:
        def change(config: dict[str, Any]) -> None:
            for parent in path.split("."):
                config = config[parent]
            config[one], config[other] = config[other], config[one]

        project.edit_config(change)

    return edit


def code(file: str) -> Callable[[Project], None]:
    """Change a file of code."""
    return lambda project: project.write(file, project.read(file) + "\nEDITED = True\n")


def comment_in(file: str) -> Callable[[Project], None]:
    """Add a comment to a file."""
    return lambda project: project.write(file, project.read(file) + "\n# EDITED\n")


def replace(file: str, old: str, new: str) -> Callable[[Project], None]:
    """Replace a text that a file has."""

    def edit(project: Project) -> None:
        assert old in project.read(file)
        project.write(file, project.read(file).replace(old, new))

    return edit


def touch(project: Project) -> None:
    for file in project.folder.rglob("*.py"):
        file.touch()


def comment(project: Project) -> None:
    project.write("config.yaml", "# a comment\n" + project.read("config.yaml"))


def reverse(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: reverse(value[key]) for key in reversed(value)}
    return value


def key_order(project: Project) -> None:
    config = yaml.safe_load(project.read("config.yaml"))
    project.write("config.yaml", yaml.safe_dump(reverse(config), sort_keys=False))


def unused_definitions(project: Project) -> None:
    def change(config: dict[str, Any]) -> None:
        config["recipes"]["longer"] = {**config["recipes"]["closed_set"], "epochs": 99}
        config["datasets"]["other"] = {"layout": "semantickitti", "root": "nowhere"}

    project.edit_config(change)


def nothing(project: Project) -> None:
    pass
