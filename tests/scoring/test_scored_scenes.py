from __future__ import annotations

import json
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
from tests.commands.conftest import CLASSES, write_manifest, write_outputs, write_scores

from openworld3d.errors import UserError
from openworld3d.scenes.manifests import Scenes, read_scenes
from openworld3d.scenes.scene import VOID
from openworld3d.scoring.scenes import log_odds_of
from openworld3d.scoring.scored_scenes import ScoredScene, scored_scenes

ROOMS = {"hall": 3, "attic": 2, "cellar": 2}


@pytest.fixture
def scenes(tmp_path: Path) -> Scenes:
    (tmp_path / "val").mkdir()
    listed = [{"name": name, "points": points} for name, points in ROOMS.items()]
    return read_scenes([write_manifest(tmp_path / "val", {"classes": CLASSES, "scenes": listed})])


def logits(*rooms: str) -> dict[str, np.ndarray]:
    """Return logits of the columns wall and lamp, of which the first point's alone are those of a lamp."""
    return {name: np.array([[0, 1], *[[1, 0]] * (ROOMS[name] - 1)], np.float32) for name in rooms}


def score(*rooms: str) -> dict[str, np.ndarray]:
    return {name: np.arange(ROOMS[name], dtype=np.float32) for name in rooms}


def scored_hall(folder: Path, scenes: Scenes, **outputs: np.ndarray) -> ScoredScene:
    """Return the hall with outputs of two rows, whose scores are 5 and 7; they speak for its points as 1, 0, 1."""
    manifests = [write_outputs(folder / "outputs", logits("hall")), write_scores(folder / "scores", score("hall"))]
    written = {"inverse": np.array([1, 0, 1]), "visits": np.ones(2), **outputs}
    np.savez(manifests[0].with_name("hall.npz"), **cast(Any, written))
    np.savez(manifests[1].with_name("hall.npz"), score=np.array([5, 7], np.float32))
    (hall,) = scored_scenes(manifests[1:], manifests[:1], scenes)
    return hall


def test_points_have_the_scores_and_predictions_of_their_rows(tmp_path: Path, scenes: Scenes) -> None:
    hall = scored_hall(tmp_path, scenes, logits=np.array([[0, 1], [1, 0]], np.float16))
    assert hall.score().tolist() == [7, 5, 7]
    assert hall.prediction().tolist() == [0, 2, 0]
    assert (hall.score().dtype, hall.prediction().dtype) == (np.float32, np.uint8)


def test_columns_of_no_class_are_never_predicted(tmp_path: Path, scenes: Scenes) -> None:
    hall = scored_hall(tmp_path, scenes, logits=np.array([[0, 1, 9, 0], [1, 0, 9, 9]], np.float32))
    manifest = hall.outputs.with_name("manifest.json")
    written = {**json.loads(manifest.read_text()), "columns": ["wall", "lamp", None, None]}
    manifest.write_text(json.dumps(written))
    (hall,) = scored_scenes([hall.scores.with_name("manifest.json")], [manifest], scenes)
    assert hall.columns.tolist() == [0, 2, VOID, VOID]
    assert hall.prediction().tolist() == [0, 2, 0]
    assert log_odds_of(hall) == pytest.approx([1, 1, 1])  # of the two classes alone


def test_prediction_of_outputs_without_logits_is_void(tmp_path: Path, scenes: Scenes) -> None:
    hall = scored_hall(tmp_path, scenes, saved_score=np.zeros((2, 1), np.float32))
    assert hall.prediction().tolist() == [VOID] * 3
    assert hall.prediction().dtype == np.uint8


def test_scores_of_other_rows_are_refused(tmp_path: Path, scenes: Scenes) -> None:
    hall = scored_hall(tmp_path, scenes, visits=np.ones(3))
    with pytest.raises(UserError, match=r"scores/hall.npz: it has 2 rows, .*outputs/hall.npz has 3; score it again"):
        hall.score()


def test_outputs_of_another_scene_are_refused(tmp_path: Path, scenes: Scenes) -> None:
    hall = scored_hall(tmp_path, scenes, inverse=np.array([1, 0]))
    for asked in (hall.score, hall.prediction):
        with pytest.raises(UserError, match="inverse has 2 points, the scene has 3; infer this run again"):
            asked()


def test_order_is_that_of_the_scenes_whatever_the_shards(tmp_path: Path, scenes: Scenes) -> None:
    outputs = [
        write_outputs(tmp_path / f"outputs{n}", logits(*rooms))
        for n, rooms in enumerate([["cellar"], [], ["attic", "hall"]])
    ]
    scores = [
        write_scores(tmp_path / f"scores{n}", score(*rooms))
        for n, rooms in enumerate([["hall", "cellar"], ["attic"], []])
    ]
    found = scored_scenes(scores, outputs, scenes)
    assert [scored.name for scored in found] == ["hall", "attic", "cellar"]
    assert [len(scored.score()) for scored in found] == [3, 2, 2]


def test_scores_without_outputs_are_refused(tmp_path: Path, scenes: Scenes) -> None:
    outputs = write_outputs(tmp_path / "outputs", logits("hall"))
    scores = write_scores(tmp_path / "scores", score("hall", "attic"))
    with pytest.raises(UserError, match="its scene 'attic' is in none of the outputs manifests; give those"):
        scored_scenes([scores], [outputs], scenes)
