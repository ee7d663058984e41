"""What a command that generates scans is asked, read from JSON and held against what it can make."""

from __future__ import annotations

import json
from typing import Any, Dict, Mapping, Tuple

from openworld3d.errors import UserError, nearest

# The lowest and the highest value of each key; whole numbers where these are.
Limits = Mapping[str, Tuple[float, float]]
Config = Dict[str, Any]


def read_config(text: str, limits: Limits) -> Config:
    """Return the configuration, which has each key of `limits` and no other; raises UserError for any other."""
    try:
        config: Config = json.loads(text)
    except json.JSONDecodeError as error:
        raise UserError(
            f'--config: is not JSON ({error}); write for example {{"{next(iter(limits))}": 20, ...}}'
        ) from error
    if not isinstance(config, dict):
        raise UserError(f"--config: found {type(config).__name__}, expected an object with {', '.join(limits)}")
    for key in config:
        if key not in limits:
            raise UserError(f"--config: unknown key '{key}'{nearest(key, limits)}; the keys are {', '.join(limits)}")
    for key, (low, high) in limits.items():
        if key not in config:
            raise UserError(f"--config: the key '{key}' is missing; add it, {low} to {high}")
        value, whole = config[key], isinstance(low, int)
        if type(value) not in ((int,) if whole else (int, float)) or not low <= value <= high:
            kind = "whole number" if whole else "number"
            raise UserError(f"--config: {key} is {value!r}, expected a {kind} from {low} to {high}")
    return config
