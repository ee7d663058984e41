"""The default config and experiments as the pipeline reads them."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Callable

from openworld3d.workflow.config import check_config, check_tables, read_config

ROOT = Path(__file__).resolve().parents[1]
SCHEMA = ROOT / "schemas/config.schema.yaml"


def read(*files: Path) -> dict[str, Any]:
    """Return the config of config.yaml and files over it."""
    config: dict[str, Any] = read_config([ROOT / "config.yaml", *files], SCHEMA).plain()
    return config


def check(config: dict[str, Any]) -> None:
    """Check a config and every table of it."""
    check_config(config, SCHEMA)
    check_tables(config, list(config["tables"]), SCHEMA)


def put(path: str, new: Any) -> Callable[[Any], None]:
    """Set one value of a config."""

    def mistake(config: Any) -> None:
        *parents, last = path.split(".")
        for parent in parents:
            config = config[parent]
        config[last] = new

    return mistake
