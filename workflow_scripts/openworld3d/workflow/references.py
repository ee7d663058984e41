"""Names in a config that refer to others: each has to exist."""

from __future__ import annotations

from typing import Any, Dict, Iterable

from openworld3d.errors import nearest
from openworld3d.workflow.places import ConfigError, KeyPath, Mistake

Config = Dict[str, Any]


def refer_to(config: Config, path: KeyPath, names: Iterable[str], section: str) -> None:
    """Check that names are defined in a section of the config."""
    for step, name in steps_of(names):
        refer(path, name, config[section], (section, name), at=(*path, step))


def refer_all(path: KeyPath, names: Iterable[str], choices: Iterable[str], *others: KeyPath) -> None:
    """Check a list of names."""
    for step, name in steps_of(names):
        refer(path, name, choices, *others, at=(*path, step))


def steps_of(names: Iterable[str]) -> Iterable[tuple[Any, str]]:
    """Return each of some names with the step that leads to it: its position in a list, or itself."""
    return enumerate(names) if isinstance(names, list) else ((name, name) for name in names)


def refer(path: KeyPath, name: str, choices: Iterable[str], *others: KeyPath, at: KeyPath | None = None) -> None:
    """Check that `name` is one of `choices`; `others` are what decides that."""
    if name not in choices:
        close, listed = nearest(name, choices), ", ".join(sorted(choices))
        said = f"says {name}, which does not exist{close}; choose one of {listed}"
        raise ConfigError(Mistake(path, said, others, at))
