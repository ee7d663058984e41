"""The versions that must fit together, of an installed environment or of the pins of a file of envs/."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

CPU = "cpu"


@dataclass(frozen=True)
class Stack:
    """Python's and the packages' versions, and the CUDA of torch and of what is compiled against it.

    `versions` has distributions by normalised name. CUDA is `11.1`, or `11` where a file says no more, or `cpu`;
    `torch_cuda` is None without torch.
    """

    python: tuple[int, int]
    versions: dict[str, str]
    torch_cuda: str | None = None
    conda: bool = False
    extension_cuda: dict[str, str] = field(default_factory=dict)

    def release(self, name: str) -> tuple[int, ...]:
        """Return a distribution's version as numbers, `1.8.1+cu111` as (1, 8, 1); () where it is absent."""
        return release(self.versions.get(name, ""))


def release(version: str) -> tuple[int, ...]:
    """Return the numbers that a version starts with, () where it starts with none."""
    match = re.match(r"\d+(?:\.\d+)*", version)
    return tuple(map(int, match[0].split("."))) if match else ()


def normalised(name: str) -> str:
    """Return a distribution's name as indexes compare names (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()
