from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.covariance import ledoit_wolf
from tests.scores.scored import Sample, made, training_sample

FEATURES = arrays(np.float32, st.tuples(st.integers(1, 10), st.just(6)), elements=st.floats(0, 8, width=32))


def crosses(*centres: tuple[float, float], arm: float = 1) -> Sample:
    """Return classes of four voxels each, an arm's length around a centre: variance arm^2 / 2 in either direction."""
    around = arm * np.array([[1, 0], [-1, 0], [0, 1], [0, -1]])
    features = np.concatenate([np.array(centre) + around for centre in centres])
    return {"features": features.astype(np.float32), "target": np.repeat(np.arange(len(centres)), 4).astype(np.uint8)}


# The covariance of crosses is a multiple of the identity, which shrinking leaves as it is.
ONE, TWO = crosses((3, 4)), crosses((0, 0), (10, 0))
SPREAD = crosses((0, 0), (10, 0), arm=2)
WITHOUT_CLASS_1 = {**TWO, "target": 2 * TWO["target"]}


@pytest.mark.parametrize(
    ("fitted", "row", "expected"),
    [
        (ONE, [3, 4], 0),
        (ONE, [3, 5], 2),  # 1 / (1/2)
        (ONE, [0, 0], 50),
        (TWO, [0, 0], 0),
        (TWO, [10, 0], 0),
        (TWO, [4, 0], 32),
        (TWO, [5, 0], 50),  # as far from either
        (TWO, [7, 4], 50),  # 3 and 4 from the second
        (SPREAD, [4, 0], 8),  # 16 / 2
        (WITHOUT_CLASS_1, [7, 4], 50),
    ],
)
def test_row_by_hand(fitted: Sample, row: list[float], expected: float) -> None:
    result = made("mahalanobis", fitted)({"features": np.array([row], np.float32)})
    assert result == pytest.approx([expected], abs=1e-5)


@settings(deadline=None)
@given(FEATURES)
def test_is_the_quadratic_form_of_the_shrunk_covariance(features: np.ndarray) -> None:
    sample = training_sample(3)
    training = sample["features"].astype(np.float64)
    mean = np.stack([training[sample["target"] == label].mean(axis=0) for label in range(3)])
    root = np.sqrt(sample["weight"] / sample["weight"].mean())[:, None]
    covariance, shrinkage = ledoit_wolf(root * (training - mean[sample["target"]]), assume_centered=True)
    assert 0 < shrinkage < 1
    off = features[:, None] - mean  # (R, 3, F)
    expected = np.einsum("rcf,fg,rcg->rc", off, np.linalg.inv(covariance), off).min(axis=1)
    np.testing.assert_allclose(made("mahalanobis", sample)({"features": features}), expected, rtol=1e-5)


def test_feature_that_never_varies_has_a_finite_distance() -> None:
    sample = training_sample(3)
    sample["features"] = sample["features"] * np.array([1, 1, 1, 1, 0, 0], np.float32)
    score = made("mahalanobis", sample)
    dead, alive = score({"features": np.array([[8, 0, 0, 0, 0, 0], [8, 0, 0, 0, 3, 0]], np.float32)})
    assert dead < alive < 1e6


def test_features_without_any_spread_have_a_finite_distance() -> None:
    sample: Sample = {"features": np.ones((4, 2), np.float32), "target": np.zeros(4, np.uint8)}
    assert made("mahalanobis", sample)({"features": np.array([[5, 9]], np.float16)}).tolist() == [0]
