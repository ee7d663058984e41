"""Outputs of scenes that are right, and each mistake that can be made with them."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Callable

import numpy as np
import pytest
from scipy.special import log_softmax, softmax
from tests.saved_outputs.conftest import COLUMNS, features_of, save

from openworld3d.errors import UserError
from openworld3d.saved_outputs.checks import negative_share
from openworld3d.saved_outputs.folder import open_saved
from openworld3d.saved_outputs.sample import read_sample
from openworld3d.saved_outputs.scenes import Expected, SavedScene, read_scene, read_scenes

Change = Callable[[np.ndarray], np.ndarray]
COORD = np.random.default_rng(5).uniform(0, 9, (30, 3)).astype(np.float32)


def read(root: Path, coord: np.ndarray = COORD, is_point: np.ndarray | None = None) -> SavedScene:
    """Read the hall, held against its points and the sample."""
    saved = open_saved(root)
    return read_scene(saved, "hall", COLUMNS, Expected(coord, is_point), read_sample(saved, COLUMNS))


def change(root: Path, name: str, by: Change) -> None:
    """Change an array of the hall."""
    file = root / f"scenes/hall/{name}.npy"
    np.save(file, by(np.load(file)))


def test_scene_has_its_outputs_and_a_row_per_point(root: Path) -> None:
    scene = read(root)
    assert set(scene.outputs) == {"logits", "features"}
    assert scene.outputs["logits"].dtype == np.float64
    assert np.array_equal(scene.outputs["features"], features_of(30, 0))
    assert scene.inverse.tolist() == list(range(30))
    assert scene.inverse.dtype == np.int32


def test_scenes_come_in_the_order_of_names(root: Path) -> None:
    assert [scene.name for scene in read_scenes(open_saved(root), COLUMNS)] == ["08_000001", "hall"]


def test_inverse_names_the_row_of_each_point(root: Path) -> None:
    inverse = np.arange(45) % 30
    save(root, {"scenes/hall/inverse": inverse})
    assert read(root, np.tile(COORD, (2, 1))[:45]).inverse.tolist() == inverse.tolist()


def test_rows_that_no_point_has_are_left_out(root: Path) -> None:
    """As the voxels of padding rows are, which a row's first point is looked up for."""
    is_point = np.arange(40) < 25
    inverse = np.concatenate([np.arange(25) + 3, np.arange(15) * 2 + 1])
    save(root, {"scenes/hall/inverse": inverse})
    scene = read(root, np.tile(COORD, (2, 1))[:25], is_point)
    assert np.array_equal(scene.outputs["features"][scene.inverse], features_of(30, 0)[3:28])
    assert np.unique(scene.inverse).tolist() == list(range(len(scene.outputs["features"])))


@pytest.mark.parametrize("with_inverse", [True, False])
def test_rows_that_are_no_points_are_left_out(root: Path, with_inverse: bool) -> None:
    is_point = np.arange(30) % 4 > 0
    if with_inverse:
        save(root, {"scenes/hall/inverse": np.arange(30)[::-1]})
    scene = read(root, COORD[is_point], is_point)
    expected = features_of(30, 0)[::-1] if with_inverse else features_of(30, 0)
    assert np.array_equal(scene.outputs["features"][scene.inverse], expected[is_point])


def stu(array: np.ndarray) -> np.ndarray:
    return np.resize(array, (131_072, *array.shape[1:]))


def with_infinity(array: np.ndarray) -> np.ndarray:
    array[4, 1] = np.inf
    return array


