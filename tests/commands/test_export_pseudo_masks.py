"""A run with an untrained network: its marks are those of the voxels, and colours and counts are right by hand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Callable, Dict

import numpy as np
import pytest
import torch
from plyfile import PlyData
from tests.recipes.test_pdf import KEYS
from tests.small_run import BACKBONE, CLASSES, red_wall_on_green_floor, with_sofa, write_split

from openworld3d.inference.config import read_inference_config
from openworld3d.inference.model import infer_scene, load_trained, picked_points
from openworld3d.networks.build import build_network
from openworld3d.networks.weights import save_weights
from openworld3d.protocols.protocol import IGNORED
from openworld3d.recipes import make_recipe
from openworld3d.scenes.scene import VOID, Scene

SOFA, WALL = CLASSES.index("sofa"), CLASSES.index("wall")
ASKED: dict[str, Any] = {"inference_voxels": 300, "inference_pairs": 10**6, "recipe": {"kind": "pdf"}}
COLOURS = {
    "marked_unknown": [0, 158, 115],
    "marked_known": [213, 94, 0],
    "unmarked_unknown": [240, 228, 66],
    "neither": [153, 153, 153],
}
Export = Callable[..., Dict[str, Any]]


@pytest.fixture
def export(tmp_path: Path, command: Callable[..., None]) -> Export:
    """Return a function that exports the masks of scenes, of seed 3, and returns the manifest."""

    def run(scenes: dict[str, Scene], unknown_points: str = "ignore", **keys: Any) -> dict[str, Any]:
        torch.manual_seed(0)
        recipe = {"kind": "pdf", **KEYS, "region_radius": 0.5, **keys}
        network = build_network({**BACKBONE, "initialisation": "xavier"}, 6, 2, make_recipe(recipe).adapt)
        described = {"columns": ["floor", "wall"], "untaught": 0, "unknown": ["sofa"], "in_channels": 6}
        save_weights(tmp_path / "weights.npz", network, {"backbone": BACKBONE, "recipe": recipe, **described})
        manifest, out = write_split(tmp_path / "train", scenes), tmp_path / "pseudo_masks/manifest.json"
        given = json.dumps({**ASKED, "unknown_points": unknown_points, "seed": 3})
        places = ["--weights", tmp_path / "weights.npz", "--scenes", manifest, "--out", out]
        command("export_pseudo_masks", "--config", given, *places)
        return json.loads(out.read_text())

    return run


def vertices(folder: Path, name: str) -> Any:
    return PlyData.read(str(folder / f"pseudo_masks/{name}.ply"))["vertex"]


def colours(vertex: Any) -> list[list[int]]:
    return np.stack([vertex["red"], vertex["green"], vertex["blue"]], 1).tolist()  # (N, 3)


def with_void() -> Scene:
    """Return the room with a sofa, of which the first 50 points are void."""
    scene = with_sofa()
    scene.label[:50] = VOID
    return scene


@pytest.mark.parametrize("way", ["region", "low_confidence", "prototypes"])
def test_points_have_the_marks_of_their_voxels(tmp_path: Path, export: Export, way: str) -> None:
    rooms = {"other": with_sofa(), "room": with_void()}
    manifest = export(rooms, pseudo_labels=way, pseudo_threshold=0.95, region_seeds=5)
    trained = load_trained(tmp_path / "weights.npz", read_inference_config(ASKED))
    for number, (name, scene) in enumerate(rooms.items()):
        outputs = infer_scene(trained.model, scene, "single", trained.bounds)
        picked = picked_points(trained.model, scene)
        label = scene.label[picked]
        target = np.select([label == 0, label == WALL], [0, 1], IGNORED)
        recipe, generator = trained.model.recipe, np.random.default_rng([3, number])
        mask = recipe.mark(scene.coord[picked], outputs["logits"], target, label == SOFA, generator)
        vertex = vertices(tmp_path, name)
        assert 0 < mask.mean() < 1
        assert vertex["marked"].tolist() == mask[outputs["inverse"]].tolist()
        assert np.array_equal(np.stack([vertex[axis] for axis in "xyz"], 1), scene.coord)  # (N, 3)
        assert np.array_equal(vertex["label"], scene.label)
        entry = manifest["scenes"][number]
        marked, sofa, void = vertex["marked"] == 1, scene.label == SOFA, scene.label == VOID
        counted = [marked & sofa, marked & ~sofa & ~void, ~marked & sofa]
        right, wrong, missed = (np.count_nonzero(case) for case in counted)
        points = [right, wrong, missed, len(scene) - right - wrong - missed]
        assert entry["name"] == name
        assert entry["points"] == dict(zip(COLOURS, points))


def corner(label: list[int]) -> Scene:
    """Return twelve points in two voxels: six whose labels are given, and six of the sofa."""
    scene = red_wall_on_green_floor()
    scene = scene.take(np.arange(len(scene)) < 12)
    scene.coord[:] = np.repeat([[0, 0, 0], [0.5, 0, 0]], 6, axis=0)
    scene.label[:] = [*label, *[SOFA] * 6]
    return scene


def test_oracle_by_hand(tmp_path: Path, export: Export, capsys: pytest.CaptureFixture[str]) -> None:
    """Whichever point stands for the first voxel: it is of the sofa in one corner, and not in the other."""
    label = [WALL, WALL, VOID, SOFA, SOFA, SOFA]
    corners = {"corner": label, "mirrored": label[::-1]}
    manifest = export({name: corner(six) for name, six in corners.items()})
    assert manifest.pop("scenes") == [told_of(name, tmp_path, label) for name, label in corners.items()]
    assert sorted(vertices(tmp_path, name)["marked"][0] for name in corners) == [0, 1]
    assert manifest == {
        "colours": COLOURS,
        "classes": CLASSES,
        "void": VOID,
        "unknown": ["sofa"],
        "all": {"points": dict(zip(COLOURS, [15, 2, 3, 4])), "precision": 15 / 17, "recall": 15 / 18},
    }
    assert sorted(capsys.readouterr().out.split()[-2::-5]) == ["12", "6"]


def told_of(name: str, folder: Path, label: list[int]) -> dict[str, Any]:
    """Return what the manifest must say of a corner, given its first mark; its colours are checked on the way."""
    vertex = vertices(folder, name)
    marked = bool(vertex["marked"][0])
    assert vertex["marked"].tolist() == [marked] * 6 + [True] * 6
    sofa, wall = ("marked_unknown", "marked_known") if marked else ("unmarked_unknown", "neither")
    case = {SOFA: sofa, WALL: wall, VOID: "neither"}
    assert colours(vertex) == [COLOURS[case[of]] for of in label] + [COLOURS["marked_unknown"]] * 6
    points, precision, recall = ([9, 2, 0, 1], 9 / 11, 1) if marked else ([6, 0, 3, 3], 1, 6 / 9)
    return {"name": name, "points": dict(zip(COLOURS, points)), "precision": precision, "recall": recall}


def test_points_that_training_removed_are_not_shown(tmp_path: Path, export: Export) -> None:
    (entry,) = export({"room": with_void()}, "remove", pseudo_labels="low_confidence", pseudo_threshold=0.95)[
        "scenes"
    ]
    label = with_void().label
    assert np.array_equal(vertices(tmp_path, "room")["label"], label[label != SOFA])
    assert sum(entry["points"].values()) == np.count_nonzero(label != SOFA)
    assert (entry["precision"], entry["recall"]) == (0, None)
