"""What a process has read of code and files from outside, forgotten, so that it looks as a new one would."""

from __future__ import annotations

from openworld3d import plugins
from openworld3d.provenance import code
from openworld3d.workflow import keys, outside, schema


def forget() -> None:
    """Clear all that these modules remember."""
    for module in (plugins, code, keys, outside, schema):
        for function in vars(module).values():
            if hasattr(function, "cache_clear"):
                function.cache_clear()