MISTAKES: dict[str, tuple[str, Change, str]] = {
    "1, fewer rows": (
        "logits",
        lambda z: z[:-1],
        r"logits.npy: holds float64 \(29, 3\), expected floats \(30, 3\), whic",
    ),
    "1, one axis": ("logits", lambda z: z[:, 0], r"holds float64 \(30,\), expected floats \(30, 3\)"),
    "1, integers": (
        "features",
        lambda f: f.astype(int),
        r"features.npy: holds int64 \(30, 4\), expected floats \(30, C\), .*; save what .* in float32 or float64",
    ),
    "2": ("logits", lambda z: z.T, r"holds float64 \(3, 30\), which is \(columns, points\); save its transpose"),
    "2, features": ("features", lambda f: f.T, r"\(4, 30\), which is \(channels, points\); save its transpose"),
    "3": (
        "logits",
        lambda z: np.c_[z, z[:, 0]],
        r"\(30, 4\), one column more than the 3 classes; leave out the column o",
    ),
    "3, two more": (
        "logits",
        lambda z: np.c_[z, z[:, :2]],
        r"\(30, 5\), expected floats \(30, 3\), which is \(points, c",
    ),
    "4": (
        "logits",
        lambda z: softmax(z, 1),
        "its rows sum to one, as probabilities do after a softmax; save the logits",
    ),
    "4, float16": ("logits", lambda z: softmax(z, 1).astype("f2"), "its rows sum to one"),
    "4, summed": (
        "logits",
        lambda z: softmax(z, 1) * (1 + np.arange(30)[:, None] % 3),
        "sum to whole numbers up to 3",
    ),
    "4, sigmoids": ("logits", lambda z: 1 / (1 + np.exp(-z)), "lie from 0 to 1, as sigmoids and the confidences"),
    "4, logarithms": (
        "logits",
        lambda z: log_softmax(z, 1),
        "exponentials of its rows sum to one, as after a log-softm",
    ),
    "5, averaged": (
        "logits",
        lambda z: (z + z[::-1]) / 2,
        r"hall: features @ weight.T \+ bias .* is up to [\d.]+ from t",
    ),
    "5, another order": (
        "logits",
        lambda z: z[:, ::-1],
        "its rows in the order of the columns, or leave classifier.npz",
    ),
    "5, another layer": (
        "features",
        lambda f: f[:, :3],
        "features.npy: has 3 channels, but train_sample/features.npy has",
    ),
    "8": ("logits", with_infinity, "row 4, column 1 is inf, expected a finite number; the network has diverged"),
    "8, float16": (
        "logits",
        lambda z: (z * 1e5).astype("f2"),
        r"is -?inf, expected .*; float16 holds at most 65504.0: save",
    ),
    "9": (
        "features",
        lambda f: f + 40,
        r"the mean of a channel lies \d+ standard deviations from that of train_sample/f",
    ),
    "11": ("logits", stu, "a scan of STU has 131072 rows with those that are no points, but not this scene: prepare"),
}


@pytest.mark.parametrize("name", MISTAKES)
@pytest.mark.filterwarnings("ignore:overflow")
def test_mistake_is_told(root: Path, name: str) -> None:
    array, by, sentence = MISTAKES[name]
    change(root, array, by)
    with pytest.raises(UserError, match=sentence):
        read(root)


@pytest.mark.parametrize(
    ("inverse", "sentence"),
    [
        (np.arange(0), "inverse.npy: is empty, expected the row of each point; save it, or leave the file out"),
        (np.arange(30) * 1.0, r"inverse.npy: holds float64 \(30,\), expected integers \(N,\), the row of each point"),
        (
            np.arange(29),
            "inverse.npy: has 29 points, but the scene has 30; save the row of each point of the raw file",
        ),
        (np.arange(30) - 2, "inverse.npy: point 0 has the row -2, expected 0 or more; give every point a row"),
        (
            np.arange(30) % 20,
            r"\(30, 4\), expected floats \(20, C\), .*; inverse.npy names the rows 0 to 19: save it with",
        ),
    ],
)
def test_inverse_that_is_wrong_is_told(root: Path, inverse: np.ndarray, sentence: str) -> None:
    save(root, {"scenes/hall/inverse": inverse})
    with pytest.raises(UserError, match=sentence):
        read(root)


