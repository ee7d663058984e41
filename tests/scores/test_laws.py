"""What holds of every score; a new file of scores/ is tested here by being there."""

from __future__ import annotations

import inspect
import math
import pkgutil
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from tests.scores.scored import made, scored

from openworld3d import scores, scoring
from openworld3d.errors import UserError
from openworld3d.metrics.ranking import ranking
from openworld3d.plugins import load
from openworld3d.workflow.modules import literal

SCORES = [module.name for module in pkgutil.iter_modules(scores.__path__)]
OF_LOGITS = [name for name in SCORES if load("scores", name).READS == ("logits",)]
LOGITS = arrays(np.float16, st.tuples(st.integers(1, 20), st.integers(2, 6)), elements=st.floats(-8, 8, width=16))

of_every_score = pytest.mark.parametrize("name", SCORES)
of_logits = pytest.mark.parametrize("name", OF_LOGITS)

SURE = np.array([[9, 0, 0], [0, 7, 1], [-1, 0, 8]], np.float32)
UNSURE = np.array([[1, 0, 1], [0.5, 0.4, 0.3]], np.float32)
MEBIBYTE = 1 << 20


@of_every_score
def test_what_the_workflow_reads_is_what_the_function_takes(name: str) -> None:
    module = load("scores", name)
    assert module.__file__ is not None
    for constant in ("READS", "FITS", "OPTIONS"):
        assert literal(Path(module.__file__), constant) == getattr(module, constant)
    parameters = inspect.signature(module.score).parameters.values()
    taken = [parameter for parameter in parameters if parameter.kind is inspect.Parameter.KEYWORD_ONLY]
    assert [parameter.name for parameter in taken] == list(module.OPTIONS)
    assert all(parameter.default is inspect.Parameter.empty for parameter in taken)


@of_every_score
def test_docstring_has_the_sign_and_the_source(name: str) -> None:
    said = inspect.getdoc(load("scores", name).score)
    assert said is not None
    assert "higher is more unknown" in said
    assert "Source: " in said


@of_logits
@pytest.mark.parametrize(
    ("unknown", "known", "auroc"), [(UNSURE, SURE, 1), (SURE, UNSURE, 0), (SURE[[0, 0]], SURE[[0, 0, 0]], 0.5)]
)
def test_unsure_rows_are_above_sure_ones(name: str, unknown: np.ndarray, known: np.ndarray, auroc: float) -> None:
    assert ranking(np.sort(scored(name, unknown)), np.sort(scored(name, known)))["auroc"] == auroc


@of_logits
@settings(deadline=None)
@given(LOGITS)
def test_float16_is_scored_as_the_float32_of_the_same_value(name: str, logits: np.ndarray) -> None:
    before = logits.copy()
    result = scored(name, logits)
    assert result.dtype == np.float32
    assert result.shape == (len(logits),)
    np.testing.assert_array_equal(result, scored(name, logits.astype(np.float32)))
    np.testing.assert_array_equal(logits, before)


@of_logits
@settings(deadline=None)
@given(LOGITS)
def test_order_of_the_classes_is_no_matter(name: str, logits: np.ndarray) -> None:
    np.testing.assert_allclose(scored(name, logits[:, ::-1]), scored(name, logits), rtol=1e-5, atol=1e-6)


@of_logits
def test_minus_infinity_is_where_a_falling_logit_goes(name: str) -> None:
    logits = np.array([[3, 1, -math.inf], [-math.inf, 0, 0], [2, -math.inf, 9]], np.float32)
    with np.errstate(invalid="raise", divide="raise"):
        result = scored(name, logits)
    np.testing.assert_allclose(result, scored(name, np.maximum(logits, -2000)), rtol=1e-6, atol=1e-9)


@of_logits
def test_one_class_has_a_score_or_a_sentence(name: str) -> None:
    refused: list[str] = []
    try:
        result = scored(name, np.array([[2], [-3]], np.float32))
    except UserError as error:
        refused.append(str(error))
    if refused:
        assert refused == [f"score {name}: the outputs have one known class; it needs two or more"]
    else:
        assert result[0] < result[1]


@of_logits
def test_row_depends_on_no_other_row(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    logits = np.random.default_rng(0).normal(0, 5, (7, 4)).astype(np.float32)
    monkeypatch.setattr(scoring, "ROWS_AT_ONCE", 3)
    for rows in (logits, logits[:3], logits[:0]):
        result = scoring.score_rows(made(name, {}), {"logits": rows})
        assert result.dtype == np.float32
        np.testing.assert_allclose(result, scored(name, logits)[: len(rows)], rtol=1e-6, atol=1e-6)


@pytest.fixture(scope="module")
def million() -> np.ndarray:
    """Return 80 MB of logits."""
    return np.random.default_rng(0).normal(0, 5, (10**6, 20)).astype(np.float32)


@of_logits
def test_million_rows_take_bounded_memory(name: str, million: np.ndarray) -> None:
    tracemalloc.start()
    result = scoring.score_rows(made(name, {}), {"logits": million})
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert result.shape == (10**6,)
    assert peak < 64 * MEBIBYTE  # of which 4 are the result; one float64 copy of the logits has 153
