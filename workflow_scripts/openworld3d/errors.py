"""A user's mistake is one sentence: the file, the place, what was found, what was expected, what to do."""

from __future__ import annotations

import difflib
import errno
import sys
from typing import Callable, Iterable

# What a disk, a link or a permission does to a command, whatever it reads or writes.
OF_THE_SURROUNDINGS = {
    errno.ENOSPC: "make room and run again",
    errno.EDQUOT: "make room and run again",
    errno.EACCES: "give yourself the right to it, or name another place",
    errno.EPERM: "give yourself the right to it, or name another place",
    errno.EROFS: "name a place that can be written to",
    errno.ELOOP: "replace the link by what it should lead to",
    errno.EISDIR: "a file is expected there; move the folder away",
    errno.ENOTDIR: "a folder is expected on the way there; move the file away",
    errno.ENAMETOOLONG: "choose shorter names",
    errno.EIO: "the disk failed; copy the file anew and run again",
}
OUT_OF_MEMORY = ("out of memory", "can't allocate memory", "not enough memory")


class UserError(Exception):
    """A mistake in the input; its message is shown without a traceback."""


def nearest(word: str, choices: Iterable[str]) -> str:
    """Return `, did you mean X` for the choice most like `word`, or nothing where none is alike."""
    close = difflib.get_close_matches(word, list(choices), n=1, cutoff=0.5)
    return f", did you mean {close[0]}" if close else ""


def run_command(main: Callable[[], None]) -> None:
    """Run a command's `main`; a `UserError`, what a disk refuses or no memory is a line of stderr and status 1."""
    try:
        main()
    except UserError as error:
        sentence = str(error)
    except OSError as error:
        if error.errno not in OF_THE_SURROUNDINGS:
            raise
        sentence = f"{error.filename or 'the output'}: {error.strerror}; {OF_THE_SURROUNDINGS[error.errno]}"
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