@pytest.mark.parametrize(
    ("score", "sentence"),
    [
        (np.zeros((30, 1)), r"score.npy: holds float64 \(30, 1\), expected floats \(30,\), .*, as by array\[:, 0\]"),
        (np.zeros(30, np.uint8), r"score.npy: holds uint8 \(30,\), expected floats .* in float32 or float64"),
        (np.full(30, np.nan), "scenes/hall/score.npy: the score of row 0 is nan, expected a finite number; save one"),
    ],
)
def test_score_that_is_wrong_is_told(root: Path, score: np.ndarray, sentence: str) -> None:
    save(root, {"scenes/hall/score": score})
    save(root, {"scenes/08/000001/score": score[:10]})
    with pytest.raises(UserError, match=sentence):
        read(root)


def test_rows_of_padding_are_of_the_scene(root: Path) -> None:
    """The reverse of the 11th check: neither the points of a scan with padding, nor all of its rows."""
    is_point = np.arange(40) % 2 > 0
    with pytest.raises(
        UserError, match=r"expected floats \(20, C\), .*, or \(40, C\) with the rows that are no points"
    ):
        read(root, COORD[:20], is_point)


def test_arrays_of_a_scene_have_the_same_rows(root: Path) -> None:
    is_point = np.arange(30) % 2 > 0
    change(root, "features", lambda features: features[is_point])
    with pytest.raises(
        UserError, match=r"scene hall has arrays of other numbers of rows: features.npy 15, logits.npy 30"
    ):
        read(root, COORD[is_point], is_point)


FAR = np.concatenate([np.random.default_rng(1).uniform(-5, 5, (300, 3)), [[90, y, 0] for y in range(30)]])


@pytest.mark.parametrize(
    ("logits", "coord", "told"),
    [
        (np.zeros(30), FAR, True),  # seen as one
        (np.arange(30), FAR, False),
        (np.zeros(30), FAR * [1, 0.01, 1], False),  # within a voxel
        (np.zeros(30), FAR[::-1], False),  # those near to the centre are alike
    ],
)
def test_farthest_points_with_one_row_are_told(
    tmp_path: Path, logits: np.ndarray, coord: np.ndarray, told: bool
) -> None:
    rows = np.random.default_rng(0).normal(0, 1, (330, 3))
    rows[300:] = logits[:, None] * [0.5, 0.25, 1]
    save(tmp_path, {"hall": rows})
    given: Any = (open_saved(tmp_path), "hall", COLUMNS, Expected(coord.astype(np.float32)))
    if not told:
        read_scene(*given)
        return
    with pytest.raises(UserError, match="20 of the 20 farthest points have the same logits though they"):
        read_scene(*given)


@pytest.mark.parametrize(
    "by",
    [
        lambda z: z * 1e300,
        lambda z: np.where(z < 0, -np.inf, z),  # classes that are impossible
        lambda z: np.abs(z),
        lambda z: np.rint(z),
        lambda z: z[:, [0, 0, 0]] * 0,
        lambda z: z.astype(">f4"),
    ],
)
def test_logits_of_any_size_are_right(root: Path, by: Change) -> None:
    (root / "classifier.npz").unlink()
    change(root, "logits", by)
    read(root)


def test_last_layer_holds_to_one_per_cent(root: Path) -> None:
    change(root, "logits", lambda z: z + 0.009 * np.abs(z).max())
    read(root)
    change(root, "logits", lambda z: z + 0.009 * np.abs(z).max())
    with pytest.raises(UserError, match="expected at most 1 % of the largest"):
        read(root)


@pytest.mark.parametrize("rows", [[3], [0, 0, 0, 0, 0, 3]])
def test_sample_without_deviations_has_none_of_1e37(root: Path, rows: list[int]) -> None:
    (root / "classifier.npz").unlink()
    sample = {"features": features_of(30, 0)[rows].repeat(60, axis=0)[:60], "logits": np.zeros((60, 3))}
    save(root, {f"train_sample/{name}": array[: len(rows)] for name, array in sample.items()})
    (root / "train_sample/label.npy").unlink()
    if len(rows) == 1:
        read(root)
        return
    with pytest.raises(UserError, match=r"lies \d{1,3} standard deviations"):
        read(root)


def test_share_of_negative_features_is_told() -> None:
    assert negative_share(np.array([[-1.0, 0], [2, 3]])) == 0.25
    assert negative_share(np.zeros((0, 2))) == 0
