"""A step of the way from raw scans to a table, as the rules and the keys of results see it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Callable, Dict

from openworld3d.workflow.inputs import Config, Input, Wildcards
from openworld3d.workflow.outside import Outside

Inputs = Dict[str, Input]


@dataclass(frozen=True)
class Step:
    """What the jobs of a rule are made from, and where their outputs lie: `{folder}/{key}/{output}`.

    The names of inputs and outputs are the options of the script. `modules` are loaded by name for a job. Those that
    it `ignores` are imported and do not change what is made, nor does what `informs` a person; of what a job `waits`
    for it reads nothing. What is `shared` is not made again where it has been made under another name.
    """

    noun: str
    script: str
    folder: str
    outputs: dict[str, str]
    environment: Callable[[Config, Wildcards], str]
    config: tuple[Any, ...] = ()  # a function of slices.py or rows.py, and the wildcards that it takes
    inputs: Inputs = field(default_factory=dict)
    informs: Inputs = field(default_factory=dict)
    waits: Inputs = field(default_factory=dict)
    modules: Callable[[Config, Wildcards], list[str]] = lambda config, wildcards: []
    outside: Callable[[Config, Wildcards], Outside | None] = lambda config, wildcards: None
    ignores: tuple[str, ...] = ()
    shared: bool = False
    shown: str = ""  # the folder of links to what the last call made
    place: str = ""  # of the slice in the config
