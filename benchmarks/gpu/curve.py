"""The default experiment's closed-set training on the GPU and at the same time on the CPU, epoch by epoch.

Both draw the same crops. The GPU's network is kept for the part `inference`.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Iterator

import torch

from benchmarks.gpu.data import backbone_of, network_of, recipe_of, scenes_of, training_data
from benchmarks.gpu.rows import Row, Setting
from openworld3d.networks.backbone import Backbone
from openworld3d.networks.weights import save_weights
from openworld3d.training.checkpoint import Checkpoint, History
from openworld3d.training.loop import Watch, train

WEIGHTS = "curve.npz"
NEAR = 0.15  # of the loss: rounding alone leads a training elsewhere, but not to another place


class Printing(Watch):
    """Print each epoch as a line of JSON."""

    def __init__(self) -> None:
        self.began = time.perf_counter()

    def record(self, history: History) -> None:
        row = {"loss": history[-1]["train_loss"], "seconds": time.perf_counter() - self.began}
        print(json.dumps(row), flush=True)


def run(setting: Setting) -> Iterator[Row]:
    """Train on both in processes of their own; yield an epoch once both have it, then what the GPU alone has."""
    trainings = {name: start(setting, name) for name in ("GPU", "CPU")}
    for epoch in range(1, epochs(setting) + 1):
        lines = {name: next(iter(process.stdout), "") for name, process in trainings.items() if process.stdout}
        if not lines["GPU"] or not lines["CPU"]:
            raise RuntimeError(f"a training ended before epoch {epoch}")
        gpu, cpu = json.loads(lines["GPU"]), json.loads(lines["CPU"])
        off = abs(gpu["loss"] - cpu["loss"]) / cpu["loss"]
        yield {
            "epoch": epoch,
            "GPU loss": gpu["loss"],
            "CPU loss": cpu["loss"],
            "GPU s": gpu["seconds"],
            "CPU s": cpu["seconds"],
            "off": off,
            "agrees": off < NEAR,
        }
    for process in trainings.values():
        process.wait()


def start(setting: Setting, name: str) -> subprocess.Popen[str]:
    """Start one training, on which device its name says."""
    command = [sys.executable, "-m", "benchmarks.gpu.curve", name, str(setting.folder), *["--dry"] * setting.dry]
    path = os.pathsep.join([".", "workflow_scripts", os.environ.get("PYTHONPATH", "")])
    variables = {**os.environ, "PYTHONPATH": path}
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=variables)


def epochs(setting: Setting) -> int:
    """Return how long the training is."""
    return setting.pick(recipe_of(setting, "config.yaml", "closed_set")["epochs"], 1)


def prepared(setting: Setting) -> tuple[Backbone, Any, dict[str, Any]]:
    """Return the untrained network, the training's data, and the backbone's keys."""
    backbone = backbone_of(setting, "config.yaml", "stratified_small")
    recipe = {**recipe_of(setting, "config.yaml", "closed_set"), "epochs": epochs(setting), "keep_epochs": []}
    data = training_data(backbone, recipe, scenes_of(setting, "train"))
    return network_of(backbone, data), data, backbone


def main() -> None:
    name, folder, *dry = sys.argv[1:]
    setting = Setting(bool(dry), Path(folder))
    device = setting.device if name == "GPU" else torch.device("cpu")
    network, data, backbone = prepared(setting)
    checkpoint = Checkpoint(setting.folder / f"{name}.pt", "benchmark")
    train(network, data, device, checkpoint, Printing())
    if name == "GPU":
        save_weights(setting.folder / WEIGHTS, network, {"backbone": backbone})


if __name__ == "__main__":
    main()
