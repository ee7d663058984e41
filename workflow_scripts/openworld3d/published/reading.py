"""Read a YAML file of published/ that has the form of its schema."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from openworld3d.errors import UserError

FOLDER = Path("published")


def shipped(name: str) -> Path:
    """Return a folder of the checkout that an installed package has among its own files."""
    here = Path(__file__).resolve()
    packaged = here.parents[1] / "data" / name
    return packaged if packaged.is_dir() else here.parents[3] / name


# The registry wherever a command runs, and the schemas of its files.
REGISTRY, SCHEMAS = shipped("published"), shipped("schemas")


def read_yaml(file: Path, schema: str) -> Any:
    """Return what a file says; raises UserError for the first thing that its schema does not allow."""
    # Jobs import the steps and with them this module, in environments that have neither.
    import yaml
    from jsonschema import Draft202012Validator

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # ten times as fast
    try:
        read = yaml.load(file.read_text(encoding="utf-8"), loader)
    except yaml.YAMLError as error:
        raise UserError(f"{file}: is not valid YAML ({' '.join(str(error).split())}); correct it") from None
    validator = Draft202012Validator(yaml.load((SCHEMAS / schema).read_text(encoding="utf-8"), loader))
    errors = sorted(validator.iter_errors(read), key=lambda error: list(map(str, error.path)))
    if errors:
        place = ".".join(map(str, errors[0].absolute_path)) or "the top level"
        raise UserError(f"{file}: {place}: {errors[0].message}; correct it, as schemas/{schema} says")
    return read
