"""A user's mistake is one sentence: the file, the place, what was found, what was expected, what to do."""

from __future__ import annotations

import difflib
import errno
import sys
from typing import Callable, Iterable

OUT_OF_MEMORY = ("out of memory", "can't allocate memory", "not enough memory")


class UserError(Exception):
    """A mistake in the input; its message is shown without a traceback."""


def nearest(word: str, choices: Iterable[str]) -> str:
    """Return `, did you mean X` for the choice most like `word`, or nothing where none is alike."""
    close = difflib.get_close_matches(word, list(choices), n=1, cutoff=0.5)
    return f", did you mean {close[0]}" if close else ""


def run_command(main: Callable[[], None]) -> None:
    """Run a command's `main`; a `UserError`, a full disk or no memory is one line of standard error and status 1."""
    try:
        main()
    except UserError as error:
        sentence = str(error)
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        sentence = f"{error.filename or 'the output'}: {error.strerror}; make room and run again"
    except (MemoryError, RuntimeError) as error:
        if not is_out_of_memory(error):
            raise
        first = str(error).split("\n")[0]
        sentence = (
            f"memory ran out ({first}); lower crop_voxels, scenes_per_step, inference_voxels or inference_pairs, or "
            "ask for more"
        )
    else:
        return
    print(f"error: {sentence}", file=sys.stderr)
    sys.exit(1)


def is_out_of_memory(error: Exception) -> bool:
    """Tell whether numpy, a card, or torch on the CPU says that memory ran out."""
    said = str(error).lower()
    return isinstance(error, MemoryError) or any(words in said for words in OUT_OF_MEMORY)
