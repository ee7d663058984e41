"""A disk without room for more than some bytes of a file."""

from __future__ import annotations

import resource
from contextlib import contextmanager
from typing import Iterator


@contextmanager
def room_for(size: int) -> Iterator[None]:
    """Let no file grow above a size, beyond which a write raises OSError as that of a full disk does."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
