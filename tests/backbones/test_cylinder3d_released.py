"""Released Cylinder3D: its network, and checkpoints with REAL's names."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tests.backbones.test_cylinder3d import CLOSED_SET, DROPPED_GATES, scan, small
from tests.given import recipe_of
from tests.networks.released_weights import needs_safe_torch

from openworld3d.backbones.cylinder3d import Cylinder3D
from openworld3d.errors import UserError
from openworld3d.inference.crops import Bounds
from openworld3d.inference.model import Model, infer_scene
from openworld3d.inference.training_sample import last_layer
from openworld3d.networks.cylinder3d_names import layer_names
from openworld3d.networks.pretrained import load_released
from openworld3d.scenes.scene import Scene


@pytest.mark.usefixtures("_stand_in")
def test_released_network_says_the_same_of_cells_and_of_their_points() -> None:
    """With targets of points each point has a row, of cells each cell, and inference gives each point its cell's."""
    coord, feature = scan(200)
    by_point = small(variant="as_released").eval()
    by_cell = small(variant="as_released", targets="cells").eval()
    geometry = by_point.geometry(coord, np.array([200]))
    assert 50 < len(geometry.voxel) < 200
    target = np.arange(200) % 5
    with torch.no_grad():
        points, cells = by_point(feature, geometry), by_cell(feature, geometry)
        features = by_point.decode(feature, geometry), by_cell.decode(feature, geometry)
    assert torch.equal(points, cells[geometry.row])
    assert torch.equal(features[0], features[1][geometry.row])
    assert by_point.sites(geometry) is None
    assert by_point.site_targets(geometry, target) is target
    assert len(by_cell.site_targets(geometry, target)) == len(cells)
    outputs = recipe_of("closed_set").outputs(by_cell, feature, geometry, torch.Generator())
    assert torch.equal(outputs["logits"], cells)


@pytest.mark.usefixtures("_stand_in")
@pytest.mark.parametrize("targets", ["points", "cells"])
def test_released_network_is_inferred_at_points(targets: str) -> None:
    coord, feature = scan(60)
    coord[1] = coord[0] + np.float32(0.05)  # of one cell, not of one voxel
    nothing, intensity = np.zeros(60), feature[:, 0].numpy()
    scene = Scene(
        coord, nothing.astype(np.uint8), nothing.astype(np.int32), intensity=intensity, origin_is_sensor=True
    )
    network = small(variant="as_released", targets=targets).eval()
    model = Model(network, CLOSED_SET, 0.02, [0, 1], torch.device("cpu"))
    outputs = infer_scene(model, scene, "single", Bounds(voxels=60, pairs=60))
    assert outputs["logits"].shape == (60, 5)
    assert outputs["features"].shape == (60, 8)
    of_point = outputs["logits"][outputs["inverse"]]
    assert np.array_equal(of_point[0], of_point[1])


@pytest.mark.usefixtures("_stand_in")
def test_gates_alone_are_dropped_and_what_is_before_them_is_computed_once() -> None:
    network = small(variant="as_released").eval()
    for value in network.parameters():
        torch.nn.init.normal_(value)
    DROPPED_GATES.adapt(network)
    coord, feature = scan(40)
    geometry = network.geometry(coord, np.array([40]))
    runs: list[str] = []
    network.voxels.first.register_forward_hook(lambda *_: runs.append("first"))
    network.voxels.context.register_forward_hook(lambda *_: runs.append("context"))
    with torch.no_grad():
        drawn = DROPPED_GATES.outputs(network, feature, geometry, torch.Generator().manual_seed(0))
        still = recipe_of("dropout", dropout=0.0, passes=3, where="gates").outputs(
            network, feature, geometry, torch.Generator()
        )
        expected = network(feature, geometry)
    assert runs == ["first", "context", "context", "first", "context", "context", "context", "first", "context"]
    assert drawn["class_variance"].any()
    assert torch.allclose(still["logits"], expected, rtol=1e-4)
    assert not still["class_variance"].any()


