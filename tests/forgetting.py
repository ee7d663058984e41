"""What a process has read of code and environments, forgotten, so that the next look is as another process's."""

from __future__ import annotations

from openworld3d import plugins
from openworld3d.provenance import code
from openworld3d.workflow import keys, outside


def forget() -> None:
    """Read code, environments and files from outside anew."""
    remembered = (
        code.code_of,
        code.digest_of_code,
        code.imported_modules,
        plugins.declared,
        plugins.tree_of,
        keys.digest_of_environment,
        outside.known_identity,
    )
    for function in remembered:
        function.cache_clear()
