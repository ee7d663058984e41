"""Check the shape and type of a saved array, and say what was mistaken where that is known."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np

from openworld3d.errors import UserError

DIMENSIONS = {"logits": "columns", "features": "channels"}
ROWS_OF_STU = 131_072  # of each scan of STU, with those that are no points


class Rows(NamedTuple):
    """How many rows an array may have, what a row is, and what to do about another number."""

    counts: list[int]
    noun: str
    remedy: str


def check_array(path: Path, array: np.ndarray, output: str, rows: Rows, width: int | None = None) -> None:
    """Raise UserError for an array that has no floats, or not the rows and columns that an output has."""
    is_flat = output not in DIMENSIONS
    axes, right = (1 if is_flat else 2), array.ndim > 0 and len(array) in rows.counts
    if array.ndim != axes or not right or (width is not None and array.shape[1] != width) or array.dtype.kind != "f":
        raise UserError(f"{path}: {what_is_wrong(array, output, rows, width)}")
    if array.size == 0:
        raise UserError(f"{path}: holds {array.dtype} {array.shape}, which is empty; save a row for each point")
    if array.dtype.itemsize > np.dtype(np.float64).itemsize:
        raise UserError(
            f"{path}: holds {array.dtype}, expected float16, float32 or float64; save it as float64, or the ranks of "
            "its numbers where that makes some of them equal"
        )


def what_is_wrong(array: np.ndarray, output: str, rows: Rows, width: int | None) -> str:
    """Return what a sentence says of an array of another shape or type."""
    found, shape = f"holds {array.dtype} {array.shape}", array.shape
    second = DIMENSIONS.get(output)
    is_table = array.ndim == 2 and second is not None and array.dtype.kind == "f"
    if is_table and shape[1] in rows.counts and shape[0] not in rows.counts and width in (None, shape[0]):
        return f"{found}, which is ({second}, {rows.noun}); save its transpose, as by array.T"
    if is_table and shape[0] in rows.counts and width is not None and shape[1] == width + 1:
        return (
            f"{found}, one column more than the {width} classes; leave out the column of ignored points, as by "
            "array[:, 1:] where it is the first or array[:, :-1] where it is the last, and its row of the classifier"
        )
    if second is None and shape[1:] == (1,):
        expected = f"expected floats ({rows.counts[0]},), which is ({rows.noun},)"
        return f"{found}, {expected}; save its column, as by array[:, 0]"
    shapes = [
        f"({count},)" if second is None else f"({count}, {width or second[0].upper()})" for count in rows.counts
    ]
    dimensions = f"({rows.noun},)" if second is None else f"({rows.noun}, {second})"
    or_rows = f", or {shapes[1]} with the rows that are no points" if len(shapes) > 1 else ""
    remedy = rows.remedy
    if array.ndim and shape[0] == ROWS_OF_STU and rows.noun == "points":
        remedy = (
            f"a scan of STU has {ROWS_OF_STU} rows with those that are no points, but not this scene: prepare it "
            "from the raw scan with layout stu, or save the rows of its points alone"
        )
    if array.dtype.kind in "iub" and array.ndim == (1 if second is None else 2) and shape[0] in rows.counts:
        remedy = "save what the network computes, in float32 or float64, and not what was rounded to whole numbers"
    return f"{found}, expected floats {shapes[0]}, which is {dimensions}{or_rows}; {remedy}"
