"""Rules, and what they find wrong in an environment: one sentence, and what to do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Finding:
    """Something wrong in an environment; stops: whether it keeps jobs from running."""

    key: str
    message: str
    remedy: str
    stops: bool

    def sentence(self) -> str:
        """Return the finding as one line."""
        return f"{self.key}: {self.message}; {self.remedy}"


@dataclass(frozen=True)
class Rule:
    """A way in which environments fail; message and remedy are format strings."""

    key: str
    message: str
    remedy: str
    stops: bool = True

    def finding(self, **found: Any) -> Finding:
        """Return the finding with its values filled in."""
        return Finding(self.key, self.message.format(**found), self.remedy.format(**found), self.stops)
