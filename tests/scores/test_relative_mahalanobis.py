from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.covariance import ledoit_wolf
from tests.scores.scored import Sample, made, training_sample

from openworld3d.errors import UserError

FEATURES = arrays(np.float32, st.tuples(st.integers(1, 10), st.just(6)), elements=st.floats(0, 8, width=32))

# Four classes of four voxels each, 1 around (+-3, 0) and (0, +-3): a class has variance 1/2 in either direction, the
# whole 1/2 + 9/2 = 5 about 0. Both covariances are multiples of the identity, which shrinking leaves as they are.
AROUND = np.array([[1, 0], [-1, 0], [0, 1], [0, -1]], np.float32)
FOUR: Sample = {
    "features": (3 * AROUND[:, None] + AROUND).reshape(16, 2),  # (4, 4, 2) -> (16, 2)
    "target": np.repeat(np.arange(4), 4).astype(np.uint8),
}
WITHOUT_CLASS_1 = {**FOUR, "target": FOUR["target"] + (FOUR["target"] > 0)}


@pytest.mark.parametrize(
    ("fitted", "row", "expected"),
    [
        (FOUR, [3, 0], 0 - 9 / 5),
        (FOUR, [0, 0], 18 - 0),  # 9 / (1/2)
        (FOUR, [3, 3], 18 - 18 / 5),
        (FOUR, [13, 0], 200 - 169 / 5),
        (FOUR, [-3, 1], 2 - 10 / 5),
        (WITHOUT_CLASS_1, [3, 3], 18 - 18 / 5),
    ],
)
def test_row_by_hand(fitted: Sample, row: list[float], expected: float) -> None:
    result = made("relative_mahalanobis", fitted)({"features": np.array([row], np.float32)})
    assert result == pytest.approx([expected], rel=1e-5, abs=1e-5)


@settings(deadline=None)
@given(FEATURES)
def test_is_what_is_left_of_mahalanobis(features: np.ndarray) -> None:
    sample = training_sample(3)
    training = sample["features"].astype(np.float64)
    mean = np.average(training, axis=0, weights=sample["weight"])
    root = np.sqrt(sample["weight"] / sample["weight"].mean())[:, None]
    covariance, _ = ledoit_wolf(root * (training - mean), assume_centered=True)
    off = features - mean
    of_whole = np.einsum("rf,fg,rg->r", off, np.linalg.inv(covariance), off)
    result = made("relative_mahalanobis", sample)({"features": features})
    expected = made("mahalanobis", sample)({"features": features}) - of_whole
    np.testing.assert_allclose(result, expected, rtol=1e-4, atol=1e-4)


def test_feature_that_never_varies_has_a_finite_distance() -> None:
    sample = training_sample(3)
    sample["features"] = sample["features"] * np.array([1, 1, 1, 1, 0, 0], np.float32)
    score = made("relative_mahalanobis", sample)
    assert np.abs(score({"features": np.array([[8, 0, 0, 0, 0, 0], [8, 0, 0, 0, 3, 0]], np.float32)})).max() < 1e6


@pytest.mark.parametrize("label", [0, 2])
def test_one_class_is_refused(label: int) -> None:
    alone = {**FOUR, "target": np.full(16, label, np.uint8)}
    with pytest.raises(
        UserError, match="score relative_mahalanobis: the training sample has one known class, expected two"
    ):
        made("relative_mahalanobis", alone)
