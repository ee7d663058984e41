"""The statistics that `score` writes beside the scores of each shard."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Callable

import numpy as np
import pytest
from tests.commands.conftest import LOGITS as LOGITS_OF_POINTS
from tests.commands.conftest import SCORES, write_outputs

from openworld3d.errors import UserError
from openworld3d.metrics.histograms import ordered
from openworld3d.metrics.statistics import UNIT, Statistics, load, merge, save


@pytest.fixture
def summarised(tmp_path: Path, command: Callable[..., None], scenes: list[Path]) -> Callable[..., Statistics]:
    """Return a function that scores both rooms by saved scores of their points, flagged above 3.2.

    The labels are wall, wall, sofa, lamp, void and lamp, sofa, wall; conftest.py has logits and scores.
    """

    def run(*manifests: Path, rooms: tuple[str, ...] = ("hall", "cellar")) -> Statistics:
        logits = {name: np.array(LOGITS_OF_POINTS[name], np.float32) for name in rooms}
        manifest = write_outputs(tmp_path / f"outputs of {len(rooms)}", logits)
        for name in rooms:
            with np.load(manifest.with_name(f"{name}.npz")) as arrays:
                saved = np.array(SCORES[name], np.float32)[::-1, None]
                np.savez(manifest.with_name(f"{name}.npz"), saved_score=saved, **arrays)
        np.savez(tmp_path / "sample.npz", saved_score=np.array([[3.2]], np.float32), weight=np.ones(1))
        config = {"score": {"kind": "saved_score", "neighbors": 1}, "bits": 32, "objects": None}
        read = ["--outputs", manifest, "--sample", tmp_path / "sample.npz", "--scenes", *(manifests or scenes)]
        out = tmp_path / f"{len(rooms)}.npz"
        places = ["--out", tmp_path / f"scored {len(rooms)}/manifest.json", "--statistics", out]
        command("score", "--config", json.dumps(config), *read, *places)
        return load(out)

    return run


def test_statistics_are_those_of_both_splits(summarised: Callable[..., Statistics]) -> None:
    statistics = summarised()
    assert statistics.classes.tolist() == ["wall", "sofa", "lamp"]
    assert statistics.scenes.tolist() == ["cellar", "hall"]
    assert statistics.class_points().tolist() == [[1, 1, 1], [2, 1, 1]]
    expected = ordered(np.array([0, 3.5, 4, 1, 2, 9, 3], np.float32))
    assert statistics.score.bin.tolist() == expected.tolist()
    assert statistics.confusion.sum(axis=0).tolist() == [[3, 0, 0], [1, 0, 1], [1, 0, 1]]
    # Above 3.2: the sofa of the hall, and the cellar's sofa and lamp.
    assert statistics.threshold == np.float32(3.2)
    assert statistics.unflagged.sum(axis=0).tolist() == [[3, 0, 0], [0, 0, 0], [1, 0, 0]]


def test_confidence_is_that_of_the_logits_at_known_points(summarised: Callable[..., Statistics]) -> None:
    statistics = summarised()
    assert statistics.calibration.sum(axis=(0, 1))[:2].tolist() == [5, 4]
    summed = statistics.calibration.sum(axis=(0, 1))[2] / UNIT
    assert summed == pytest.approx(sum(1 / (1 + np.exp(-odds)) for odds in (1, 2, 3, 5, 7)), abs=1e-6)


def test_shard_without_scenes_adds_nothing(tmp_path: Path, summarised: Callable[..., Statistics]) -> None:
    whole, none = summarised(), summarised(rooms=())
    assert none.scenes.tolist() == []
    assert none.confusion.shape == (0, 3, 3)
    for parts in ([none, whole], [whole, none]):
        save(tmp_path / "merged.npz", merge(parts))
        assert (tmp_path / "merged.npz").read_bytes() == (tmp_path / "2.npz").read_bytes()


def test_scene_of_a_split_that_is_not_given_is_refused(
    summarised: Callable[..., Statistics], scenes: list[Path]
) -> None:
    with pytest.raises(UserError, match="scene 'cellar' is in none of the scenes manifests"):
        summarised(scenes[0])
