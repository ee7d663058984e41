"""Inference of the default experiment on the GPU and on the CPU: the same network's scores of whole rooms."""

from __future__ import annotations

import time
from typing import Iterator

import numpy as np
import torch
from torch import Tensor

from benchmarks.gpu.curve import WEIGHTS, prepared
from benchmarks.gpu.data import scenes_of
from benchmarks.gpu.rows import Row, Setting
from openworld3d.datasets.scannet import CLASSES
from openworld3d.inference.crops import Bounds
from openworld3d.inference.model import Model, infer_scene
from openworld3d.metrics.ranking import ranking
from openworld3d.networks.weights import load_weights
from openworld3d.scenes.scene import VOID, load_scene

NEAR = 1e-2  # of scores, logits being about ten
AUROC_NEAR = 1e-3
SCORES = {
    "msp": lambda logits: -torch.softmax(logits, 1).max(1)[0],
    "max_logit": lambda logits: -logits.max(1)[0],
    "entropy": lambda logits: torch.distributions.Categorical(logits=logits).entropy(),
}


def run(setting: Setting) -> Iterator[Row]:
    """Run the trained network over the evaluation rooms on both, and compare each score."""
    network, data, backbone = prepared(setting)
    weights = setting.folder / WEIGHTS
    if weights.exists():
        network.load_state_dict(load_weights(weights)[0])
    of_network = "trained" if weights.exists() else "untrained"
    bounds = Bounds(backbone["inference_voxels"], backbone["inference_pairs"])
    scenes = [load_scene(path, CLASSES) for path in scenes_of(setting, "val")]
    logits: dict[str, Tensor] = {}
    spent = {}
    for name, device in (("GPU", setting.device), ("CPU", torch.device("cpu"))):
        network.to(device).eval()
        model = Model(network, data.config.recipe, backbone["grid_size"], backbone["appearance_range"], device)
        infer_scene(model, scenes[0], "single", bounds)
        began = time.perf_counter()
        outputs = [infer_scene(model, scene, "single", bounds) for scene in scenes]
        spent[f"{name} s per room"] = (time.perf_counter() - began) / len(scenes)
        of_points = [output["logits"][output["inverse"]] for output in outputs]
        logits[name] = torch.from_numpy(np.concatenate(of_points))
    label = np.concatenate([scene.label for scene in scenes])
    counted, unknown = label != VOID, data.protocol.is_unknown(label)
    for name, score in SCORES.items():
        of_each = {device: score(values)[counted] for device, values in logits.items()}
        auroc = {
            f"{device} AUROC": ranking(values.numpy(), unknown[counted]).auroc for device, values in of_each.items()
        }
        off = float((of_each["GPU"] - of_each["CPU"]).abs().max())
        apart = abs(auroc["GPU AUROC"] - auroc["CPU AUROC"])
        agrees = off < NEAR and not apart > AUROC_NEAR
        yield {"network": of_network, "score": name, **auroc, "off": off, **spent, "agrees": bool(agrees)}
