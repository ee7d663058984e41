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
    write_known(folder, "lamp", "wall")
    return folder


def write(folder: Path, name: str, **changed: Any) -> None:
    arrays = {"logits": LOGITS[name], "inverse": INVERSE[name], **changed}
    logits, inverse = np.array(arrays["logits"], np.float32), np.array(arrays["inverse"], np.int32)
    np.savez(folder / f"{name}.npz", logits=logits, inverse=inverse)


def write_known(folder: Path, *known: str) -> None:
    manifest = {"known": known, "scenes": [{"name": name, "rows": 2, "points": 5} for name in LOGITS]}
    (folder / "manifest.json").write_text(json.dumps(manifest))


def test_scores_lie_on_the_original_points(
    tmp_path: Path, command: Callable[..., None], scenes: list[Path], outputs: Path
) -> None:
    out = tmp_path / "scored"
    command(
        "score",
        "--score",
        "max_logit",
        "--outputs",
        outputs / "manifest.json",
        "--scenes",
        *scenes,
        "--out",
        out / "manifest.json",
    )
    with np.load(out / "hall.npz") as hall:
        assert hall["score"].dtype == np.float32
        assert hall["score"].tolist() == [-3, -3, -2, -2, -3]
        assert hall["prediction"].dtype == np.uint8
        assert hall["prediction"].tolist() == [0, 0, 2, 2, 0]
    with np.load(out / "cellar.npz") as cellar:
        assert cellar["score"].tolist() == [0, -5, -5]
    manifest = json.loads((out / "manifest.json").read_text())
    assert manifest["score"] == "max_logit"
    assert [scene["name"] for scene in manifest["scenes"]] == ["hall", "cellar"]
    assert manifest["scenes"][0]["sha256"] == sha256_of(out / "hall.npz")


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"inverse": [0, 0, 1, 1]}, r"hall.npz: inverse has 4 points, the scene has 5"),
        ({"inverse": [0, 0, 1, 1, 2]}, r"hall.npz: inverse names a row outside the 2 rows"),
        ({"logits": [[0], [0]]}, r"hall.npz: logits have 1 columns for 2 known classes"),
        ({"logits": [[0, 1], [np.nan, 1]]}, r"hall.npz: logits\[1, 0\] is nan, expected a finite number"),
        ({"logits": [[0, np.inf], [0, 1]]}, r"hall.npz: logits\[0, 1\] is inf, expected a finite number"),
        # Their log-odds do not fit into float32.
        ({"logits": [[3e38, -3e38], [0, 1]]}, r"hall.npz: the score of row 0 is -inf"),
    ],
)
@pytest.mark.filterwarnings("ignore:overflow:RuntimeWarning")
def test_outputs_that_do_not_fit_are_refused(
    tmp_path: Path,
    command: Callable[..., None],
    scenes: list[Path],
    outputs: Path,
    changed: dict[str, Any],
    sentence: str,
) -> None:
    write(outputs, "hall", **changed)
    out = tmp_path / "scored"
    with pytest.raises(UserError, match=sentence):
        command(
            "score",
            "--score",
            "msp",
            "--outputs",
            outputs / "manifest.json",
            "--scenes",
            *scenes,
            "--out",
            out / "manifest.json",
        )
    assert not out.exists()


def test_known_class_of_another_dataset_is_refused(
    tmp_path: Path, command: Callable[..., None], scenes: list[Path], outputs: Path
) -> None:
    write_known(outputs, "lamp", "walls")
    with pytest.raises(UserError, match="'walls' is no class of the scenes, did you mean wall;"):
        command(
            "score",
            "--score",
            "msp",
            "--outputs",
            outputs / "manifest.json",
            "--scenes",
            *scenes,
            "--out",
            tmp_path / "out" / "manifest.json",
        )


def test_mistake_is_one_line_and_nothing_is_written(tmp_path: Path, scenes: list[Path], outputs: Path) -> None:
    out = tmp_path / "out"
    arguments = [
        str(part)
        for part in (
            "--score",
            "mps",
            "--outputs",
            outputs / "manifest.json",
            "--scenes",
            *scenes,
            "--out",
            out / "manifest.json",
        )
    ]
    done = subprocess.run([sys.executable, str(SCRIPT), *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("error: scores: there is no 'mps', did you mean msp; ")
    assert done.stderr.count("\n") == 1
    assert not out.exists()
