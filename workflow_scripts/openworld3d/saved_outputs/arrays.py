"""Read one array that somebody saved: `.npy`, or numbers as text."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np

from openworld3d.errors import UserError

TEXT = ".txt"
ENDINGS = (".npy", TEXT)


def read_array(path: Path) -> np.ndarray:
    """Return the array of a file, of any shape and type, not yet in memory where it is `.npy`.

    Raises UserError where the file holds none.
    """
    try:
        return read_text(path) if path.suffix.lower() == TEXT else read_npy(path)
    except OSError:
        raise
    except Exception:  # no array; numpy has no one exception for it
        saved_with = "numpy.savetxt" if path.suffix.lower() == TEXT else "numpy.save, without pickle"
        raise UserError(f"{path}: is not an array of numbers; save it with {saved_with}") from None


def read_npy(path: Path) -> np.ndarray:
    # A header that claims more than the file has is told.
    array = np.load(path, mmap_mode="r", allow_pickle=False)
    if not isinstance(array, np.ndarray):
        raise ValueError("several arrays")
    return array


def read_text(path: Path) -> np.ndarray:
    """Return the numbers of a text, (N,) or (N, C) float64: a line for each row."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # an empty file has no rows
        array = np.loadtxt(path, ndmin=2)
    return array[:, 0] if array.shape[1] == 1 else array


def axes_of(path: Path) -> int | None:
    """Return how many axes of several numbers the array of a file has, None where it holds none."""
    try:
        if path.suffix.lower() != TEXT:
            array = read_npy(path)
            return 1 if array.shape[1:] == (1,) else int(array.ndim)
        with open(path, encoding="utf-8") as file:
            lines = (line.partition("#")[0].split() for line in file)  # a header of numpy.savetxt is a comment
            numbers = [float(word) for word in next(filter(None, lines))]
    except Exception:  # as above
        return None
    return 1 if len(numbers) == 1 else 2
