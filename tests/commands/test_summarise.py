from __future__ import annotations

from pathlib import Path
from typing import Callable

import numpy as np
import pytest
from tests.commands.conftest import write_manifest

from openworld3d.errors import UserError
from openworld3d.metrics.bins import ordered
from openworld3d.metrics.statistics import UNIT, Statistics, load

# Of the columns wall and lamp; the labels are wall, wall, sofa, lamp, void and lamp, sofa, wall.
LOGITS = {"hall": [[1, 0], [2, 0], [0, 9], [3, 0], [8, 0]], "cellar": [[0, 5], [9, 0], [7, 0]]}


@pytest.fixture
def summarise(
    tmp_path: Path, command: Callable[..., None], scenes: list[Path], scores: Path
) -> Callable[..., Statistics]:
    """Return a function that summarises the scores with outputs of the columns wall and lamp."""
    folder = tmp_path / "outputs"
    folder.mkdir()
    for name, rows in LOGITS.items():
        logits = np.array(rows, np.float32)
        np.savez(folder / f"{name}.npz", logits=logits, inverse=np.arange(len(rows)), visits=np.ones(len(rows)))
    outputs = write_manifest(folder, {"columns": ["wall", "lamp"]})

    def run(*manifests: Path) -> Statistics:
        out = tmp_path / "statistics.npz"
        places = ["--scores", scores, "--outputs", outputs, "--scenes", *(manifests or scenes), "--out", out]
        command("summarise", "--config", '{"bits": 32}', *places)
        return load(out)

    return run


def test_scores_of_both_splits_are_summarised(summarise: Callable[..., Statistics]) -> None:
    statistics = summarise()
    assert statistics.classes.tolist() == ["wall", "sofa", "lamp"]
    assert statistics.scenes.tolist() == ["cellar", "hall"]
    assert statistics.class_points().tolist() == [[1, 1, 1], [2, 1, 1]]
    expected = ordered(np.array([0, 3.5, 4, 1, 2, 9, 3], np.float32))
    assert statistics.score.bin.tolist() == expected.tolist()
    assert statistics.confusion.sum(axis=0).tolist() == [[3, 0, 0], [1, 0, 1], [1, 0, 1]]
    # Above 3.2: the sofa of the hall, and the cellar's sofa and lamp.
    assert statistics.unflagged.sum(axis=0).tolist() == [[3, 0, 0], [0, 0, 0], [1, 0, 0]]


def test_confidence_is_that_of_the_logits_at_known_points(summarise: Callable[..., Statistics]) -> None:
    statistics = summarise()
    assert statistics.calibration.sum(axis=(0, 1))[:2].tolist() == [5, 4]
    summed = statistics.calibration.sum(axis=(0, 1))[2] / UNIT
    assert summed == pytest.approx(sum(1 / (1 + np.exp(-odds)) for odds in (1, 2, 3, 5, 7)), abs=1e-6)


def test_scores_of_another_length_are_refused(summarise: Callable[..., Statistics], scores: Path) -> None:
    np.savez(scores.with_name("hall.npz"), score=np.zeros(4, np.float32), prediction=np.zeros(4, np.uint8))
    with pytest.raises(UserError, match=r"hall.npz: it has 4 points, .*train/hall.npz has 5; score it again"):
        summarise()


def test_scene_of_a_split_that_is_not_given_is_refused(
    summarise: Callable[..., Statistics], scenes: list[Path]
) -> None:
    with pytest.raises(UserError, match="scene 'cellar' is in none of the scenes manifests"):
        summarise(scenes[0])
