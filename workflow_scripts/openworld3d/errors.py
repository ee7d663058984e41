"""A user's mistake is one sentence: the file, the place, what was found, what was expected, what to do."""

from __future__ import annotations

import difflib
import sys
from typing import Callable, Iterable


class UserError(Exception):
    """A mistake in the input; its message is shown without a traceback."""


def nearest(word: str, choices: Iterable[str]) -> str:
    """Return `, did you mean X` for the choice most like `word`, or nothing where none is alike."""
    close = difflib.get_close_matches(word, list(choices), n=1, cutoff=0.5)
    return f", did you mean {close[0]}" if close else ""


def run_command(main: Callable[[], None]) -> None:
    """Run a command's `main`; a `UserError` becomes one line on standard error and exit status 1."""
    try:
        main()
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(1)
