"""What holds of every score; a new file of scores/ is tested here by being there."""

from __future__ import annotations

import inspect
import math
import tracemalloc
from functools import lru_cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from tests.scores.scored import SCORES, Sample, features_of, made, training_sample

from openworld3d.errors import UserError
from openworld3d.metrics.ranking import ranking
from openworld3d.plugins import literal, load
from openworld3d.scoring import apply

OF_NETWORK = [name for name in SCORES if set(load("scores", name).READS) <= {"logits", "features", "range"}]
OF_LOGITS = [name for name in OF_NETWORK if "logits" in load("scores", name).READS]
LOGITS = arrays(np.float16, st.tuples(st.integers(1, 20), st.integers(2, 6)), elements=st.floats(-8, 8, width=16))

of_every_score = pytest.mark.parametrize("name", SCORES)
of_network = pytest.mark.parametrize("name", OF_NETWORK)
of_logits = pytest.mark.parametrize("name", OF_LOGITS)
of_logits_alone = pytest.mark.parametrize(
    "name", [name for name in OF_LOGITS if len(load("scores", name).READS) == 1]
)

SURE = np.array([[9, 0, 0, 0, 0, 0], [0, 7, 1, 0, 0, 0], [-1, 0, 8, 0, 0, 0]], np.float32)
UNSURE = np.array([[-1, -2, -1, -1, -1, -1], [-0.6, -0.5, -0.7, -0.6, -0.6, -0.5]], np.float32)  # of no class
BETWEEN = np.array([[1, 0, 1, 0, 0, 0], [0.5, 0.4, 0.3, 0, 0, 0]], np.float32)  # of two or three classes
IMPOSSIBLE = -1e6  # so low that it is no probability at ODIN's temperature either
MEBIBYTE = 1 << 20

cached_sample = lru_cache(maxsize=None)(training_sample)


def outputs_of(name: str, logits: np.ndarray) -> Sample:
    """Return what a score reads of a network with these logits, (R, C) each."""
    outputs = {
        "logits": logits,
        "features": features_of(np.maximum(logits, -8)),
        "range": np.full_like(logits[:, :1], 9),
    }
    return {output: outputs[output] for output in load("scores", name).READS}


def scored(name: str, logits: np.ndarray) -> np.ndarray:
    """Return the score (R,) of a network with these logits (R, K), fitted on a sample of so many classes."""
    return made(name, cached_sample(logits.shape[1]))(outputs_of(name, logits))


def auroc_of(name: str, unknown: np.ndarray, known: np.ndarray) -> float:
    """Return how well a score puts rows of logits (U, K) above others (R, K)."""
    marks = np.repeat([True, False], [len(unknown), len(known)])
    return ranking(np.concatenate([scored(name, unknown), scored(name, known)]), marks).auroc


@of_every_score
def test_what_the_workflow_reads_is_what_the_function_takes(name: str) -> None:
    module = load("scores", name)
    assert module.__file__ is not None
    for constant in ("READS", "FITS", "KEYS"):
        assert literal(Path(module.__file__), constant) == getattr(module, constant)
    assert hasattr(module, "fit") == bool(module.FITS)
    parameters = inspect.signature(module.fit if module.FITS else module.score).parameters.values()
    taken = [parameter for parameter in parameters if parameter.kind is inspect.Parameter.KEYWORD_ONLY]
    assert [parameter.name for parameter in taken] == list(module.KEYS)
    assert all(parameter.default is inspect.Parameter.empty for parameter in taken)
    for key in module.KEYS.values():
        assert key["type"] == ("integer" if isinstance(key["default"], int) else "number")
        assert key["description"]


@of_every_score
def test_docstring_has_the_sign_and_the_source(name: str) -> None:
    said = inspect.getdoc(load("scores", name).score)
    assert said is not None
    assert "higher is more unknown" in " ".join(said.split())
    assert "Source: " in said


@of_network
def test_what_it_fits_is_in_a_sample(name: str) -> None:
    sample = cached_sample(6)
    assert set(load("scores", name).FITS) <= set(sample)
    np.testing.assert_array_equal(sample["features"] @ sample["last_weight"].T, sample["logits"])
    before = {array: value.copy() for array, value in sample.items()}
    made(name, sample)(outputs_of(name, SURE))
    for array, value in before.items():
        np.testing.assert_array_equal(sample[array], value)


@of_network
@pytest.mark.parametrize(
    ("unknown", "known", "auroc"), [(UNSURE, SURE, 1), (SURE, UNSURE, 0), (SURE[[0, 0]], SURE[[0, 0, 0]], 0.5)]
)
def test_unsure_rows_are_above_sure_ones(name: str, unknown: np.ndarray, known: np.ndarray, auroc: float) -> None:
    assert auroc_of(name, unknown, known) == auroc


@of_logits_alone
@pytest.mark.parametrize(("unknown", "known", "auroc"), [(BETWEEN, SURE, 1), (SURE, BETWEEN, 0)])
def test_rows_between_classes_are_above_sure_ones(
    name: str, unknown: np.ndarray, known: np.ndarray, auroc: float
) -> None:
    assert auroc_of(name, unknown, known) == auroc


@of_network
@settings(deadline=None)
@given(LOGITS)
def test_float16_is_scored_as_the_float32_of_the_same_value(name: str, logits: np.ndarray) -> None:
    outputs = outputs_of(name, logits)
    before = {output: array.copy() for output, array in outputs.items()}
    score = made(name, cached_sample(logits.shape[1]))
    result = score(outputs)
    assert result.dtype == np.float32
    assert result.shape == (len(logits),)
    wide = {output: array.astype(np.float32) for output, array in outputs.items()}
    np.testing.assert_array_equal(result, score(wide))
    for output, array in outputs.items():
        assert array.dtype == np.float16
        np.testing.assert_array_equal(array, before[output])


