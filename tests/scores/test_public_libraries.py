"""Scores against pytorch-ood and cleanlab, in the versions of requirements.txt; the older stacks have neither."""

from __future__ import annotations

import importlib
from types import ModuleType
from typing import Any, Callable, Iterator

import numpy as np
import pytest
import torch
from cleanlab.outlier import OutOfDistribution
from scipy.special import logit, softmax
from scipy.stats import spearmanr
from sklearn.covariance import EmpiricalCovariance
from tests.scores.scored import SCORES, Sample, made

from openworld3d.scores.parts import gaussians

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
        "last_weight": last_weight,
        "last_bias": last_bias,
    }


SAMPLE, SCENE = voxels(seed=1, of_each_class=400, of_none=0), voxels(seed=2, of_each_class=50, of_none=250)
WITHOUT_CLASS_4 = {name: SAMPLE[name][:1600] for name in ("logits", "target")}
TARGET = torch.from_numpy(SAMPLE["target"].astype(np.int64))


@pytest.fixture(autouse=True)
def _float64() -> Iterator[None]:
    """Let the detectors that make arrays of torch's default type make them of float64."""
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


def wide(array: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(array.astype(np.float64))


def of_logits(detector: str, **options: Any) -> np.ndarray:
    return getattr(DETECTORS, detector)(None, **options).predict_logits(wide(SCENE["logits"])).numpy()


def of_features(detector: str, **options: Any) -> np.ndarray:
    fitted = getattr(DETECTORS, detector)(None, **options).fit_features(wide(SAMPLE["features"]), TARGET)
    return fitted.predict_features(wide(SCENE["features"])).numpy()


def of_maps(detector: str, **options: Any) -> np.ndarray:
    """Return the score of a detector that changes maps of features, (B, F, 1, 1), before a head."""

    def head(maps: torch.Tensor) -> torch.Tensor:
        return maps.flatten(1) @ wide(SAMPLE["last_weight"]).T + wide(SAMPLE["last_bias"])

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


# What the library says, brought to the score of this project where a comment says in what it differs.
AGREE: list[tuple[str, dict[str, float], Callable[[], np.ndarray]]] = [
    ("max_logit", {}, lambda: of_logits("MaxLogit")),
    ("energy", {}, lambda: of_logits("EnergyBased")),
    ("energy", {"temperature": 2.0}, lambda: of_logits("EnergyBased", t=2.0)),
    ("msp", {}, lambda: logit(1 + of_logits("MaxSoftmax"))),  # the library: -max p; here log-odds
    ("msp_probability", {}, lambda: 1 + of_logits("MaxSoftmax")),
    ("entropy", {}, lambda: of_logits("Entropy") / np.log(CLASSES)),  # the library: not normalised
    ("gen", {}, lambda: of_logits("GEN") * CLASSES),  # the library: the mean, not the sum
    ("gen", {"gamma": 0.5, "top": 3}, lambda: of_logits("GEN", gamma=0.5, M=3) * 3),
    ("knn", {}, lambda: of_features("KNN", k=50)),
    ("knn", {"k": 1}, lambda: of_features("KNN", k=1)),
    ("react", {}, lambda: of_maps("ReAct", percentile=0.9)),
    ("react", {"percentile": 60.0}, lambda: of_maps("ReAct", percentile=0.6)),
    ("ash", {}, lambda: of_maps("ASH", variant="ash-s", percentile=0.9)),
    ("ash", {"percentile": 65.0}, lambda: of_maps("ASH", variant="ash-s", percentile=0.65)),
    ("adjusted_msp", {}, lambda: least_confidence(SAMPLE)),  # cleanlab: high where known
    ("adjusted_entropy", {}, lambda: adjusted("entropy", SAMPLE)[0]),
]


@pytest.mark.parametrize(("name", "options", "expected"), AGREE)
def test_score_is_the_library_s(name: str, options: dict[str, float], expected: Callable[[], np.ndarray]) -> None:
    result = made(name, SAMPLE, **options)(SCENE)
    assert len(result) == 500
    assert np.ptp(result) > 0.1
    np.testing.assert_allclose(result, expected(), rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize(("dimension", "of_library"), [(0, FEATURES // 2), (3, 3)])
def test_vim_is_the_library_s(dimension: int, of_library: int) -> None:
    """The library works in float32."""
    last_layer = {"w": torch.from_numpy(SAMPLE["last_weight"]), "b": torch.from_numpy(SAMPLE["last_bias"])}
    expected = of_features("ViM", d=of_library, **last_layer)
    result = made("vim", SAMPLE, dimension=dimension)(SCENE)
    assert np.ptp(result) > 5
    np.testing.assert_allclose(result, expected, atol=1e-4)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("adjusted_msp", lambda: least_confidence(WITHOUT_CLASS_4)),
        ("adjusted_entropy", lambda: adjusted("entropy", WITHOUT_CLASS_4)[0]),
    ],
)
def test_class_that_the_sample_lacks_is_cleanlab_s(name: str, expected: Callable[[], np.ndarray]) -> None:
    np.testing.assert_allclose(made(name, WITHOUT_CLASS_4)(SCENE), expected(), rtol=1e-5, atol=1e-6)


# The library sums the outer products where a covariance is their mean, and of Mahalanobis it takes the half.
GAUSSIAN = [("mahalanobis", "Mahalanobis", 2 * 2000), ("relative_mahalanobis", "RMD", 2000)]


@pytest.mark.parametrize(("name", "detector", "factor"), GAUSSIAN)
def test_without_shrinking_a_gaussian_is_the_library_s(
    name: str, detector: str, factor: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gaussians, "LedoitWolf", EmpiricalCovariance)
    np.testing.assert_allclose(made(name, SAMPLE)(SCENE), of_features(detector) * factor, rtol=1e-5, atol=1e-4)


@pytest.mark.parametrize(("name", "detector", "factor"), GAUSSIAN)
def test_shrinking_hardly_changes_the_order(name: str, detector: str, factor: float) -> None:
    assert spearmanr(made(name, SAMPLE)(SCENE), of_features(detector)).statistic > 0.99


def test_every_score_that_a_library_has_by_the_same_name_is_compared() -> None:
    compared = {name for name, _, _ in AGREE} | {name for name, _, _ in GAUSSIAN} | {"vim"}
    of_library = {name.lower() for name in dir(DETECTORS)}
    by_name = {name for name in SCORES if name.replace("_", "") in of_library}
    assert len(by_name) >= 7
    assert by_name <= compared <= set(SCORES)
