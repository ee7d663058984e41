"""What each environment of envs/ must provide."""

from __future__ import annotations

import sys
from typing import NamedTuple

NETWORK = ("numpy", "scipy", "torch", "tensorboard", "tqdm")
CUDA_OF_TODAY = "12 or newer"


class Requirements(NamedTuple):
    """Modules that must be importable, the CUDA that torch must be built for, and whether it reads checkpoints.

    `cuda` is None where no GPU is needed.
    """

    modules: tuple[str, ...]
    cuda: str | None = None
    reads_checkpoints: bool = False


NUMBERS = ("numpy", "scipy", "sklearn", "pandas", "matplotlib", "yaml")
CLOUDS = ("plyfile", "laspy", "lazrs")
REQUIREMENTS = {
    "metrics": Requirements((*NUMBERS, *CLOUDS)),
    "cpu": Requirements(NETWORK),
    "stratified_transformer": Requirements(NETWORK, "11.1"),
    "real_cylinder3d": Requirements((*NETWORK, "spconv"), "11.1"),
    "cuda_current": Requirements(NETWORK, CUDA_OF_TODAY),
    "pretrained": Requirements(("numpy", "scipy", "torch"), reads_checkpoints=True),
}


def requirements_of(environment: str) -> Requirements:
    """Return what an environment must provide; exits with a sentence where it is not listed."""
    if environment not in REQUIREMENTS:
        sys.exit(
            f"error: environment {environment}: has no requirements, found {', '.join(REQUIREMENTS)}; "
            "add it to REQUIREMENTS in workflow_scripts/openworld3d/environment/requirements.py"
        )
    return REQUIREMENTS[environment]
