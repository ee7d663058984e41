"""Scores by the names of their files, with the defaults of their options."""

from __future__ import annotations

from typing import Any, Collection, Mapping

import numpy as np

from openworld3d.errors import UserError, nearest
from openworld3d.plugins import declared, plugin_names
from openworld3d.scoring.scenes import Method, make_method


def method_of(kind: str, outputs: Collection[str], sample: Mapping[str, np.ndarray], place: str) -> Method:
    """Return the method of a score, fitted on a training sample where it is.

    outputs: what it may read; place: what a sentence begins with. Raises UserError for a score that does not exist,
    or that reads or is fitted on what is not there.
    """
    choices = plugin_names("scores")
    if kind not in choices:
        raise UserError(
            f"there is no score {kind}{nearest(kind, choices)}; choose from "
            f"{', '.join(choices)}, which docs/methods.md describes"
        )
    for what, wanted, there in (
        ("reads {}, but the outputs are", declared("scores", kind, "READS"), outputs),
        ("is fitted on {}, but the training sample has", declared("scores", kind, "FITS"), sample),
    ):
        missing = [name for name in wanted if name not in there]
        if missing:
            found = ", ".join(sorted(there)) or "nothing"
            raise UserError(f"{place}: score {kind} {what.format(', '.join(missing))} {found}; choose another score")
    options: dict[str, Any] = {name: key["default"] for name, key in declared("scores", kind, "KEYS").items()}
    return make_method({"kind": kind, "neighbors": 1, **options}, dict(sample))
