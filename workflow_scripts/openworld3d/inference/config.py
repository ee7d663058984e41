"""The configuration of the commands that run a trained network: dataclasses made once from their JSON slices."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Mapping

from openworld3d.inference.crops import Bounds


@dataclass(frozen=True)
class InferenceConfig:
    """The bounds of a network's crops, and the kind and the inference keys of the recipe that runs it."""

    bounds: Bounds
    recipe: Mapping[str, Any]


@dataclass(frozen=True)
class OutputsConfig:
    """How the outputs of evaluation scenes are made and stored."""

    inference: InferenceConfig
    coverage: str
    stored_precision: str


@dataclass(frozen=True)
class TrainingScenesConfig:
    """How a trained network is run over its training scenes."""

    inference: InferenceConfig
    unknown_points: str
    seed: int


@dataclass(frozen=True)
class RelabelConfig:
    """The classes that a step learns, and how points of other classes are labelled: by a network, or void."""

    teaches: list[str]
    predicts: InferenceConfig | None


def read_inference_config(values: Mapping[str, Any]) -> InferenceConfig:
    """Return how a network is run."""
    return InferenceConfig(Bounds(values["inference_voxels"], values["inference_pairs"]), values["recipe"])


def read_outputs_config(values: Mapping[str, Any]) -> OutputsConfig:
    """Return the configuration of the command `infer`."""
    return OutputsConfig(read_inference_config(values), values["coverage"], values["stored_precision"])


def read_training_scenes_config(values: Mapping[str, Any]) -> TrainingScenesConfig:
    """Return the configuration of the commands `sample_training` and `export_pseudo_masks`."""
    return TrainingScenesConfig(read_inference_config(values), values["unknown_points"], values["seed"])


def read_relabel_config(values: Mapping[str, Any]) -> RelabelConfig:
    """Return the configuration of the command `relabel`."""
    predicts = read_inference_config(values) if values["old_labels"] == "predicted" else None
    return RelabelConfig(values["teaches"], predicts)