@of_network
def test_float64_is_scored_in_float64(name: str) -> None:
    outputs = outputs_of(name, np.random.default_rng(0).normal(0, 3, (50, 5)))
    score = made(name, cached_sample(5))
    result = score(outputs)
    is_rounded = np.array_equal(result, result.astype(np.float32))
    assert (result.dtype, is_rounded) == ((np.float32, True) if name == "msp_probability" else (np.float64, False))
    narrow = score({output: array.astype(np.float32) for output, array in outputs.items()})
    assert narrow.dtype == np.float32
    np.testing.assert_allclose(result, narrow, rtol=1e-4, atol=1e-5)


@of_network
@settings(deadline=None)
@given(LOGITS)
def test_order_of_the_classes_is_no_matter(name: str, logits: np.ndarray) -> None:
    sample, outputs = dict(cached_sample(logits.shape[1])), outputs_of(name, logits)
    expected = made(name, sample)(outputs)
    sample["logits"], sample["target"] = sample["logits"][:, ::-1], logits.shape[1] - 1 - sample["target"]
    for array in ("last_weight", "last_bias", "group"):
        sample[array] = sample[array][::-1]
    if "logits" in outputs:
        outputs["logits"] = logits[:, ::-1]
    np.testing.assert_allclose(made(name, sample)(outputs), expected, rtol=1e-5, atol=1e-6)


@of_logits
def test_minus_infinity_is_where_a_falling_logit_goes(name: str) -> None:
    logits = np.array([[3, 1, -math.inf, 2], [-math.inf, 0, 0, 0], [2, -math.inf, 9, 0]], np.float32)
    sample = dict(cached_sample(4))
    sample["logits"] = sample["logits"].copy()
    sample["logits"][::7, 0] = -math.inf
    fallen = {**sample, "logits": np.maximum(sample["logits"], IMPOSSIBLE)}
    refused: list[str] = []
    try:
        with np.errstate(invalid="raise", divide="raise"):
            result = made(name, sample)(outputs_of(name, logits))
    except UserError as error:
        refused.append(str(error))
    if refused:
        assert refused[0].startswith(f"score {name}: a logit is -inf, that of an impossible class, expected finite")
        return
    expected = made(name, fallen)(outputs_of(name, np.maximum(logits, IMPOSSIBLE)))
    np.testing.assert_allclose(result, expected, rtol=1e-6, atol=1e-9)


@of_network
def test_one_class_has_a_score_or_a_sentence(name: str) -> None:
    refused: list[str] = []
    try:
        result = scored(name, np.array([[2], [-3]], np.float32))
    except UserError as error:
        refused.append(str(error))
    if refused:
        what = "outputs have" if "logits" in load("scores", name).READS else "training sample has"
        assert refused == [f"score {name}: the {what} one known class, expected two or more; take another score"]
    else:
        assert result[0] < result[1]


@of_network
def test_row_depends_on_no_other_row(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    logits = np.random.default_rng(0).normal(0, 5, (7, 4)).astype(np.float32)
    score = made(name, cached_sample(4))
    monkeypatch.setattr(apply, "ROWS_AT_ONCE", 3)
    for rows in (logits, logits[:3], logits[:0]):
        result = apply.score_rows(score, outputs_of(name, rows))
        assert result.dtype == np.float32
        np.testing.assert_allclose(result, scored(name, logits)[: len(rows)], rtol=1e-6, atol=1e-6)


@pytest.fixture(scope="module")
def many() -> np.ndarray:
    """Return the logits of a quarter of a million rows, 20 MiB."""
    return np.random.default_rng(0).normal(0, 5, (1 << 18, 20)).astype(np.float32)


@of_network
def test_many_rows_take_bounded_memory(name: str, many: np.ndarray, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apply, "ROWS_AT_ONCE", apply.ROWS_AT_ONCE // 4)
    rows = many if "features" not in load("scores", name).READS else many[: 1 << 17]
    score, outputs = made(name, training_sample(20, voxels=10)), outputs_of(name, rows)
    tracemalloc.start()
    result = apply.score_rows(score, outputs)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert result.shape == (len(rows),)
    # Of which 1 at most is the result; a float64 copy of the logits has 40, or of half as many rows' features 40.
    assert peak < 32 * MEBIBYTE


ESTIMATES = [name for name in SCORES if {"features", "logits"} & set(load("scores", name).FITS)]
# A bank, a percentile, a shrunk covariance and the largest distances are not as of voxels written out.
NEARLY = {"knn", "nnguide", "mahalanobis", "relative_mahalanobis", "openmax", "react", "vra"}


@pytest.mark.parametrize("name", ESTIMATES)
def test_every_training_voxel_counts_alike(name: str) -> None:
    """A voxel of the sample that stands for n counts as n: fits are those of the training voxels as they come."""
    assert "weight" in load("scores", name).FITS
    if name in NEARLY:
        return
    sample = dict(cached_sample(3))
    times = np.array([1, 6, 2])[sample["target"]] * np.resize([1, 1, 2], len(sample["target"]))
    sample["weight"] = times.astype(np.float64)
    voxels = [array for array, value in sample.items() if len(value) == len(times)]
    written_out = {**sample, **{array: np.repeat(sample[array], times, axis=0) for array in voxels}}
    written_out["weight"] = np.ones(times.sum())
    outputs = outputs_of(name, np.random.default_rng(0).normal(0, 3, (50, 3)).astype(np.float32))
    found, expected = (made(name, one)(outputs) for one in (sample, written_out))
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4)
