from __future__ import annotations

from pathlib import Path
from typing import Callable

import numpy as np
import pytest
from tests.commands.conftest import write_outputs, write_scores

from openworld3d.errors import UserError
from openworld3d.metrics.histograms import ordered
from openworld3d.metrics.statistics import UNIT, Statistics, load, merge, save

# The labels are wall, wall, sofa, lamp, void and lamp, sofa, wall; conftest.py has logits and scores.


@pytest.fixture
def summarise(
    tmp_path: Path, command: Callable[..., None], scenes: list[Path], outputs: Path, scores: Path
) -> Callable[..., Statistics]:
    """Return a function that summarises the scores of both rooms."""

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


def test_shard_without_scenes_adds_nothing(
    tmp_path: Path, command: Callable[..., None], scenes: list[Path], summarise: Callable[..., Statistics]
) -> None:
    whole = summarise()
    outputs, scores = write_outputs(tmp_path / "none", {}), write_scores(tmp_path / "none_scored", {})
    out = tmp_path / "none.npz"
    places = ["--scores", scores, "--outputs", outputs, "--scenes", *scenes, "--out", out]
    command("summarise", "--config", '{"bits": 32}', *places)
    none = load(out)
    assert none.scenes.tolist() == []
    assert none.confusion.shape == (0, 3, 3)
    for parts in ([none, whole], [whole, none]):
        save(out, merge(parts))
        assert out.read_bytes() == (tmp_path / "statistics.npz").read_bytes()


def test_scores_of_another_length_are_refused(summarise: Callable[..., Statistics], scores: Path) -> None:
    np.savez(scores.with_name("hall.npz"), score=np.zeros(4, np.float32))
    with pytest.raises(UserError, match=r"scores/hall.npz: it has 4 rows, .*outputs/hall.npz has 5; score it again"):
        summarise()


def test_scene_of_a_split_that_is_not_given_is_refused(
    summarise: Callable[..., Statistics], scenes: list[Path]
) -> None:
    with pytest.raises(UserError, match="scene 'cellar' is in none of the scenes manifests"):
        summarise(scenes[0])
