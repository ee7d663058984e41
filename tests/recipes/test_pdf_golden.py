"""PDF's recipe on a checkpoint with the released code's names, against what that code answers.

See README.md of the golden folder.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tests.given import batch_of, recipe_of

from openworld3d import plugins
from openworld3d.networks.build import build_network
from openworld3d.networks.pointcept import our_name
from openworld3d.protocols.protocol import IGNORED
from openworld3d.recipes.pdf import PDF

ROOT = Path(__file__).resolve().parents[2]
FOLDER = Path(os.environ.get("GOLDEN_DIR", ROOT.parent / "shared" / "golden")) / "pdf"


def whole_networks() -> list[Path]:
    """Return the files that hold a backbone beside the recogniser."""
    found = []
    for file in sorted(FOLDER.glob("*.npz")):
        with np.load(file) as arrays:
            if any(name.startswith("state/backbone.") for name in arrays.files):
                found.append(file)
    return found


FILES = whole_networks()
pytestmark = [
    pytest.mark.skipif(not FILES, reason=f"no golden network in {FOLDER}; set GOLDEN_DIR"),
    pytest.mark.skipif(
        "point_transformer" not in plugins.names_in(ROOT / "workflow_scripts/openworld3d/backbones"),
        reason="there is no backbone Point Transformer",
    ),
    pytest.mark.parametrize("file", FILES, ids=[file.stem for file in FILES]),
]


def read(file: Path) -> dict[str, Any]:
    with np.load(file) as arrays:
        return {name: json.loads(str(value)) if value.dtype.kind == "U" else value for name, value in arrays.items()}


def recipe_for(golden: dict[str, Any]) -> PDF:
    """Return the recipe with the file's weight of the marks, which come from the batch."""
    weight = golden["config"]["pseudo_weight"]
    recipe: PDF = recipe_of("pdf", second_decoder="plain", pseudo_labels="oracle", pseudo_weight=weight)
    return recipe


@pytest.mark.parametrize(("ending", "bound", "relative"), [("", 2e-4, 1e-3), ("_training", 5e-4, 1e-2)])
def test_checkpoint_answers_and_learns_as_released(file: Path, ending: str, bound: float, relative: float) -> None:
    golden = read(file)
    config, recipe = golden["config"], recipe_for(golden)
    network = build_network(
        {**config, "network": "point_transformer"}, config["in_channels"], config["classes"], recipe.adapt
    )
    state = {name[6:]: torch.from_numpy(value) for name, value in golden.items() if name.startswith("state/")}
    network.load_state_dict(network.released_state(state))
    network.train(bool(ending))

    feature = torch.from_numpy(np.concatenate([golden["color"], golden["coord"]], 1))
    geometry = network.geometry(golden["coord"], golden["offset"])
    outputs = recipe.outputs(network, feature, geometry, torch.Generator())
    known, unknown = outputs["logits"], outputs["unknown_logit"]
    assert np.abs(known.detach().numpy() - golden[f"logits{ending}"]).max() < bound
    assert np.abs(unknown[:, 0].detach().numpy() - golden[f"unknown_logit{ending}"]).max() < bound
    if not ending:
        score = torch.cat([known, unknown], 1).softmax(1)[:, -1]
        assert np.abs(score.detach().numpy() - golden["score"]).max() < bound

    batch = batch_of(feature, golden["label"].astype(np.int64), geometry)
    batch = batch._replace(coord=golden["coord"], unknown=golden["pseudo_mask"])
    assert (batch.target == IGNORED).any()
    loss, _ = recipe.loss(network, batch, torch.ones(config["classes"]))
    assert abs(loss.item() - float(golden[f"loss{ending}"])) < 1e-5
    loss.backward()
    gradient = {name: value.grad for name, value in network.named_parameters()}
    norms = {name: float(gradient[our_name(name)].norm()) for name in golden[f"grad_norm{ending}"]}  # type: ignore[union-attr]
    assert norms == pytest.approx(golden[f"grad_norm{ending}"], rel=relative)
    assert {*map(our_name, [*norms, *golden[f"no_gradient{ending}"]])} == set(gradient)
