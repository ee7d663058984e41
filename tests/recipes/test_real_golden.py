"""REAL's losses against what the lines of its training steps answer, see README.md of the golden folder."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tests.given import batch_of, recipe_of
from tests.golden import golden_files, read_golden
from tests.recipes.test_real import Given
from torch import Tensor

from openworld3d.protocols.protocol import IGNORED
from openworld3d.recipes.parts.losses import mean_cross_entropy
from openworld3d.recipes.real import calibration


def cases() -> list[Any]:
    """Return each file with each of its steps, or one that is skipped where there is none."""
    found: list[Any] = []
    for parameter in golden_files("losses"):
        (file,) = parameter.values
        if file is None:
            return [pytest.param(None, "", marks=parameter.marks)]
        steps = sorted({name.split("/")[0] for name in read_golden(file)})
        found += [pytest.param(file, step, id=f"{file.stem}-{step}") for step in steps]
    return found


class Columns:
    """Where the released columns are here: known classes, those learned since, and those that no label trains."""

    def __init__(self, config: dict[str, Any]) -> None:
        released = config["classes"]
        self.known = [column for column in range(1, released) if column not in config["unknown"]]
        self.untaught = [0, *config["unknown"]]
        self.taught = ["other-vehicle"] if "taught" in config else []
        self.classes = len(self.known) + len(self.taught)

    def targets(self, golden: dict[str, np.ndarray], config: dict[str, Any]) -> np.ndarray:
        """Return the column of each voxel's label here, that of the unknown where it was resized or predicted so."""
        label = golden["label"].astype(np.int64)
        if self.taught:
            new, resized = label == config["unknown"][0], label == config["synthesised"]
            old = np.where((label > 0) & ~resized, golden["predicted_label"], label)
            label = np.where(new, config["taught"], old)
        column = np.full(256, IGNORED)
        column[self.known] = np.arange(len(self.known))
        column[config["synthesised"]] = self.classes
        if self.taught:
            column[config["taught"]] = len(self.known)
        return column[label]


@pytest.mark.parametrize(("file", "step"), cases())
def test_step_is_golden(file: Path, step: str) -> None:
    golden = {
        name[len(step) + 1 :]: value for name, value in read_golden(file).items() if name.startswith(f"{step}/")
    }
    config = json.loads(str(golden["config"]))
    columns = Columns(config)
    order = [*columns.known, *columns.untaught]
    assert sorted(order) == list(range(config["classes"]))
    network = Given(config["classes"])
    network.untaught = len(columns.untaught)
    given = np.concatenate([golden["logits"][:, order], golden["redundancy"]], 1)
    feature = torch.from_numpy(given).requires_grad_()
    target = torch.from_numpy(columns.targets(golden, config))
    recipe = recipe_of(
        "real", calibration_weight=config["lambda_1"], unknown_weight=config["lambda_2"], taught=columns.taught
    )
    weight = torch.ones(columns.classes)
    loss, known = recipe.loss(network, batch_of(feature, target), weight)
    assert known.shape[1] == columns.classes
    loss.backward()
    assert loss.item() == pytest.approx(float(golden["loss"]), rel=1e-6)
    assert feature.grad is not None
    gradient = np.empty_like(golden["grad_logits"])
    gradient[:, order] = feature.grad[:, : config["classes"]]
    assert np.abs(gradient - golden["grad_logits"]).max() < 1e-8
    assert np.abs(feature.grad[:, config["classes"] :].numpy() - golden["grad_redundancy"]).max() < 1e-8
    check_terms(recipe.open_logits(network, feature.detach(), None), target, config, golden)


def check_terms(found: Any, target: Tensor, config: dict[str, Any], golden: dict[str, np.ndarray]) -> None:
    """Compare the two terms of the loss."""
    logits, unknown = torch.cat([found.known, found.unknown, found.untaught], 1), found.known.shape[1]
    weight = torch.cat([torch.ones(unknown), torch.tensor([config["lambda_2"]], dtype=torch.float32)])
    normal = mean_cross_entropy(logits, target, weight).item()
    assert normal == pytest.approx(float(golden["loss_normal"]), rel=1e-6)
    assert calibration(logits, target, unknown).item() == pytest.approx(float(golden["loss_dummy"]), rel=1e-6)