@pytest.mark.usefixtures("_stand_in")
def test_incremental_rows_lie_beside_the_released_head() -> None:
    network = small(variant="as_released")
    network.untaught = 2
    recipe = recipe_of("fine_tuning", taught=["sofa"], teaches=["sofa"])
    recipe.adapt(network)
    coord, feature = scan(40)
    geometry = network.geometry(coord, np.array([40]))
    outputs = recipe.outputs(network.eval(), feature, geometry, torch.Generator())
    assert outputs["logits"].shape == (40, 5 - 2 + 1)
    assert last_layer(network) == {}


REAL_OF_TWO = recipe_of("real", redundancy=2)


def released_state(network: Cylinder3D, name_of: dict[str, str], twin: str) -> dict[str, torch.Tensor]:
    """Return a checkpoint as REAL writes it: its kernels in spconv 1's order, with a context block not trained."""
    state = {name_of[name]: value for name, value in network.state_dict().items()}
    state = {name: value.permute(1, 2, 3, 4, 0) if value.dim() == 5 else value for name, value in state.items()}
    used = "ReconNet" if twin == "ReconNet_dropout" else "ReconNet_dropout"
    extra = {name.replace(used, twin): value + 1 for name, value in state.items() if f".{used}." in name}
    assert extra
    return {**state, **extra}


@needs_safe_torch
@pytest.mark.usefixtures("_stand_in")
@pytest.mark.parametrize(
    ("recipe", "twin"),
    [(REAL_OF_TWO, "ReconNet_dropout"), (CLOSED_SET, "ReconNet_dropout"), (DROPPED_GATES, "ReconNet")],
)
def test_checkpoint_of_real_is_loaded(recipe: Any, twin: str, tmp_path: Path) -> None:
    """Its columns are void and the classes, one of them unknown; here those that no label trains are last."""
    listed, own = ["void", "car", "bus", "road", "tree"], ["car", "road", "tree", "void", "bus"]
    trained, loaded = small(variant="as_written"), small(variant="as_written")
    for network in (trained, loaded):
        network.untaught = 2
        recipe.adapt(network)
        for value in network.parameters():
            torch.nn.init.normal_(value)
    names = released_names(drops_gates=recipe is DROPPED_GATES)
    torch.save(released_state(trained, names, twin), tmp_path / "model.pt")
    load_released(loaded, tmp_path / "model.pt", listed, own)
    order = [listed.index(name) for name in own]
    for name, value in loaded.state_dict().items():
        expected = trained.state_dict()[name]
        assert torch.equal(value, expected[order] if name.startswith("classifier.") else expected), name


def released_names(drops_gates: bool) -> dict[str, str]:
    """Return the released name of each entry of the state."""
    names = {"classifier.0": "cylinder_3d_spconv_seg.logits", "redundancy.0": "cylinder_3d_spconv_seg.logits2"}
    names.update({ours: released for released, ours in layer_names(drops_gates).items()})
    found = {}
    for name in (*small(variant="as_written").state_dict(), "redundancy.0.conv.weight", "redundancy.0.bias"):
        ours = max((prefix for prefix in names if name.startswith(f"{prefix}.")), key=len)
        found[name] = names[ours] + name[len(ours) :].replace(".conv.", ".")
    return found


@needs_safe_torch
@pytest.mark.usefixtures("_stand_in")
def test_checkpoint_with_a_kernel_of_another_size_is_refused(tmp_path: Path) -> None:
    network = small(variant="as_released")
    state = released_state(small(variant="as_written"), released_names(False), "ReconNet_dropout")
    name = "cylinder_3d_spconv_seg.downCntx.conv1_2.weight"
    state[name] = torch.ones(1, 3, 3, *state[name].shape[3:])
    torch.save(state, tmp_path / "model.pt")
    with pytest.raises(UserError, match=r"1 key of another shape \(voxels.first.across_first.1.conv.weight"):
        load_released(network, tmp_path / "model.pt", ["a", "b", "c", "d", "e"])
