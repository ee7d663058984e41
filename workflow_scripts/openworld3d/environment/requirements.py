"""What each environment of envs/ must hold."""

from __future__ import annotations

import sys
from typing import NamedTuple

NETWORK = ("numpy", "scipy", "torch", "tensorboard", "tqdm")
CUDA_OF_TODAY = "12 or newer"


class Wanted(NamedTuple):
    """Modules that must be importable, and the CUDA that torch must be built for: None where no card is needed."""

    modules: tuple[str, ...]
    cuda: str | None = None


NUMBERS = ("numpy", "scipy", "sklearn", "pandas", "matplotlib", "jinja2", "yaml")
CLOUDS = ("plyfile", "laspy", "lazrs")
WANTED = {
    "metrics": Wanted((*NUMBERS, *CLOUDS)),
    "cpu": Wanted(NETWORK),
    "stratified_transformer": Wanted(NETWORK, "11.1"),
    "real_cylinder3d": Wanted((*NETWORK, "spconv"), "11.1"),
    "cuda_current": Wanted(NETWORK, CUDA_OF_TODAY),
}


def wanted(environment: str) -> Wanted:
    """Return what an environment must hold, or end in a sentence where nobody has said."""
    if environment not in WANTED:
        sys.exit(
            f"error: environment {environment}: nothing says what it must hold, found {', '.join(WANTED)}; "
            "add it to WANTED in workflow_scripts/openworld3d/environment/requirements.py"
        )
    return WANTED[environment]
