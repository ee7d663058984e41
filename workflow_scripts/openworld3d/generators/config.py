"""What is generated: one frozen dataclass per generator, read from JSON and checked field by field."""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, TypeVar

from openworld3d.errors import UserError, nearest

Config = TypeVar("Config")
LARGEST_SEED = 2**32 - 1


def within(low: float, high: float) -> Any:
    """Declare a field with its lowest and highest value; whole numbers where these are."""
    return field(metadata={"range": (low, high)})


@dataclass(frozen=True)
class RoomsConfig:
    """Rooms: the scenes of each split, the seed, and the metres between points of a surface."""

    train: int = within(0, 5000)
    val: int = within(0, 5000)
    seed: int = within(0, LARGEST_SEED)
    spacing: float = within(0.01, 0.1)


@dataclass(frozen=True)
class StreetsConfig:
    """Streets: the sequences, each one street, the scans of each, and the seed."""

    sequences: int = within(1, 100)
    scans: int = within(1, 1000)
    seed: int = within(0, LARGEST_SEED)


@dataclass(frozen=True)
class StreetAnomaliesConfig:
    """Streets with anomalies: the sequences, the scans and the anomalies of each, and the seed."""

    sequences: int = within(1, 100)
    scans: int = within(1, 1000)
    anomalies: int = within(1, 10)
    seed: int = within(0, LARGEST_SEED)


def read_arguments(description: str | None, kind: type[Config]) -> tuple[Config, Path, int]:
    """Read the command line of a generator: its config, the folder to write, the number of processes."""
    parser = argparse.ArgumentParser(description=description, fromfile_prefix_chars="@")
    parser.add_argument("--config", required=True, help=f"JSON: {', '.join(one.name for one in fields(kind))}")  # type: ignore[arg-type]
    parser.add_argument("--out", required=True, type=Path, help="the folder to write")
    parser.add_argument("--workers", type=int, default=1, help="processes")
    arguments = parser.parse_args()
    return read_config(arguments.config, kind), arguments.out, arguments.workers


def read_config(text: str, kind: type[Config]) -> Config:
    """Read a config of a kind from a JSON object that has each of its fields and no other key.

    Raises UserError for anything else.
    """
    ranges = {one.name: one.metadata["range"] for one in fields(kind)}  # type: ignore[arg-type]
    try:
        found: Any = json.loads(text)
    except json.JSONDecodeError as error:
        raise UserError(
            f'--config: is not JSON ({error}); write for example {{"{next(iter(ranges))}": 20, ...}}'
        ) from error
    if not isinstance(found, dict):
        raise UserError(f"--config: found {type(found).__name__}, expected an object with {', '.join(ranges)}")
    for key in found:
        if key not in ranges:
            raise UserError(f"--config: unknown key '{key}'{nearest(key, ranges)}; the keys are {', '.join(ranges)}")
    for key, (low, high) in ranges.items():
        if key not in found:
            raise UserError(f"--config: the key '{key}' is missing; add it, {low} to {high}")
        value, whole = found[key], isinstance(low, int)
        if type(value) not in ((int,) if whole else (int, float)) or not low <= value <= high:
            number = "whole number" if whole else "number"
            raise UserError(f"--config: {key} is {value!r}, expected a {number} from {low} to {high}")
    return kind(**found)
