"""What cleanlab and pytorch-ood answer on one training sample and one scene."""

from __future__ import annotations

import importlib
from types import ModuleType
from typing import Any

import numpy as np
import torch
from cleanlab.outlier import OutOfDistribution
from scipy.special import logit, softmax
from tests.scores.scored import Sample

CLASSES, FEATURES = 5, 24

KERNELS = torch.library.Library("torchvision", "FRAGMENT")


def import_detectors() -> ModuleType:
    """Import pytorch-ood, which imports torchvision.

    torchvision's kernels, of which no detector calls any, are built for the CUDA build of torch. Beside the CPU build
    they do not load, and its import fails unless one of them, nms, has at least a schema.
    """
    try:
        return importlib.import_module("pytorch_ood.detector")
    except RuntimeError:
        KERNELS.define("nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
        return importlib.import_module("pytorch_ood.detector")


DETECTORS = import_detectors()


def voxels(seed: int, of_each_class: int, of_none: int) -> Sample:
    """Return what a network says of voxels around the means of their classes and, after them, of some anywhere."""
    fixed, drawn = np.random.default_rng(0), np.random.default_rng(seed)
    mean = 3 * fixed.random((CLASSES, FEATURES))
    mixing = fixed.normal(0, 0.3, (FEATURES, FEATURES))
    weight, bias = (mean - mean.mean(axis=0)) / 8, fixed.normal(0, 1, CLASSES)
    target = np.repeat(np.arange(CLASSES), of_each_class)
    known = mean[target] + drawn.normal(0, 1, (len(target), FEATURES)) @ mixing
    features = np.maximum(np.concatenate([known, drawn.normal(1, 2, (of_none, FEATURES))]), 0).astype(np.float32)
    last_weight, last_bias = weight.astype(np.float32), bias.astype(np.float32)
    logits = features @ last_weight.T + last_bias
    return {
        "features": features,
        "logits": logits,
        "target": target.astype(np.uint8),
        "weight": np.ones(len(target)),
        "last_weight": last_weight,
        "last_bias": last_bias,
    }


SAMPLE, SCENE = voxels(seed=1, of_each_class=400, of_none=0), voxels(seed=2, of_each_class=50, of_none=250)

BOTH = [("sample", SAMPLE), ("scene", SCENE)]

RIGHT = {name: SAMPLE[name][SAMPLE["logits"].argmax(axis=1) == SAMPLE["target"]] for name in ("logits", "target")}

LAST_LAYER = ("last_weight", "last_bias")

TARGET = torch.from_numpy(SAMPLE["target"].astype(np.int64))


def wide(array: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(array).to(torch.get_default_dtype())


def of_logits(detector: str, **options: Any) -> np.ndarray:
    return getattr(DETECTORS, detector)(None, **options).predict_logits(wide(SCENE["logits"])).numpy()


def of_features(detector: str, **options: Any) -> np.ndarray:
    fitted = getattr(DETECTORS, detector)(None, **options).fit_features(wide(SAMPLE["features"]), TARGET)
    return fitted.predict_features(wide(SCENE["features"])).numpy()


def head(maps: torch.Tensor) -> torch.Tensor:
    return maps.flatten(1) @ wide(SAMPLE["last_weight"]).T + wide(SAMPLE["last_bias"])


def linear() -> torch.nn.Linear:
    """Return the last layer as a module."""
    layer = torch.nn.Linear(FEATURES, CLASSES)
    layer.weight.data, layer.bias.data = (wide(SAMPLE[name]) for name in LAST_LAYER)
    return layer


def of_fitted_logits(detector: str, sample: Sample, **options: Any) -> np.ndarray:
    built = getattr(DETECTORS, detector)(None, **options)
    built.fit_logits(wide(sample["logits"]), torch.from_numpy(sample["target"].astype(np.int64)))
    return built.predict_logits(wide(SCENE["logits"])).numpy()


def of_maps(detector: str, **options: Any) -> np.ndarray:
    """Return the score of a detector that changes maps of features, (B, F, 1, 1), before a head."""
    built = getattr(DETECTORS, detector)(None, head, **options)
    if detector == "ReAct":
        built.fit_feature_maps(wide(SAMPLE["features"])[:, :, None, None], TARGET)
    return built.predict_feature_maps(wide(SCENE["features"])[:, :, None, None]).numpy()


def adjusted(method: str, sample: Sample) -> tuple[np.ndarray, np.ndarray]:
    """Return how far cleanlab's score is below the highest that there is, and its thresholds (K,)."""
    fitted = OutOfDistribution({"adjust_pred_probs": True, "method": method})
    probability = softmax(sample["logits"].astype(np.float64), axis=1)
    fitted.fit(pred_probs=probability, labels=sample["target"].astype(np.int64), verbose=False)
    highest = fitted.score(pred_probs=np.eye(CLASSES)).max()
    result = highest - fitted.score(pred_probs=softmax(SCENE["logits"].astype(np.float64), axis=1))
    return result, fitted.params["confident_thresholds"]


def least_confidence(sample: Sample) -> np.ndarray:
    below, threshold = adjusted("least_confidence", sample)
    return below * (1 + (threshold.max() - threshold).sum())  # cleanlab divides by it


def of_gradnorm() -> np.ndarray:
    """Return GradNorm of the last layer's weights, row by row: torch takes seconds to prepare for all at once."""
    built = DETECTORS.GradNorm(linear(), param_filter=lambda name: name == "weight")
    return built._predict_sequential(wide(SCENE["features"])).numpy()


def odds_of_odin(temperature: float) -> np.ndarray:
    """Return ODIN without noise as log-odds, 0 where all logits are equal, times the temperature."""
    found = (
        DETECTORS.ODIN(torch.nn.Identity(), eps=0.0, temperature=temperature).predict(wide(SCENE["logits"])).numpy()
    )
    return temperature * (-logit(-found) - np.log(CLASSES - 1))


def of_vra(low: float, high: float) -> np.ndarray:
    """Return VRA with the same bounds for each feature, as OpenOOD has them."""
    built = DETECTORS.VRA(None, head)
    bounds = np.percentile(SAMPLE["features"].astype(np.float64), [low, high])
    built._lower_threshold, built._upper_threshold = (torch.full((FEATURES, 1, 1), bound) for bound in bounds)
    return built.predict_feature_maps(wide(SCENE["features"])[:, :, None, None]).numpy()


def with_last_layer(detector: str, layer: Any, **options: Any) -> np.ndarray:
    """Return the score of a detector that is fitted on features and has the last layer."""
    built = getattr(DETECTORS, detector)(None, layer, **options).fit_features(wide(SAMPLE["features"]), TARGET)
    return built.predict_features(wide(SCENE["features"])).numpy()
