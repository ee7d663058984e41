"""Report a user's mistake in one sentence: file, place, found, expected, what to do."""

from __future__ import annotations

import difflib
import errno
import io
import sys
from typing import Callable, Iterable

# Errors of the file system that any command may meet, and what to do about each.
FILE_SYSTEM_ERRORS = {
    errno.ENOSPC: "free some space and run again",
    errno.EDQUOT: "free some space and run again",
    errno.EFBIG: "raise the limit on the size of files (ulimit -f), or take a file system for larger ones",
    errno.EMFILE: "raise the limit on open files, as in ulimit -n 1024",
    errno.ENFILE: "close some programs, as the whole machine has too many files open",
    errno.ENOMEM: "request more memory",
    errno.EAGAIN: "raise the limit on processes (ulimit -u), or end some",
    errno.EACCES: "fix its permissions, or choose another path",
    errno.EPERM: "fix its permissions, or choose another path",
    errno.EROFS: "choose a path that is writable",
    errno.ELOOP: "replace the symbolic link by its target",
    errno.EISDIR: "expected a file; move the folder away",
    errno.ENOTDIR: "expected a folder on that path; move the file away",
    errno.EEXIST: "expected a folder; remove what lies there, such as a link that leads nowhere",
    errno.ENAMETOOLONG: "choose shorter names",
    errno.EIO: "the disk failed; restore the file and run again",
}
# The last is how torch says that a process which makes batches was killed, or that /dev/shm is full.
OUT_OF_MEMORY = ("out of memory", "can't allocate memory", "not enough memory", "dataloader worker (pid")


class UserError(Exception):
    """Mistakes of the user, mostly one; each is shown without a traceback, on one line whatever it quotes."""

    def __str__(self) -> str:
        return "\n".join(printable(str(sentence)) for sentence in self.args)


def printable(text: str) -> str:
    """Return text with an escape in place of each letter that is none, such as a newline or half of a surrogate."""
    return "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in text)


def nearest(word: str, choices: Iterable[str]) -> str:
    """Return `, did you mean X` for the closest choice, or an empty string where none is close."""
    close = "".join(difflib.get_close_matches(word, list(choices), n=1, cutoff=0.5))
    # A short word is a slip where letters are missing, added or swapped, or one behind the first differs: cpu is none
    # for gpu.
    is_slip = len(word) > 4 or set(word) <= set(close) or set(close) <= set(word)
    alike = difflib.SequenceMatcher(None, word, close).ratio()
    is_slip = is_slip or alike >= (0.6 if word[:1] == close[:1] else 0.75)
    return f", did you mean {close}" if close and is_slip else ""


def run_command(main: Callable[[], None]) -> None:
    """Run a command's `main`; a `UserError`, a file-system error or lack of memory is one line and exit status 1.

    What the terminal's or log's encoding does not have is printed as an escape.
    """
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        main()
    except UserError as error:
        sentence = str(error)
    except OSError as error:
        if error.errno not in FILE_SYSTEM_ERRORS:
            raise
        sentence = f"{error.filename or 'the output'}: {error.strerror}; {FILE_SYSTEM_ERRORS[error.errno]}"
    except (MemoryError, RuntimeError) as error:
        if not is_out_of_memory(error):
            raise
        first = str(error).split("\n")[0]
        sentence = (
            f"out of memory ({first}); lower crop_voxels, scenes_per_step, inference_voxels or inference_pairs, or "
            "request more"
        )
    else:
        return
    print(f"error: {printable(sentence)}", file=sys.stderr)
    sys.exit(1)


def is_out_of_memory(error: Exception) -> bool:
    """Return whether numpy, a GPU, or torch on the CPU ran out of memory."""
    said = str(error).lower()
    return isinstance(error, MemoryError) or any(words in said for words in OUT_OF_MEMORY)
