from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any, Callable

import numpy as np
import pytest

from openworld3d.errors import UserError
from openworld3d.files import sha256_of
from openworld3d.scores import msp

SCRIPT = Path(__file__).resolve().parents[2] / "workflow_scripts" / "score.py"
# Columns: lamp, wall.
LOGITS = {"hall": [[0, 3], [2, 1]], "cellar": [[5, 0], [0, 0]]}
INVERSE = {"hall": [0, 0, 1, 1, 0], "cellar": [1, 0, 0]}


@pytest.fixture
def outputs(tmp_path: Path) -> Path:
    folder = tmp_path / "outputs"
    folder.mkdir()
    for name in LOGITS:
        write(folder, name)
    write_columns(folder, "lamp", "wall")
    return folder


def write(folder: Path, name: str, **changed: Any) -> None:
    arrays = {"logits": LOGITS[name], "inverse": INVERSE[name], **changed}
    logits, inverse = np.array(arrays["logits"], np.float32), np.array(arrays["inverse"], np.int32)
    np.savez(
        folder / f"{name}.npz", logits=logits, inverse=inverse, visits=np.ones(len(changed.get("visits", logits)))
    )


def write_columns(folder: Path, *columns: str) -> None:
    manifest = {"columns": columns, "scenes": [{"name": name, "rows": 2, "points": 5} for name in LOGITS]}
    (folder / "manifest.json").write_text(json.dumps(manifest))


@pytest.fixture
def arguments(tmp_path: Path, scenes: list[Path], outputs: Path) -> Callable[..., list[object]]:
    """Return `arguments(kind, **options)`, which asks for that score of the outputs, into `scored`."""

    def asked(kind: str, neighbors: int = 1, **options: float) -> list[object]:
        config = json.dumps({"score": {"kind": kind, "neighbors": neighbors, **options}, "bits": 32, "objects": None})
        places = ["--out", tmp_path / "scored/manifest.json", "--statistics", tmp_path / "statistics.npz"]
        return ["--config", config, "--outputs", outputs / "manifest.json", "--sample", *places, "--scenes", *scenes]

    return asked


def test_each_row_has_a_score(
    tmp_path: Path, command: Callable[..., None], arguments: Callable[..., list[object]]
) -> None:
    out = tmp_path / "scored"
    command("score", *arguments("max_logit"))
    with np.load(out / "hall.npz") as hall:
        assert hall.files == ["score"]
        assert hall["score"].dtype == np.float32
        assert hall["score"].tolist() == [-3, -2]
    with np.load(out / "cellar.npz") as cellar:
        assert cellar["score"].tolist() == [-5, 0]
    manifest = json.loads((out / "manifest.json").read_text())
    assert manifest["score"] == {"kind": "max_logit", "neighbors": 1}
    assert [scene["name"] for scene in manifest["scenes"]] == ["hall", "cellar"]
    assert manifest["scenes"][0]["sha256"] == sha256_of(out / "hall.npz")


def test_score_has_its_options(
    tmp_path: Path, command: Callable[..., None], arguments: Callable[..., list[object]]
) -> None:
    command("score", *arguments("energy", temperature=2.0))
    with np.load(tmp_path / "scored/cellar.npz") as cellar:
        assert cellar["score"] == pytest.approx(-2 * np.log([1 + np.exp(2.5), 2]))


def test_score_is_the_mean_over_neighbouring_rows(
    tmp_path: Path, command: Callable[..., None], arguments: Callable[..., list[object]]
) -> None:
    """Rows of the hall: the first, at its first point, has -3, the second -2; the cellar's have 0 and -5."""
    command("score", *arguments("max_logit", neighbors=2))
    with np.load(tmp_path / "scored/hall.npz") as hall:
        assert hall["score"].tolist() == [-2.5] * 2
    with np.load(tmp_path / "scored/cellar.npz") as cellar:
        assert cellar["score"].tolist() == [-2.5] * 2


