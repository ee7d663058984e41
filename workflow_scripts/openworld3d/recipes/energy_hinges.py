r"""Energy hinges: push a trained closed-set network's free energy down for known points and up for resized ones.

An ablation of one idea of PAD (Learning Point-wise Abstaining Penalty for Point Cloud Anomaly Detection, or LiON,
arXiv 2309.10230; github.com/Daniellli/PAD at 638c503, pad_losses/energe_loss.py) on this project's networks, not that
method. Taken from it: the term, with E = -log sum_k e^{z_k} over the known classes: half the mean of
max(0, E - m_in)^2 over points of known classes, and half that of max(0, m_out - E)^2 over resized objects, times 0.1;
m_in is -12 and m_out -6. Different: cross-entropy, where the released scripts train with a loss that can abstain; no
objects of ShapeNet or nuScenes, which have a margin of their own; no smoothness and sparsity terms over the grid of
voxels; no redundancy classifiers, so that the score is `kind: energy` and not their softmax; and where a batch has no
resized object, known points count half as always, in full there. Resizing is REAL's in both
(`openworld3d.pseudo_labels.synthesis`). The code was read, not the paper.

Formula: \mathrm{CE}(z, y) + \frac{\lambda}{2} \left(\mathrm{mean}\, \max(0, E - m_\mathrm{in})^2 +
\mathrm{mean}\, \max(0, m_\mathrm{out} - E)^2\right)
Cost: a short training after that of the closed set; one pass at inference, of a network without another layer.
When: training scenes have countable objects that can be resized, and the scale of the logits is known.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Sequence

import numpy as np
import torch
from torch import Tensor

from openworld3d.networks import distributed
from openworld3d.networks.backbone import Backbone
from openworld3d.networks.inputs import Batch
from openworld3d.protocols.protocol import Protocol
from openworld3d.pseudo_labels.synthesis import Synthesis, altered, source_classes
from openworld3d.recipes import Recipe
from openworld3d.recipes.closed_set import ClosedSet, supervised
from openworld3d.recipes.parts.targets import of_known
from openworld3d.scenes.scene import Scene

BEGINS_WITH: str = "train"
TRAINS_ON_UNKNOWN: bool = False
STARTS_FROM: list[str] = ["closed_set"]
OUTPUTS: tuple[str, ...] = ("logits", "features")
TRAINING_KEYS: dict[str, Any] = {
    "start_from": {"$ref": "#/$defs/start_from"},
    "lovasz_weight": {"$ref": "#/$defs/lovasz_weight", "default": 0.0},
    "hinge_weight": {
        "description": "what the term counts, a number above 0; 0.1 where it is left out, as released",
        "$ref": "#/$defs/positive",
        "default": 0.1,
    },
    "known_energy": {
        "description": "m_in, a number, the energy above which a known point costs; -12 where it is left out, as "
        "released",
        "type": "number",
        "default": -12.0,
    },
    "unknown_energy": {
        "description": "m_out, a number, the energy below which a resized point costs; -6 where it is left out, as "
        "released",
        "type": "number",
        "default": -6.0,
    },
    "synthesis_share": {"$ref": "#/$defs/synthesis_share", "default": 0.5},
    "synthesis_points": {"$ref": "#/$defs/synthesis_points", "default": 300},
    "synthesis_classes": {"$ref": "#/$defs/synthesis_classes", "default": [], "role": "sources"},
}
INFERENCE_KEYS: dict[str, Any] = {}


@dataclass(frozen=True)
class EnergyHinges(ClosedSet):
    """Closed-set training with hinges on the free energy."""

    hinge_weight: float
    known_energy: float
    unknown_energy: float
    synthesis_share: float
    synthesis_points: int
    synthesis_classes: Sequence[str]

    def alter(self, scene: Scene, protocol: Protocol, generator: np.random.Generator) -> tuple[Scene, np.ndarray]:
        """Resize some objects of known classes; return the scene, and which points are theirs, (N,) bool."""
        options = Synthesis(share=self.synthesis_share, least_points=self.synthesis_points)
        return altered(scene, source_classes(protocol, self.synthesis_classes), options, generator)

    def loss(self, network: Backbone, batch: Batch, class_weight: Tensor) -> tuple[Tensor, Tensor]:
        """Return the loss of `closed_set` plus `hinge_weight` times the hinges, and the known logits (N, K)."""
        logits, target = network(batch.feature, batch.geometry), batch.target
        known, classes = logits[:, : len(class_weight)], len(class_weight)
        energy = -torch.logsumexp(known, 1)  # (N,)
        above = torch.relu(energy[target < classes] - self.known_energy)
        below = torch.relu(self.unknown_energy - energy[target == classes])
        closed = supervised(logits, of_known(target, classes), class_weight, self.lovasz_weight)
        return closed + self.hinge_weight * (mean_square(above) + mean_square(below)) / 2, known


RECIPE: type[Recipe] = EnergyHinges


def mean_square(value: Tensor) -> Tensor:
    """Return the mean of the squares over the rows of all processes, 0 without any: (M,)."""
    total = value.square().sum()
    return distributed.mean(total, total.new_tensor(float(len(value))))
