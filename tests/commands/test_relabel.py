from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any, Callable

import numpy as np
import pytest
import torch
from tests.backbones.test_stratified_transformer import SMALL
from tests.small_run import BACKBONE, CLASSES, red_wall_on_green_floor, with_sofa, write_split

from openworld3d.backbones.stratified_transformer import build
from openworld3d.errors import UserError
from openworld3d.networks.weights import save_weights
from openworld3d.scenes.scene import VOID, Scene, load_scene

SOFA = CLASSES.index("sofa")


@pytest.fixture
def relabel(tmp_path: Path, command: Callable[..., None]) -> Callable[..., tuple[dict[str, Any], Path]]:
    """Return a function that relabels scenes for a step that learns the sofa, after an untrained network."""
    torch.manual_seed(0)
    config = {
        "backbone": BACKBONE,
        "recipe": {"kind": "closed_set"},
        "columns": ["floor", "wall"],
        "untaught": 0,
        "unknown": ["sofa"],
        "in_channels": 6,
    }
    save_weights(tmp_path / "weights.npz", build({**SMALL, "initialisation": "xavier"}, 6, 2), config)

    def run(name: str, old_labels: str, **scenes: Scene) -> tuple[dict[str, Any], Path]:
        manifest = write_split(tmp_path / name, scenes)
        out = tmp_path / f"{name}_labels/manifest.json"
        asked = {"inference_voxels": 1000, "inference_pairs": 10**6, "recipe": {"kind": "closed_set"}}
        given = json.dumps({"teaches": ["sofa"], "old_labels": old_labels, **asked})
        places = ["--weights", tmp_path / "weights.npz", "--scenes", manifest, "--out", out]
        command("relabel", "--config", given, *places)
        return json.loads(out.read_text()), out.parent

    return run


def test_new_class_keeps_its_labels_and_the_rest_has_none(
    relabel: Callable[..., tuple[dict[str, Any], Path]],
) -> None:
    manifest, folder = relabel("plain", "void", room=with_sofa(), empty=red_wall_on_green_floor())
    (entry,) = manifest["scenes"]  # the other room has no sofa
    was, now = with_sofa(), load_scene(folder / "room.npz", CLASSES)
    assert entry["name"] == "room"
    assert entry["class_points"] == {"sofa": int((was.label == SOFA).sum())}
    assert (now.label[was.label == SOFA] == SOFA).all()
    assert (now.label[was.label != SOFA] == VOID).all()
    assert np.array_equal(now.coord, was.coord)


def test_other_points_are_what_the_network_before_predicts(
    relabel: Callable[..., tuple[dict[str, Any], Path]],
) -> None:
    _, folder = relabel("predicted", "predicted", room=with_sofa())
    was, now = with_sofa(), load_scene(folder / "room.npz", CLASSES)
    assert np.array_equal(now.label == SOFA, was.label == SOFA)
    assert set(now.label[was.label != SOFA].tolist()) <= {0, 2}


@pytest.mark.parametrize("old_labels", ["void", "predicted"])
def test_no_label_of_an_old_class_is_read(
    relabel: Callable[..., tuple[dict[str, Any], Path]], old_labels: str
) -> None:
    """Scrambled, or all gone: the step learns from the same scenes, to the last byte but for what says their name."""
    scene = with_sofa()
    old = scene.label != SOFA
    generator = np.random.default_rng(0)
    scrambled = np.where(old, generator.choice([0, 2, VOID], len(scene)), scene.label).astype(np.uint8)
    gone = np.where(old, VOID, scene.label).astype(np.uint8)
    written = []
    for number, label in enumerate([scene.label, scrambled, gone]):
        _, folder = relabel(f"{old_labels}{number}", old_labels, room=replace(scene, label=label))
        written.append((folder / "room.npz").read_bytes())
    assert written[0] == written[1] == written[2]


def test_step_without_a_point_to_learn_is_refused(relabel: Callable[..., tuple[dict[str, Any], Path]]) -> None:
    with pytest.raises(UserError, match="no training scene has a point of sofa, which this step learns"):
        relabel("none", "void", room=red_wall_on_green_floor())