def test_score_is_fitted_on_the_training_sample(
    tmp_path: Path, command: Callable[..., None], arguments: Callable[..., list[object]]
) -> None:
    """Training says lamp with -1 and 1, mean 0 and spread 1, and wall with 3 and 7, mean 5 and spread 2."""
    logits = np.array([[-1, -9], [1, -9], [0, 3], [0, 7]], np.float32)
    np.savez(tmp_path / "sample.npz", logits=logits, weight=np.ones(4), target=np.zeros(4, np.uint8))
    asked = arguments("standardised_max_logit")
    asked.insert(asked.index("--sample") + 1, tmp_path / "sample.npz")
    command("score", *asked)
    with np.load(tmp_path / "scored/hall.npz") as hall:
        assert hall["score"] == pytest.approx([1, -2])


def with_groups(asked: list[object], groups: dict[str, list[str]]) -> list[object]:
    """Return arguments whose config has groups of classes too."""
    place = asked.index("--config") + 1
    asked[place] = json.dumps({**json.loads(str(asked[place])), "groups": groups})
    return asked


def test_score_has_the_groups_of_the_classes_that_the_network_knows(
    tmp_path: Path, command: Callable[..., None], arguments: Callable[..., list[object]]
) -> None:
    """The sofa is held out, so that furniture is the lamp alone and counts as much as the wall."""
    groups = {"furniture": ["sofa", "lamp"], "structure": ["wall"]}
    command("score", *with_groups(arguments("group_normalised_max_logit"), groups))
    with np.load(tmp_path / "scored/cellar.npz") as cellar:
        assert cellar["score"].tolist() == [-5, 0]
    assert json.loads((tmp_path / "scored/manifest.json").read_text())["threshold"] is None


def test_class_in_no_group_is_refused(command: Callable[..., None], arguments: Callable[..., list[object]]) -> None:
    with pytest.raises(
        UserError, match=r"manifest.json: its class 'wall' is in no group, did you mean walls; correct"
    ):
        command("score", *with_groups(arguments("group_msp"), {"some": ["lamp"], "others": ["walls"]}))


def test_score_has_the_range_of_the_first_point_of_each_row(
    tmp_path: Path, command: Callable[..., None], arguments: Callable[..., list[object]]
) -> None:
    """The hall's rows begin at (0, 0.25, 0.5) and (1.5, 1.75, 2): 0.56 and 3.05 metres; the bins meet at 1 metre."""
    sample: dict[str, Any] = {
        "logits": np.array([[5, 0], [7, 0], [1, 0], [3, 0]], np.float32),
        "range": np.array([[0.5], [1], [2], [9]], np.float32),
        "weight": np.ones(4),
    }
    np.savez(tmp_path / "sample.npz", **sample)
    asked = arguments("range_standardised_max_logit", bins=2)
    asked.insert(asked.index("--sample") + 1, tmp_path / "sample.npz")
    command("score", *asked)
    with np.load(tmp_path / "scored/hall.npz") as hall:
        assert hall["score"] == pytest.approx([3, 0])  # largest logits 3 and 2, means 6 and 2
    assert json.loads((tmp_path / "scored/manifest.json").read_text())["threshold"] == 1


def test_sample_without_a_last_layer_is_refused(
    tmp_path: Path, command: Callable[..., None], arguments: Callable[..., list[object]]
) -> None:
    np.savez(tmp_path / "sample.npz", features=np.ones((4, 2)), weight=np.ones(4))
    asked = arguments("dice", percentile=90.0)
    asked.insert(asked.index("--sample") + 1, tmp_path / "sample.npz")
    sentence = (
        "score dice: it is fitted on last_weight, last_bias, but the training sample has features, weight; take"
    )
    with pytest.raises(UserError, match=sentence):
        command("score", *asked)


