from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import torch
from tests.given import batch_of, recipe_of
from tests.recipes.test_relative_energy import RAISED, ROW, TURNED, Given
from tests.recipes.trained import train_small
from tests.scores.scored import made

from openworld3d.protocols.protocol import IGNORED
from openworld3d.recipes.soft_exposure import exposure

SURE, UNSURE, OPEN = 1 / 4, 3 / 4, math.log(19)  # sigma(-log 3), sigma(log 3); sigma(log 19) is 0.95


@pytest.mark.parametrize(
    ("energy", "of_known", "unlabelled", "expected"),
    [
        ([-math.log(3)], [True], [False], SURE),
        ([math.log(3)], [True], [False], UNSURE),
        ([-math.log(3)], [False], [True], 0.9 - SURE),
        ([math.log(3)], [False], [True], 0.9 - UNSURE),
        ([OPEN], [False], [True], 0),  # above 0.9 it costs nothing
        ([-math.log(3), math.log(3), 7.0], [True, False, False], [False, True, False], (SURE + 0.9 - UNSURE) / 2),
        ([3.0], [False], [False], 0),  # raised: no matter of exposure
    ],
)
def test_term_by_hand(energy: list[float], of_known: list[bool], unlabelled: list[bool], expected: float) -> None:
    found = exposure(torch.tensor(energy), torch.tensor(of_known), torch.tensor(unlabelled))
    assert found.item() == pytest.approx(expected, abs=1e-6)


def test_loss_is_that_of_relative_energy_and_the_term() -> None:
    batch = batch_of(torch.tensor([ROW, TURNED, ROW, TURNED]), [0, 1, 2, IGNORED])
    plain, _ = recipe_of("relative_energy").loss(Given(), batch, torch.ones(2))
    found, known = recipe_of("soft_exposure", exposure_weight=2.0).loss(Given(), batch, torch.ones(2))
    assert found.item() == pytest.approx(plain.item() + 2 * (UNSURE + SURE + 0.9 - SURE) / 3, rel=1e-6)
    assert known.tolist() == [pytest.approx(row[:2]) for row in (ROW, TURNED, ROW, TURNED)]


def test_process_without_a_cloud_exposes_nothing() -> None:
    batch = batch_of(torch.tensor([TURNED]), [IGNORED])
    recipe = recipe_of("soft_exposure")
    assert recipe.loss(Given(), batch, torch.ones(2))[0].item() == pytest.approx(0.9 - SURE)
    assert recipe.loss(Given(), batch._replace(keys=[]), torch.ones(2))[0].item() == 0


def test_some_steps_put_raised_points_above_known_ones(tmp_path: Path) -> None:
    trained = train_small("soft_exposure", tmp_path, 30, **RAISED)
    assert np.mean(trained.losses[-5:]) < np.mean(trained.losses[:5]) / 2
    assert trained.auroc(made("redundancy", {})) > 0.9
