"""PDF's incremental learning: the divergence by hand, what the network learns, and what it leaves behind."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tests.backbones.test_stratified_transformer import SMALL
from tests.given import batch_of, recipe_of
from tests.recipes.test_pdf import KEYS
from torch import nn

from openworld3d.networks.build import build_network
from openworld3d.networks.weights import save_weights, start_from
from openworld3d.protocols.protocol import IGNORED
from openworld3d.recipes.knowledge_distillation import divergence

LOG2, LOG3, LOG5 = math.log(2), math.log(3), math.log(5)
STUDENT = [LOG2, LOG3, LOG5]  # 0.2, 0.3, 0.5, the last of a new class
BACKBONE: dict[str, Any] = {**SMALL, "network": "stratified_transformer", "initialisation": "xavier"}


@pytest.mark.parametrize(
    ("before", "target", "expected"),
    [
        ([0.0, 0.0], IGNORED, 0.5 * math.log(0.5 / 0.2) + 0.5 * math.log(0.5 / 0.3)),
        ([LOG3, 0.0], IGNORED, 0.75 * math.log(0.75 / 0.2) + 0.25 * math.log(0.25 / 0.3)),
        ([100.0, -100.0], IGNORED, -math.log(0.2)),  # 0 log 0 is 0
        ([LOG3, 0.0], 2, -math.log(0.5)),  # a label of the new class is the whole target
    ],
)
def test_divergence_by_hand(before: list[float], target: int, expected: float) -> None:
    found = divergence(torch.tensor([STUDENT]), torch.tensor([before]), torch.tensor([target]))
    assert found.item() == pytest.approx(expected, rel=1e-5)


def test_divergence_is_the_mean_over_all_points() -> None:
    student, before = torch.tensor([STUDENT, STUDENT]), torch.tensor([[0.0, 0.0], [LOG3, 0.0]])
    found = divergence(student, before, torch.tensor([IGNORED, 2]))
    expected = (0.5 * math.log(0.5 / 0.2) + 0.5 * math.log(0.5 / 0.3) - math.log(0.5)) / 2
    assert found.item() == pytest.approx(expected, rel=1e-5)


def is_as(before: nn.Module, after: nn.Module) -> bool:
    """Tell whether a network has the weights of the one before in all but the rows of new classes."""
    state = before.state_dict()
    return all(torch.equal(value, state[name]) for name, value in after.state_dict().items() if "novel" not in name)


def test_student_starts_as_the_teacher_without_its_decoder_of_the_unknown(tmp_path: Path) -> None:
    torch.manual_seed(0)
    before = build_network(BACKBONE, 6, 3, recipe_of("pdf", **KEYS).adapt)
    save_weights(tmp_path / "weights.npz", before, {})
    recipe = recipe_of("knowledge_distillation", taught=["sofa"], teaches=["sofa"])
    student = build_network(BACKBONE, 6, 3, recipe.adapt)
    start_from(student, tmp_path / "weights.npz")
    recipe.started(student)
    assert not hasattr(student, "second_decoder")
    assert all(
        torch.equal(value, before.state_dict()[name])
        for name, value in student.state_dict().items()
        if "novel" not in name
    )

    generator = np.random.default_rng(0)
    coord = generator.uniform(0, 1, (60, 3)).astype(np.float32)
    feature = torch.from_numpy(generator.normal(0, 1, (60, 6)).astype(np.float32))
    student.train()
    geometry = student.geometry(coord, np.array([60]))
    target = torch.full((60,), IGNORED)
    target[:20] = 3
    batch = batch_of(feature, target, geometry)
    optimizer = torch.optim.Adam(student.parameters(), 0.01)
    losses = []
    for _ in range(15):
        loss, logits = recipe.loss(student, batch, torch.ones(4))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert logits.shape == (60, 4)
    assert losses[-1] < losses[0] / 2
    (teacher,) = recipe.teacher
    assert all(
        torch.equal(value, before.state_dict()[name])
        for name, value in teacher.state_dict().items()
        if "novel" not in name
    )
