"""Check a training sample's logits against its labels, which tell columns that are in another order."""

from __future__ import annotations

from pathlib import Path
from typing import Sequence

import numpy as np

from openworld3d.errors import UserError

FEWEST_POINTS, FEWEST_OF_CLASS = 20, 5
LARGEST_SHARE = 0.5  # of one predicted class: a network that hardly learned anything predicts little else
NOISES = 3.0  # how many standard deviations above chance count as better than it


def check_columns_of_labels(
    path: Path, logits: np.ndarray, target: np.ndarray, weight: np.ndarray, columns: Sequence[str]
) -> None:
    """Raise UserError where the largest logit is mostly in other classes' columns, or no better than chance.

    logits (S, K), target (S,): the column of each class, weight (S,). Chance is how often prediction and label would
    agree if they had nothing to do with each other, as in Cohen's kappa.
    """
    prediction = logits.argmax(axis=1)
    moved = moved_columns(prediction, target.astype(np.int64), len(columns))
    if moved:
        order = ", ".join(f"{columns[one]} in that of {columns[other]}" for one, other in moved[:3])
        raise UserError(
            f"{path}: training points have their largest logit in another class's column: {order}; let classes of "
            "meta.json have the order of the columns"
        )
    total = weight.sum()
    if len(target) < FEWEST_POINTS or total == 0:
        return
    of_prediction, of_label = (np.bincount(one, weight, len(columns)) / total for one in (prediction, target))
    accuracy, chance = float(weight[prediction == target].sum() / total), float(of_prediction @ of_label)
    noise = float(np.sqrt(chance * (1 - chance) * np.square(weight).sum()) / total)
    if of_prediction.max() <= LARGEST_SHARE and accuracy <= chance + NOISES * noise:
        raise UserError(
            f"{path}: the largest logit is in the column of the label for {accuracy:.0%} of the training points, "
            f"no better than chance, {chance:.0%}; let classes of meta.json have the order of the columns, and "
            "label.npy that of the points"
        )


def moved_columns(prediction: np.ndarray, target: np.ndarray, classes: int) -> list[tuple[int, int]]:
    """Return which classes have their largest logit in another's column, with that, if the columns are reordered.

    They are if each class of a cycle is taken for the next one, or most classes for one each: a network that
    confuses classes takes several for the same one.
    """
    count = np.bincount(target * classes + prediction, minlength=classes**2).reshape(classes, classes)
    of_label = count.sum(axis=1)
    clear = np.flatnonzero((count.max(axis=1) > of_label / 2) & (of_label >= FEWEST_OF_CLASS))
    taken_for = dict(zip(clear.tolist(), count[clear].argmax(axis=1).tolist()))
    others = list(taken_for.values())
    moved = {one: other for one, other in taken_for.items() if one != other and others.count(other) == 1}
    in_cycle = [one for one in moved if returns(moved, one)]
    if in_cycle or 2 * len(moved) > np.count_nonzero(of_label >= FEWEST_OF_CLASS):
        return [(one, moved[one]) for one in in_cycle or moved]
    return []


def returns(following: dict[int, int], start: int) -> bool:
    """Tell whether one is back where one started after some steps."""
    here = following.get(start)
    for _ in following:
        if here in (None, start):
            break
        here = following.get(here)
    return here == start
