"""A training sample: the outputs of some voxels of the training scenes, equally many of each known class.

Scores fit their parameters on it, so that they see nothing but training scenes and known labels. One `.npz` with
S voxels, K known classes and F features of the last layer:
- each output of the recipe, (S, C) float32: `logits`, where there are any with columns behind those of the classes
  that no label trains, and of most recipes `features` (S, F);
- `target` (S,) uint8: the column of the logits that stands for the voxel's class;
- `weight` (S,) float64: how many voxels of the training scenes it stands for;
- `range` (S, 1) float32: how far it is from the sensor in metres, where one saw each scene from its origin;
- `last_weight` (K, F), `last_bias` (K,) float32: the last layer, logits = features @ last_weight.T + last_bias;
  absent where that layer is not linear in a voxel's own features.
"""

from __future__ import annotations

import numpy as np
from torch import nn

from openworld3d.inference.model import Trained, infer_scene
from openworld3d.inference.outputs import BESIDE
from openworld3d.networks.backbone import Backbone
from openworld3d.protocols.protocol import IGNORED, make_protocol
from openworld3d.scenes.manifests import Scenes
from openworld3d.scenes.scene import load_scene, ranges
from openworld3d.scenes.voxels import pick_points

VOXELS_PER_CLASS = 1000


def draw_sample(trained: Trained, scenes: Scenes, unknown_points: str, seed: int) -> dict[str, np.ndarray]:
    """Return a training sample of a trained network without its last layer.

    The scenes are whole and not augmented, without the points of unknown classes where training removed them.
    A voxel's class is that of one of its points, drawn at random, as in training.
    """
    protocol = make_protocol(scenes.classes, trained.unknown)
    column = np.full(IGNORED + 1, IGNORED)  # of the logits, by the column that the protocol gives a class
    column[: len(protocol.known)] = [trained.columns.index(name) for name in protocol.known]
    generator = np.random.default_rng(seed)
    sample = BalancedSample(len(trained.columns), generator)
    for path in scenes.paths:
        scene = load_scene(path, scenes.classes)
        if unknown_points == "remove":
            scene = scene.take(~protocol.is_unknown(scene.label))
        outputs = infer_scene(trained.model, scene, "single", trained.bounds)
        point = pick_points(outputs["inverse"], generator)
        rows = {name: value for name, value in outputs.items() if name not in BESIDE}
        if scene.origin_is_sensor:
            rows["range"] = ranges(scene.coord[point])
        sample.offer(column[protocol.targets(scene.label[point])], rows)
    return sample.result()


def last_layer(network: Backbone) -> dict[str, np.ndarray]:
    """Return `last_weight` and `last_bias` of a network, nothing where its last layer is not linear."""
    last = network.last_layer
    if not isinstance(last, nn.Linear):
        return {}
    return {"last_weight": last.weight.detach().cpu().numpy(), "last_bias": last.bias.detach().cpu().numpy()}


class BalancedSample:
    """Rows drawn evenly from all that were offered, at most `VOXELS_PER_CLASS` of each class; the rest are forgotten.

    Each row is offered with a random key, and those with a class's smallest keys are kept (bottom-k sampling): memory
    is bounded whatever is offered, and each row of a class is kept with the same probability.
    """

    def __init__(self, classes: int, generator: np.random.Generator) -> None:
        self.offered = np.zeros(classes, np.int64)
        self.generator = generator
        self.key = np.zeros(0)
        self.rows: dict[str, np.ndarray] = {"target": np.zeros(0, np.uint8)}

    def offer(self, target: np.ndarray, outputs: dict[str, np.ndarray]) -> None:
        """Offer rows: target (R,) int64, 255 where a row has no known class and is left out; outputs (R, C) each."""
        known = target != IGNORED
        target = target[known].astype(np.uint8)
        self.offered += np.bincount(target, minlength=len(self.offered))
        key = np.concatenate([self.key, self.generator.random(len(target))])
        offered = {"target": target, **{name: value[known] for name, value in outputs.items()}}
        rows = {name: np.concatenate([self.rows.get(name, value[:0]), value]) for name, value in offered.items()}
        kept = smallest_of_each(rows["target"], key)
        self.key, self.rows = key[kept], {name: value[kept] for name, value in rows.items()}

    def result(self) -> dict[str, np.ndarray]:
        """Return the rows that were kept, by class, and the `weight` of each."""
        target = self.rows["target"]
        kept = np.bincount(target, minlength=len(self.offered))
        return {**self.rows, "weight": (self.offered / np.maximum(kept, 1))[target]}


def smallest_of_each(target: np.ndarray, key: np.ndarray) -> np.ndarray:
    """Return the rows that have the `VOXELS_PER_CLASS` smallest keys of their class, by class and key."""
    order = np.lexsort([key, target])
    count = np.bincount(target)
    place = np.arange(len(target)) - np.repeat(np.cumsum(count) - count, count)  # within its class
    return order[place < VOXELS_PER_CLASS]
