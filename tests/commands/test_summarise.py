from __future__ import annotations

from pathlib import Path
from typing import Callable

import numpy as np
import pytest

from openworld3d.errors import UserError
from openworld3d.metrics.statistics import load


def test_scores_of_both_splits_are_summarised(
    tmp_path: Path, command: Callable[..., None], scenes: list[Path], scores: Path
) -> None:
    out = tmp_path / "statistics.npz"
    command("summarise", "--scores", scores, "--scenes", *scenes, "--out", out)
    statistics = load(out)
    assert statistics.classes.tolist() == ["wall", "sofa", "lamp"]
    assert statistics.scenes.tolist() == ["hall", "cellar"]
    assert statistics.class_points.tolist() == [[2, 1, 1], [1, 1, 1]]
    assert statistics.sorted_score.tolist() == [1, 2, 9, 3, 0, 3.5, 4]
    assert statistics.confusion.sum(axis=0).tolist() == [[3, 0, 0], [1, 0, 1], [1, 0, 1]]


def test_scores_of_another_length_are_refused(
    tmp_path: Path, command: Callable[..., None], scenes: list[Path], scores: Path
) -> None:
    np.savez(scores.with_name("hall.npz"), score=np.zeros(4, np.float32), prediction=np.zeros(4, np.uint8))
    with pytest.raises(UserError, match=r"hall.npz: it has 4 points, .*train/hall.npz has 5; score it again"):
        command("summarise", "--scores", scores, "--scenes", *scenes, "--out", tmp_path / "statistics.npz")


def test_scene_of_a_split_that_is_not_given_is_refused(
    tmp_path: Path, command: Callable[..., None], scenes: list[Path], scores: Path
) -> None:
    with pytest.raises(UserError, match="scene 'cellar' is in none of the scenes manifests"):
        command("summarise", "--scores", scores, "--scenes", scenes[0], "--out", tmp_path / "statistics.npz")
