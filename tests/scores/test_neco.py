from __future__ import annotations

import math

import numpy as np
import pytest
from sklearn.decomposition import PCA
from sklearn.preprocessing import StandardScaler
from tests.scores.scored import Sample, made, training_sample

from openworld3d.errors import UserError


def sample(features: list[list[float]], classes: int) -> Sample:
    return {
        "features": np.array(features, np.float32),
        "logits": np.zeros((len(features), classes), np.float32),
    }


# Mean (10, 20) and deviations (1, 2): standardised, the first direction is (1, 1), since both vary together.
ALIKE = sample([[9, 18], [11, 22]], 1)
CONSTANT = sample([[9, 5], [11, 5]], 1)


@pytest.mark.parametrize(
    ("fitted", "dimension", "features", "logits", "expected"),
    [
        (ALIKE, 1, [12, 24], [3], -3),
        (ALIKE, 1, [12, 16], [3], 0),
        (ALIKE, 1, [11, 20], [3], -3 / math.sqrt(2)),
        (ALIKE, 0, [11, 20], [3], -3 / math.sqrt(2)),  # as many as classes
        (ALIKE, 2, [11, 20], [3], -3),
        (ALIKE, 1, [12, 24], [-3], 3),
        (ALIKE, 1, [10, 20], [3], 0),  # the mean itself
        (CONSTANT, 1, [11, 5], [3], -3),
        (CONSTANT, 1, [11, 6], [3], -3 / math.sqrt(2)),
    ],
)
def test_row_by_hand(
    fitted: Sample, dimension: int, features: list[float], logits: list[float], expected: float
) -> None:
    outputs = {"features": np.array([features], np.float32), "logits": np.array([logits], np.float32)}
    assert made("neco", fitted, dimension=dimension)(outputs) == pytest.approx([expected], abs=1e-6)


def test_is_what_the_released_code_does_with_scikit_learn() -> None:
    fitted, scene = training_sample(5), training_sample(5, voxels=20)
    fitted["weight"] = np.ones(len(fitted["target"]))  # PCA takes none
    scaler = StandardScaler().fit(fitted["features"].astype(np.float64))
    axes = PCA(10).fit(scaler.transform(fitted["features"].astype(np.float64)))
    complete = scaler.transform(scene["features"].astype(np.float64))
    share = np.linalg.norm(axes.transform(complete)[:, :5], axis=1) / np.linalg.norm(complete, axis=1)
    result = made("neco", fitted)({"features": scene["features"], "logits": scene["logits"]})
    np.testing.assert_allclose(result, -share * scene["logits"].max(axis=1), rtol=1e-5)


def test_more_directions_than_features_are_refused() -> None:
    with pytest.raises(
        UserError, match="score neco: dimension is 3, expected at most the network's 2 features; corr"
    ):
        made("neco", ALIKE, dimension=3)
