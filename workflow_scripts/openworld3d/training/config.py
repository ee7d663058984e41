"""The configuration of a training: dataclasses made once from its JSON slice."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Mapping, Sequence

from openworld3d.plugins import pick
from openworld3d.recipes import Recipe, make_recipe, recipe_module


@dataclass(frozen=True)
class Optimisation:
    """The optimizer, its schedule, and the epochs whose networks are kept.

    A training with a `start_epoch` continues the schedule of the network that it starts from. momentum: of SGD; None
    for AdamW.
    """

    epochs: int
    start_epoch: int
    keep_epochs: Sequence[int]
    precision: str
    learning_rate: float
    block_learning_rate: float
    momentum: float | None
    weight_decay: float
    schedule: str
    warmup_steps: int
    clip_gradient: float


@dataclass(frozen=True)
class Batching:
    """How an epoch's scenes are cropped and divided into batches, and the most that a process's batch holds."""

    loop: int
    scenes_per_step: int
    crop_voxels: int
    batch_voxels: int
    batch_pairs: int


@dataclass(frozen=True)
class Augmentation:
    """The ranges that augmentations are drawn from: degrees, metres, and units of the appearance.

    flip: the axes that are each reversed in half of the clouds; scale_axes: those that one random factor scales.
    """

    rotation_degrees: float
    flip: Sequence[str]
    scale: Sequence[float]
    scale_axes: Sequence[str]
    shift: float
    jitter: float
    appearance_shift: float
    drop_appearance: float


@dataclass(frozen=True)
class TrainingConfig:
    """The configuration of a training, but for the layers of its backbone.

    unknown: the unknown classes of the protocol; unlabelled: those of them without a label in this training, all of
    them but for an upper bound.
    """

    unknown: list[str]
    unlabelled: list[str]
    unknown_points: str
    seed: int
    class_weight_power: float
    voxel_size: float
    appearance_range: Sequence[float]
    with_normals: bool
    recipe: Recipe
    optimisation: Optimisation
    batching: Batching
    augmentation: Augmentation


def read_training_config(values: Mapping[str, Any]) -> TrainingConfig:
    """Return the configuration of a training, from the slice that the command `train` is given."""
    keys = {"start_epoch": 0, "keep_epochs": (), "momentum": None, **values["recipe"]}
    return TrainingConfig(
        unknown=values["unknown"],
        unlabelled=[] if recipe_module(keys["kind"]).TRAINS_ON_UNKNOWN else values["unknown"],
        unknown_points=values["unknown_points"],
        seed=values["seed"],
        class_weight_power=keys["class_weight_power"],
        voxel_size=values["backbone"]["grid_size"],
        appearance_range=values["backbone"]["appearance_range"],
        with_normals=values["backbone"].get("normals", False),
        recipe=make_recipe(keys),
        optimisation=pick(Optimisation, keys),
        batching=pick(Batching, keys),
        augmentation=pick(Augmentation, keys),
    )
