from __future__ import annotations

import math

import pytest
import torch
from tests.given import recipe_of
from tests.recipes.test_closed_set import Echo

from openworld3d.recipes import closed_set, upper_bound


def asked(logits: list[list[float]], unknown_columns: list[int], **keys: str) -> dict[str, torch.Tensor]:
    recipe = recipe_of("upper_bound", unknown_columns, **keys)
    return recipe.outputs(Echo(), torch.tensor(logits), None, torch.Generator())


@pytest.mark.parametrize(
    ("logits", "unknown_columns", "log_odds"),
    [
        ([0.0, 0.0, 0.0], [1], -math.log(2)),
        ([math.log(2), math.log(5), math.log(3)], [1], 0),
        ([math.log(2), math.log(5), math.log(3)], [0, 2], 0),
        ([math.log(2), math.log(6), math.log(3)], [0], math.log(2 / 9)),
        ([-100.0, 100.0, -100.0], [1], 200 - math.log(2)),  # a probability of 1 to the last digit
    ],
)
def test_row_by_hand(logits: list[float], unknown_columns: list[int], log_odds: float) -> None:
    outputs = asked([logits], unknown_columns)
    assert tuple(outputs) == upper_bound.OUTPUTS
    assert outputs["logits"].tolist() == [pytest.approx(logits)]
    assert outputs["unknown_log_odds"].tolist() == [pytest.approx([log_odds], rel=1e-6, abs=1e-6)]


@pytest.mark.parametrize(
    ("logits", "unknown_columns", "log_odds"),
    [
        ([math.log(2), math.log(5), math.log(3)], [1], 0),
        ([math.log(2), math.log(5), math.log(3)], [0, 2], math.log(3 / 7)),  # as REAL's 3 / 10
        ([math.log(4), math.log(5), math.log(4)], [0, 2], math.log(4 / 9)),
        ([-100.0, 100.0, 0.0], [1, 2], 100.0),
    ],
)
def test_likeliest_of_the_unknown_classes_by_hand(
    logits: list[float], unknown_columns: list[int], log_odds: float
) -> None:
    outputs = asked([logits], unknown_columns, unknown_classes="largest")
    assert outputs["unknown_log_odds"].tolist() == [pytest.approx([log_odds], rel=1e-6, abs=1e-6)]


@pytest.mark.parametrize("kind", ["summed", "largest"])
def test_without_an_unknown_class_nothing_is_unknown(kind: str) -> None:
    """As while training is watched, which counts every class that is trained on as known."""
    outputs = asked([[1.0, 2.0]], [], unknown_classes=kind)
    assert outputs["logits"].tolist() == [[1, 2]]
    assert outputs["unknown_log_odds"].tolist() == [[-math.inf]]


def test_learns_as_the_closed_set_does_but_of_every_class() -> None:
    assert upper_bound.UpperBound.loss is closed_set.ClosedSet.loss
    assert (upper_bound.TRAINS_ON_UNKNOWN, closed_set.TRAINS_ON_UNKNOWN) == (True, False)
