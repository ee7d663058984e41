"""What a process has read of code and files from outside, forgotten, so that it looks as another process would."""

from __future__ import annotations

from openworld3d import plugins
from openworld3d.provenance import code
from openworld3d.workflow import outside


def forget() -> None:
    """Read code and files from outside anew."""
    remembered = (
        code.code_of,
        code.digest_of_code,
        code.imported_modules,
        plugins.declared,
        plugins.tree_of,
        outside.known_identity,
    )
    for function in remembered:
        function.cache_clear()
