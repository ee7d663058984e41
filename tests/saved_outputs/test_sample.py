"""A training sample with the last layer that is right, and each mistake that can be made with them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.saved_outputs.conftest import BIAS, COLUMNS, WEIGHT, features_of, save

from openworld3d.errors import UserError
from openworld3d.saved_outputs.folder import open_saved
from openworld3d.saved_outputs.sample import read_sample


def read(root: Path) -> dict[str, np.ndarray]:
    return read_sample(open_saved(root), COLUMNS)


def test_sample_is_what_scores_are_fitted_on(root: Path) -> None:
    sample = read(root)
    assert np.array_equal(sample["features"], features_of(60, 9))
    assert sample["target"].tolist() == [0, 1, 2] * 20
    assert sample["target"].dtype == np.uint8
    assert sample["weight"].tolist() == [1] * 60
    assert np.array_equal(sample["last_weight"], WEIGHT)
    assert np.array_equal(sample["last_bias"], BIAS)


@pytest.mark.parametrize("shape", [(60,), (60, 1)])
def test_weight_and_range_are_a_number_per_point(root: Path, shape: tuple[int, ...]) -> None:
    save(root, {f"train_sample/{name}": np.arange(1, 61).reshape(shape) for name in ("weight", "range")})
    sample = read(root)
    assert sample["weight"].shape == (60,)
    assert sample["range"].shape == (60, 1)
    assert sample["range"].dtype == np.float32


def test_folder_may_have_a_part_of_it_or_none(root: Path) -> None:
    for name in ("label", "features"):
        (root / f"train_sample/{name}.npy").unlink()
    assert set(read(root)) == {"logits", "weight", "last_weight", "last_bias"}
    (root / "train_sample/logits.npy").unlink()
    assert set(read(root)) == {"last_weight", "last_bias"}
    (root / "classifier.npz").unlink()
    assert read(root) == {}


LABEL, FEATURES = np.arange(60) % 3, features_of(60, 9)
LOGITS = FEATURES @ WEIGHT.T + BIAS
MISTAKES: list[tuple[str, np.ndarray, str]] = [
    (
        "logits",
        LOGITS[:50],
        r"logits.npy: holds float64 \(50, 3\), expected floats \(60, 3\), which is \(training points, c",
    ),
    ("logits", LOGITS.T, r"which is \(columns, training points\); save its transpose"),
    ("logits", LOGITS[::-1], "train_sample: features @ weight.T"),
    ("features", FEATURES * np.nan, "features.npy: row 0, column 0 is nan, expected a finite number"),
    (
        "label",
        LABEL * 1.0,
        r"label.npy: holds float64 \(60,\), expected integers \(60,\), the column of each point's class",
    ),
    (
        "label",
        np.where(LABEL == 2, 255, LABEL),
        "has the label 255, expected 0 to 2, the columns of the logits; leave out",
    ),
    ("label", LABEL - 1, "has the label -1, expected 0 to 2"),
    (
        "label",
        (LABEL + 1) % 3,
        "their largest logit in another class's column: floor in that of lamp, wall in that of floo",
    ),
    ("label", 2 - LABEL, "floor in that of lamp, lamp in that of floor; let classes of meta.json have the order"),
    (
        "label",
        np.arange(60) // 20,
        "for 33% of the training points, no better than chance, 33%; let classes of meta.json",
    ),
    ("weight", np.zeros(60), "weight.npy: has 0.0, expected finite numbers above 0; leave out training points that"),
    ("weight", np.arange(60.0), "weight.npy: has 0.0, expected finite numbers above 0; leave out"),
    ("weight", np.full(60, 1e308), "weight.npy: has the sum inf, expected one that is finite; save how many"),
    ("label", LABEL[:0], "train_sample: has no training point; save some, or leave the folder out"),
    ("weight", -np.ones(60), "weight.npy: has -1.0, expected finite numbers above 0; leave out"),
    ("range", -np.ones(60), "range.npy: has -1.0, expected finite numbers that are not negative"),
    ("range", np.ones((60, 2)), r"range.npy: holds float64 \(60, 2\), expected a number for each of 60 points"),
]


@pytest.mark.parametrize(("name", "array", "sentence"), MISTAKES)
def test_mistake_is_told(root: Path, name: str, array: np.ndarray, sentence: str) -> None:
    save(root, {f"train_sample/{name}": array})
    with pytest.raises(UserError, match=sentence):
        read(root)


def test_network_that_confuses_classes_is_right(root: Path) -> None:
    """Walls and lamps are taken for floors, and no column is in another's place."""
    (root / "classifier.npz").unlink()
    save(root, {"train_sample/logits": LOGITS + np.array([90.0, 0, 0])})
    assert (read(root)["logits"].argmax(axis=1) == 0).all()


CLASSIFIERS: list[tuple[dict[str, np.ndarray], str]] = [
    ({"weight": WEIGHT}, r"lacks bias; save weight \(K, F\) and bias \(K,\), zeros without one"),
    ({}, "lacks weight and bias"),
    (
        {"weight": WEIGHT.T, "bias": BIAS},
        r"weight is \(4, 3\) and bias \(3,\), expected \(3, F\) and .*; save the transpose",
    ),
    (
        {"weight": WEIGHT[:2], "bias": BIAS[:2]},
        r"weight is \(2, 4\) and bias \(2,\), .*; leave out the rows of other colum",
    ),
    (
        {"weight": WEIGHT.astype(str), "bias": BIAS},
        "weight is of type <U32, expected real numbers; save it as float32",
    ),
    ({"weight": WEIGHT, "bias": BIAS * 1j}, "bias is of type complex128, expected real numbers; save it as float32"),
    ({"weight": WEIGHT, "bias": BIAS + np.inf}, "row 0, column 0 is inf, expected a finite number"),
    ({"weight": WEIGHT[:, :3], "bias": BIAS}, "features have 4 channels, but the weight of classifier.npz takes 3"),
]


@pytest.mark.parametrize(("arrays", "sentence"), CLASSIFIERS)
@pytest.mark.filterwarnings("ignore:invalid value")
def test_last_layer_that_is_wrong_is_told(root: Path, arrays: dict[str, Any], sentence: str) -> None:
    np.savez(root / "classifier.npz", **arrays)
    with pytest.raises(UserError, match=sentence):
        read(root)


def test_last_layer_that_is_no_archive_is_told(root: Path) -> None:
    (root / "classifier.npz").write_bytes(b"a checkpoint")
    with pytest.raises(UserError, match=r"classifier.npz: is not an archive of arrays; save it with numpy.savez"):
        read(root)
