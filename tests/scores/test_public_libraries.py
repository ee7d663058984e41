"""Scores against pytorch-ood and cleanlab, in the versions of requirements.txt; the older stacks have neither."""

from __future__ import annotations

from typing import Callable, Iterator

import numpy as np
import pytest
import torch
from scipy.special import log_softmax, logit
from scipy.stats import spearmanr
from sklearn.covariance import EmpiricalCovariance
from tests.scores.libraries import (
    BOTH,
    CLASSES,
    DETECTORS,
    FEATURES,
    LAST_LAYER,
    RIGHT,
    SAMPLE,
    SCENE,
    TARGET,
    adjusted,
    head,
    least_confidence,
    linear,
    odds_of_odin,
    of_features,
    of_fitted_logits,
    of_gradnorm,
    of_logits,
    of_maps,
    of_vra,
    wide,
    with_last_layer,
)
from tests.scores.scored import SCORES, made

from openworld3d.scores import temperature_scaling
from openworld3d.scores.parts import gaussians

WITHOUT_CLASS_4 = {name: SAMPLE[name][:1600] for name in ("logits", "target")}


@pytest.fixture(autouse=True)
def _float64() -> Iterator[None]:
    """Let the detectors that make arrays of torch's default type make them of float64."""
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


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
    ("ash", {"binary": 1}, lambda: of_maps("ASH", variant="ash-b", percentile=0.9)),
    ("ash", {"binary": 1, "percentile": 65.0}, lambda: of_maps("ASH", variant="ash-b", percentile=0.65)),
    ("ash_p", {}, lambda: of_maps("ASH", variant="ash-p", percentile=0.9)),
    ("ash_p", {"percentile": 65.0}, lambda: of_maps("ASH", variant="ash-p", percentile=0.65)),
    ("scale", {}, lambda: of_maps("SCALE", percentile=0.85)),
    ("scale", {"percentile": 65.0}, lambda: of_maps("SCALE")),
    ("kl_matching", {}, lambda: of_fitted_logits("KLMatching", SAMPLE)),
    ("vra", {}, lambda: of_vra(10, 90)),
    ("vra", {"low": 1.0, "high": 99.0}, lambda: of_vra(1, 99)),
    ("gmm", {}, lambda: of_features("GMM")),
    ("gmm", {"regularisation": 0.1}, lambda: of_features("GMM", reg=0.1)),
    (
        "gradnorm",
        {},
        of_gradnorm,
    ),
    ("odin", {}, lambda: odds_of_odin(1000.0)),
    ("odin", {"temperature": 2.0}, lambda: odds_of_odin(2.0)),
    ("adjusted_msp", {}, lambda: least_confidence(SAMPLE)),  # cleanlab: high where known
    ("adjusted_entropy", {}, lambda: adjusted("entropy", SAMPLE)[0]),
]


@pytest.mark.parametrize(("name", "options", "expected"), AGREE)
def test_score_is_the_library_s(name: str, options: dict[str, float], expected: Callable[[], np.ndarray]) -> None:
    result = made(name, SAMPLE, **options)(SCENE)
    assert len(result) == 500
    assert np.ptp(result) > 0.1
    np.testing.assert_allclose(result, expected(), rtol=1e-6, atol=1e-6)


# The library, or its mean of the features, is in float32.
ROUNDED: list[tuple[str, dict[str, float], Callable[[], np.ndarray]]] = [
    ("dice", {}, lambda: of_features("DICE", **tensors(), p=0.9)),
    ("dice", {"percentile": 70.0}, lambda: of_features("DICE", **tensors(), p=0.7)),
    ("fdbd", {}, lambda: with_last_layer("fDBD", linear())),
    ("nci", {}, lambda: with_last_layer("NCI", linear(), alpha=0.0001)),
    ("nci", {"alpha": 0.0}, lambda: with_last_layer("NCI", linear())),
    ("nnguide", {}, lambda: with_last_layer("NNGuide", head)),
    ("nnguide", {"k": 100}, lambda: with_last_layer("NNGuide", head, k=100)),
]


def tensors() -> dict[str, torch.Tensor]:
    """Return the last layer as float32 arrays."""
    return {name: torch.from_numpy(SAMPLE[array]) for name, array in zip("wb", LAST_LAYER)}


@pytest.mark.parametrize(("name", "options", "expected"), ROUNDED)
def test_score_is_the_library_s_but_for_rounding(
    name: str, options: dict[str, float], expected: Callable[[], np.ndarray]
) -> None:
    torch.set_default_dtype(torch.float32)
    result = made(name, SAMPLE, **options)(SCENE)
    assert np.ptp(result) > 0.1
    np.testing.assert_allclose(result, expected(), rtol=1e-5, atol=1e-5)


def test_she_is_the_library_s_where_each_class_has_a_voxel_that_is_predicted_right() -> None:
    unbiased = {name: {**arrays, "logits": arrays["features"] @ SAMPLE["last_weight"].T} for name, arrays in BOTH}
    result = made("she", unbiased["sample"])(unbiased["scene"])
    expected = with_last_layer("SHE", lambda features: features @ wide(SAMPLE["last_weight"]).T)
    assert np.ptp(result) > 0.1
    np.testing.assert_allclose(result, expected, rtol=1e-6)


def test_temperature_is_better_than_the_library_s_and_the_score_at_it_the_same() -> None:
    """The library takes 50 small steps, here from 1 to 1.19, where the best is 2.19."""
    best = temperature_scaling.fit(SAMPLE)["temperature"]
    built = DETECTORS.TemperatureScaling(None).fit_logits(wide(SAMPLE["logits"]), TARGET)
    assert loss(best) < loss(built.t.item()) < loss(1.0)
    assert loss(best) < min(loss(0.999 * best), loss(1.001 * best))
    built.t.data = torch.tensor(best)
    expected = logit(1 + built.predict_logits(wide(SCENE["logits"])).detach().numpy())
    np.testing.assert_allclose(made("temperature_scaling", SAMPLE)(SCENE), expected, rtol=1e-5)


def loss(temperature: float) -> float:
    logits = SAMPLE["logits"].astype(np.float64) / temperature
    return -float(log_softmax(logits, axis=1)[np.arange(len(logits)), SAMPLE["target"]].mean())


@pytest.mark.parametrize(("tail", "alpha"), [(20, 3), (100, 5)])
def test_openmax_is_the_library_s(tail: int, alpha: int) -> None:
    """The library fits all that it is given, so that is what is predicted right."""
    expected = logit(of_fitted_logits("OpenMax", RIGHT, tailsize=tail, alpha=alpha))
    result = made("openmax", SAMPLE, tail=tail, alpha=alpha)(SCENE)
    assert np.ptp(result) > 0.1
    np.testing.assert_allclose(result, expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(("dimension", "of_library"), [(0, FEATURES // 2), (3, 3)])
def test_vim_is_the_library_s(dimension: int, of_library: int) -> None:
    """The library works in float32."""
    expected = of_features("ViM", d=of_library, **tensors())
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
    tables = ({name for name, *_ in table} for table in (AGREE, ROUNDED, GAUSSIAN))
    compared = {"openmax", "she", "temperature_scaling", "vim"}.union(*tables)
    of_library = {name.lower() for name in dir(DETECTORS)}
    by_name = {name for name in SCORES if name.replace("_", "") in of_library}
    assert len(by_name) >= 18
    assert by_name <= compared <= set(SCORES)
