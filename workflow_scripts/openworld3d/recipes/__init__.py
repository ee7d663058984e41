"""One file per recipe: how a network is trained, and which outputs it has for scores to read.

A file is an implementation of `RecipeModule`: literals that planning reads without importing the file, and `RECIPE`,
a subclass of `Recipe`. The literals below are the defaults of those that a file may leave out.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, Mapping, Protocol, Sequence, cast

import numpy as np
import torch
from torch import Tensor

from openworld3d.networks.backbone import Backbone
from openworld3d.networks.inputs import Batch
from openworld3d.plugins import load
from openworld3d.protocols.protocol import Protocol as ClassProtocol
from openworld3d.scenes.scene import Scene

# The kinds of recipes whose trained network it can start from, named by the key `start_from`.
STARTS_FROM: list[str] = []
# Of a recipe with the key `teaches`, which labels the rule `relabel` gives to points of other classes: `void`, or
# `predicted` by the network that it starts from.
OLD_LABELS: str = ""
# Whether it marks points that it takes for unknown, with `Recipe.mark`, which the rule `export_pseudo_masks` shows.
MARKS_UNKNOWN: bool = False
# Those of `TRAINING_KEYS` that a recipe with `pretrained` has too, as they shape its network; None for all but those
# that say where the training starts.
PRETRAINED_KEYS: list[str] | None = None
# Whether it needs a backbone with stochastic depth.
DROPS_PATHS: bool = False


@dataclass(frozen=True)
class Recipe:
    """How a network is trained and run, with the values of the recipe's keys.

    A subclass is a frozen dataclass, whose fields are those of `TRAINING_KEYS` and `INFERENCE_KEYS` that its methods
    read, by the same names. A recipe whose runs begin with `train` overrides `loss` and `outputs`, one that runs the
    network of another recipe `outputs`, and one without a network nothing. Random numbers are drawn from a hook's
    `generator`, or in `loss` from torch's global state, which is seeded at the beginning of each epoch.

    taught: the unknown classes that steps with the key `teaches` have learned, this one's included, in their order.
    unknown_columns: the columns of the logits that stand for unknown classes; none while training.
    """

    taught: Sequence[str]
    unknown_columns: Sequence[int]

    def adapt(self, network: Backbone) -> None:
        """Add layers to a network that is just built; called before weights are loaded."""

    def started(self, network: Backbone) -> None:
        """Called once a network has the weights of the recipe that it starts from."""

    def alter(
        self, scene: Scene, protocol: ClassProtocol, generator: np.random.Generator
    ) -> tuple[Scene, np.ndarray]:
        """Change a training scene before it is augmented; return it, and the points made unknown, (N,) bool.

        The target of these points is the number of known classes, K.
        """
        return scene, np.zeros(len(scene), bool)

    def loss(self, network: Backbone, batch: Batch, class_weight: Tensor) -> tuple[Tensor, Tensor]:
        """Return the loss of a batch, and the logits of the known classes (N, K).

        class_weight (K,) float32. A mean over points goes through `distributed.mean`, since processes share a batch.
        """
        raise NotImplementedError(f"{type(self).__name__} trains nothing")

    def measured(self) -> dict[str, float]:
        """Return what the recipe measured in the epoch that ends, as columns of history.csv, and start over."""
        return {}

    def outputs(
        self, network: Backbone, feature: Tensor, geometry: Any, generator: torch.Generator
    ) -> dict[str, Tensor]:
        """Return the outputs of a crop in evaluation mode by the names of `OUTPUTS`, (N, C) float32 each.

        `logits` are of the known classes, then of the columns that no label trains. Over several visits of a point
        they are averaged by `MeanLogits`, all others arithmetically.
        """
        raise NotImplementedError(f"{type(self).__name__} runs no network")

    def prepare(self, coord: np.ndarray, generator: np.random.Generator) -> Any:
        """Return what `mark` needs of a cloud's coordinates alone, (N, 3) float32: it is made while others train.

        It may draw the first numbers of the generator that `mark` gets anew.
        """

    def mark(
        self,
        coord: np.ndarray,
        logits: np.ndarray,
        target: np.ndarray,
        unknown: np.ndarray,
        generator: np.random.Generator,
        prepared: Any = None,
    ) -> np.ndarray:
        """Return which points of a cloud to take for unknown, (N,) bool, where `MARKS_UNKNOWN`.

        coord (N, 3) float32 in metres, logits (N, K) float32, target (N,) int64, 255 where unlabelled. unknown (N,)
        bool, the points of unknown classes, is for upper limits alone: no method may read it. prepared: what
        `prepare` returned, None where it was not called.
        """
        raise NotImplementedError(f"{type(self).__name__} marks no points")


class RecipeModule(Protocol):
    """What a file of this folder declares, beside those of the literals above that it needs.

    A key is a JSON schema; its `description` says what is expected, and `$ref` may name a definition of
    schemas/config.schema.yaml. A key with a `default` may be left out. A key may have a `role`:
    `sources`: a list of known classes, by default all that are things; `folder`: where saved outputs lie;
    `classifiers`: how many logits of the unknown there are, each of which a class that a step learns can take, of
    which one is left.
    """

    BEGINS_WITH: str  # the rule that its runs begin with: train, infer, ensemble or import_outputs
    TRAINS_ON_UNKNOWN: bool  # whether the unknown classes are labelled in its training, as an upper bound has them
    OUTPUTS: tuple[str, ...]  # the names of its outputs
    TRAINING_KEYS: dict[str, Any]  # its own keys, beside those of all trainings: a change trains again
    INFERENCE_KEYS: dict[str, Any]  # keys that inference alone reads, each with a default: a change trains nothing
    RECIPE: type[Recipe]


def recipe_module(kind: str) -> RecipeModule:
    """Return the module of a kind of recipe."""
    return cast(RecipeModule, load("recipes", kind))


def make_recipe(keys: Mapping[str, Any], unknown_columns: Sequence[int] = ()) -> Recipe:
    """Return the recipe of a kind, `keys["kind"]`, with the values of its keys.

    A network that was trained elsewhere lacks the keys of training alone: they have their defaults, or are None.
    """
    module = recipe_module(keys["kind"])
    declared = {**module.TRAINING_KEYS, **module.INFERENCE_KEYS}
    defaults = {name: key.get("default") for name, key in declared.items()}
    values: dict[str, Any] = {"taught": (), **defaults, **keys, "unknown_columns": unknown_columns}
    return module.RECIPE(**{field.name: values[field.name] for field in fields(module.RECIPE) if field.init})