def test_outputs_without_logits_are_scored(
    tmp_path: Path, command: Callable[..., None], arguments: Callable[..., list[object]], outputs: Path
) -> None:
    for name, inverse in INVERSE.items():
        saved = np.array([[0.5], [2]], np.float32)
        np.savez(outputs / f"{name}.npz", saved_score=saved, inverse=np.array(inverse), visits=np.ones(2))
    command("score", *arguments("saved_score"))
    with np.load(tmp_path / "scored/hall.npz") as hall:
        assert hall["score"].tolist() == [0.5, 2]


def test_class_that_cannot_be_has_minus_infinity(
    tmp_path: Path, command: Callable[..., None], arguments: Callable[..., list[object]], outputs: Path
) -> None:
    write(outputs, "hall", logits=[[-np.inf, 3], [2, 2]])
    command("score", *arguments("margin"))
    with np.load(tmp_path / "scored/hall.npz") as hall:
        assert hall["score"].tolist() == [-1, 0]


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"inverse": [0, 0, 1, 1]}, r"hall.npz: inverse has 4 points, the scene has 5"),
        ({"inverse": [0, 0, 1, 1, 2]}, r"hall.npz: inverse names a row outside the 2 rows"),
        ({"visits": [1, 1, 1]}, r"hall.npz: logits has 2 rows, expected those of visits, 3; infer this run again"),
        ({"logits": [[0], [0]]}, r"hall.npz: logits have 1 columns for 2 classes"),
        ({"logits": [[0, 1], [np.nan, 1]]}, r"hall.npz: logits\[1, 0\] is nan, expected a finite number"),
        (
            {"logits": [[0, np.inf], [0, 1]]},
            r"hall.npz: logits\[0, 1\] is inf, expected a finite number, or -inf for",
        ),
        ({"logits": [[0, 1], [-np.inf, -np.inf]]}, r"hall.npz: logits\[1\] are all -inf, expected a finite one;"),
        # The winner's odds are infinite.
        (
            {"logits": [[0, 1], [-np.inf, 1]]},
            r"hall.npz: the score of row 1 is -inf, expected a .*; its logits have -inf, which",
        ),
        # Their log-odds do not fit into float32.
        ({"logits": [[3e38, -3e38], [0, 1]]}, r"hall.npz: the score of row 0 is -inf"),
    ],
)
@pytest.mark.filterwarnings("ignore:overflow:RuntimeWarning")
def test_outputs_that_do_not_fit_are_refused(
    tmp_path: Path,
    command: Callable[..., None],
    arguments: Callable[..., list[object]],
    outputs: Path,
    changed: dict[str, Any],
    sentence: str,
) -> None:
    write(outputs, "hall", **changed)
    with pytest.raises(UserError, match=sentence):
        command("score", *arguments("msp"))
    assert not (tmp_path / "scored").exists()


def test_output_that_the_run_does_not_have_is_refused(
    monkeypatch: pytest.MonkeyPatch, command: Callable[..., None], arguments: Callable[..., list[object]]
) -> None:
    monkeypatch.setattr(msp, "READS", ("logits", "feature"))
    sentence = "hall.npz: the score reads feature, but the outputs of this run have: logits; take another score"
    with pytest.raises(UserError, match=sentence):
        command("score", *arguments("msp"))


def test_known_class_of_another_dataset_is_refused(
    command: Callable[..., None], arguments: Callable[..., list[object]], outputs: Path
) -> None:
    write_columns(outputs, "lamp", "walls")
    with pytest.raises(UserError, match="'walls' is no class of the scenes, did you mean wall;"):
        command("score", *arguments("msp"))


def test_mistake_is_one_line_and_nothing_is_written(tmp_path: Path, arguments: Callable[..., list[object]]) -> None:
    called = [sys.executable, str(SCRIPT), *map(str, arguments("mps"))]
    done = subprocess.run(called, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("error: scores: there is no 'mps', did you mean msp; ")
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "scored").exists()
    assert not (tmp_path / "statistics.npz").exists()
