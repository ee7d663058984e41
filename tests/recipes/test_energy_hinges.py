from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tests.given import batch_of, recipe_of
from tests.recipes.test_closed_set import Echo
from tests.recipes.trained import train_small
from tests.scores.scored import made

from openworld3d.protocols.protocol import IGNORED
from openworld3d.recipes import closed_set, energy_hinges

LOG2 = math.log(2)
MARGINS: dict[str, Any] = {"known_energy": -3.0, "unknown_energy": -1.0, "hinge_weight": 1.0}


def even(energy: float) -> list[float]:
    """Return two equal logits of an energy, whose cross-entropy is log 2."""
    return [-energy - LOG2] * 2


def loss(feature: list[list[float]], target: list[int], **keys: Any) -> float:
    recipe = recipe_of("energy_hinges", **{**MARGINS, **keys})
    return recipe.loss(Echo(), batch_of(torch.tensor(feature, dtype=torch.float32), target), torch.ones(2))[0].item()


@pytest.mark.parametrize(
    ("feature", "target", "expected"),
    [
        ([even(-4)], [0], LOG2),  # below m_in
        ([even(-1)], [0], LOG2 + 2**2 / 2),
        ([even(0)], [2], 0),  # resized, above m_out
        ([even(-4)], [2], 3**2 / 2),
        ([even(-1), even(-2), even(-4), even(-3)], [0, 1, 2, 2], LOG2 + (4 + 1) / 2 / 2 + (9 + 4) / 2 / 2),
        ([even(-4), even(5)], [0, IGNORED], LOG2),
        ([even(5)], [IGNORED], 0),
    ],
)
def test_loss_by_hand(feature: list[list[float]], target: list[int], expected: float) -> None:
    assert loss(feature, target) == pytest.approx(expected, abs=1e-5)


def test_term_counts_a_tenth_by_default_with_the_released_margins() -> None:
    recipe = recipe_of("energy_hinges")
    batch = batch_of(torch.tensor([even(-10), even(-7)]), [0, 2])
    assert recipe.loss(Echo(), batch, torch.ones(2))[0].item() == pytest.approx(LOG2 + 0.1 * (4 + 1) / 2, rel=1e-5)


def test_columns_that_no_label_teaches_have_no_energy() -> None:
    feature = torch.tensor([[*even(-4), 30.0]])
    recipe = recipe_of("energy_hinges", **MARGINS)
    assert recipe.loss(Echo(), batch_of(feature, [2]), torch.ones(2))[0].item() == pytest.approx(4.5, rel=1e-5)


def test_outputs_are_those_of_the_closed_set() -> None:
    assert energy_hinges.EnergyHinges.outputs is closed_set.ClosedSet.outputs
    assert energy_hinges.OUTPUTS == closed_set.OUTPUTS


def test_some_steps_put_resized_points_above_known_ones(tmp_path: Path) -> None:
    resized = {"synthesis_classes": ["wall"], "synthesis_share": 0.7}
    trained = train_small("energy_hinges", tmp_path, 40, **resized)
    assert np.mean(trained.losses[-5:]) < np.mean(trained.losses[:5]) / 2
    assert trained.auroc(made("energy", {})) > 0.6  # of a resized wall, the colour is a wall's
