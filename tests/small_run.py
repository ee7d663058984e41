"""A training of seconds on rooms made by hand: a red wall on a green floor, and a sofa that nobody labels."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import numpy as np

from openworld3d.scenes.scene import Scene, save_scene
from openworld3d.training.config import TrainingConfig, read_training_config
from tests.backbones.test_stratified_transformer import SMALL
from tests.networks.test_inputs import RANGE
from tests.warm import executable

SCRIPTS = Path(__file__).resolve().parents[1] / "workflow_scripts"
CLASSES = ["floor", "sofa", "wall"]
KEY = "abcdefghijkl"
STILL: dict[str, Any] = {
    "rotation_degrees": 0,
    "flip": [],
    "scale": [1, 1],
    "scale_axes": ["x", "y", "z"],
    "shift": 0,
    "jitter": 0,
    "appearance_shift": 0,
    "drop_appearance": 0,
}
BACKBONE: dict[str, Any] = {**SMALL, "network": "stratified_transformer", "appearance_range": RANGE}
RECIPE: dict[str, Any] = {
    **STILL,
    "epochs": 12,
    "loop": 1,
    "scenes_per_step": 1,
    "crop_voxels": 5000,
    "batch_voxels": 5000,
    "batch_pairs": 10**6,
    "precision": "float32",
    "learning_rate": 0.01,
    "block_learning_rate": 0.003,
    "weight_decay": 0.0,
    "schedule": "cosine",
    "warmup_steps": 2,
    "clip_gradient": 10.0,
}


def config_of(
    unknown_points: str = "ignore", seed: int = 3, voxel_size: float = 0.1, **recipe: Any
) -> TrainingConfig:
    """Return the configuration of a training, by default of the recipe `closed_set`."""
    return read_training_config(
        {
            "unknown": ["sofa"],
            "unknown_points": unknown_points,
            "backbone": {"grid_size": voxel_size, "appearance_range": RANGE},
            "recipe": {**RECIPE, "kind": "closed_set", "class_weight_power": 0.5, **recipe},
            "seed": seed,
        }
    )


def red_wall_on_green_floor(seed: int = 0) -> Scene:
    """Return 400 points of either, in rows 10 cm apart, in a corner of 2 metres that begins at 0."""
    generator = np.random.default_rng(seed)
    floor = np.c_[generator.uniform(0, 2, (400, 2)), np.zeros(400)]
    wall = np.c_[np.zeros(400), generator.uniform(0, 2, (400, 2))]
    color = np.repeat([[20, 200, 20], [200, 20, 20]], 400, axis=0)
    label = np.repeat([0, 2], 400).astype(np.uint8)
    coord = np.concatenate([floor, wall]).astype(np.float32)
    coord[:, 1] = np.floor(coord[:, 1] * 10) / 10
    return Scene(coord, label, np.full(800, -1, np.int32), color=color.astype(np.uint8))


def with_sofa() -> Scene:
    """Return the room with the floor's far corner called a sofa, and coloured half as a wall."""
    scene = red_wall_on_green_floor(9)
    far = (scene.coord[:, 0] > 1) & (scene.coord[:, 1] > 1)
    scene.label[far] = 1
    assert scene.color is not None
    scene.color[far] = [110, 110, 20]
    return scene


def write_run(folder: Path, rooms: int = 2) -> Path:
    """Write rooms to train on and one to validate on; return the manifest of the first."""
    write_split(folder / "val", {"sofa": with_sofa()})
    return write_split(
        folder / "train", {f"room{number}": red_wall_on_green_floor(number) for number in range(rooms)}
    )


def write_split(folder: Path, scenes: dict[str, Scene]) -> Path:
    """Write scenes and return their manifest."""
    listed = []
    for name, scene in scenes.items():
        save_scene(folder / f"{name}.npz", scene)
        points = np.bincount(scene.label, minlength=3).tolist()
        listed.append({"name": name, "points": len(scene), "class_points": dict(zip(CLASSES, points))})
    path = folder / "manifest.json"
    path.write_text(json.dumps({"classes": CLASSES, "scenes": listed}))
    return path


def arguments(
    manifest: Path, folder: Path, processes: int = 1, drop_path_rate: float = 0.1, key: str = KEY, **recipe: Any
) -> list[str]:
    """Return the command line of a training on the scenes of `write_run`."""
    config = {
        "unknown": ["sofa"],
        "unknown_points": "ignore",
        "backbone": {**BACKBONE, "drop_path_rate": drop_path_rate},
        "recipe": {**RECIPE, "kind": "closed_set", "class_weight_power": 0.5, **recipe},
        "seed": 3,
    }
    scenes = ["--scenes", str(manifest), "--validation", str(manifest.parents[1] / "val/manifest.json")]
    places = ["--weights", str(folder / "weights.npz"), "--history", str(folder / "history.csv")]
    given = ["--config", json.dumps(config), "--initial-weights", "--processes", str(processes), "--key", key]
    return [str(SCRIPTS / "train.py"), *given, *scenes, *places]


def run(*command: str) -> subprocess.CompletedProcess[str]:
    """Run a command with this Python, on one thread."""
    variables = {**os.environ, "PYTHONPATH": str(SCRIPTS), "OMP_NUM_THREADS": "1"}
    return subprocess.run([executable(), *command], env=variables, capture_output=True, text=True)
