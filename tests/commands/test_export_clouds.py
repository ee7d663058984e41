from __future__ import annotations

import json
from pathlib import Path
from typing import Callable

import numpy as np
import pytest
from plyfile import PlyData
from tests.commands.conftest import write_outputs, write_scores

from openworld3d.errors import UserError
from openworld3d.reports.clouds import colour


def given(outputs: Path, scores: Path, scenes: list[Path]) -> list[object]:
    """Return the arguments that name what is shown."""
    return ["--scores", scores, "--outputs", outputs, "--scenes", *scenes]


def test_clouds_hold_scene_and_scores(
    tmp_path: Path, command: Callable[..., None], scenes: list[Path], outputs: Path, scores: Path
) -> None:
    out = tmp_path / "clouds"
    command("export_clouds", *given(outputs, scores, scenes), "--out", out / "colours.json")
    assert sorted(path.name for path in out.iterdir()) == ["cellar.ply", "colours.json", "hall.ply"]
    cloud = PlyData.read(str(out / "hall.ply"))
    vertex = cloud["vertex"]
    assert (cloud.text, cloud.byte_order) == (False, "<")
    assert [p.name for p in vertex.properties] == [
        *("x", "y", "z", "red", "green", "blue"),
        *("label", "prediction", "score"),
    ]
    assert vertex["y"].tolist() == [0.25, 1, 1.75, 2.5, 3.25]
    assert vertex["label"].tolist() == [0, 0, 1, 2, 255]
    assert vertex["prediction"].tolist() == [0, 0, 2, 0, 0]
    assert vertex["score"].tolist() == [1, 2, 9, 3, 50]


def test_scores_saved_in_float64_keep_their_digits(
    tmp_path: Path, command: Callable[..., None], scenes: list[Path], outputs: Path
) -> None:
    saved = {"hall": -1 + np.arange(5) * 1e-12, "cellar": np.array([-1e300, 0, 1e300])}
    scores = write_scores(tmp_path / "scores", saved)
    command("export_clouds", *given(outputs, scores, scenes), "--out", tmp_path / "clouds/colours.json")
    for name, score in saved.items():
        vertex = PlyData.read(str(tmp_path / f"clouds/{name}.ply"))["vertex"]
        assert vertex["score"].dtype == np.float64
        assert vertex["score"].tolist() == score.tolist()


def test_one_range_for_all_scenes(
    tmp_path: Path, command: Callable[..., None], scenes: list[Path], outputs: Path, scores: Path
) -> None:
    out = tmp_path / "clouds"
    command("export_clouds", *given(outputs, scores, scenes), "--out", out / "colours.json")
    legend = json.loads((out / "colours.json").read_text())
    # Eight scores 0, 1, 2, 3, 3.5, 4, 9, 50: the percentiles lie 0.07 of a step from either end.
    assert legend["range"] == pytest.approx([0.07, 50 - 0.07 * 41])
    assert legend["colour_map"] == "viridis"
    assert legend["classes"] == ["wall", "sofa", "lamp"]
    lowest, highest = (
        PlyData.read(str(out / "cellar.ply"))["vertex"][2],
        PlyData.read(str(out / "hall.ply"))["vertex"][4],
    )
    assert [lowest[name] for name in ("red", "green", "blue")] == [68, 1, 84]
    assert [highest[name] for name in ("red", "green", "blue")] == [253, 231, 37]


@pytest.mark.parametrize(
    ("score", "low", "high", "expected"),
    [
        (-5, 0, 9, (68, 1, 84)),
        (3, 0, 9, (49, 104, 142)),
        (0.5, 0, 9, (70, 20, 102)),  # half way between the first two colours
        (99, 0, 9, (253, 231, 37)),
        (4, 4, 4, (68, 1, 84)),  # all scores alike
    ],
)
def test_colour_by_hand(score: float, low: float, high: float, expected: tuple[int, ...]) -> None:
    result = colour(np.array([score], np.float32), low, high)
    assert result.dtype == np.uint8
    assert tuple(result[0]) == expected


def test_scores_of_another_length_are_refused(
    tmp_path: Path, command: Callable[..., None], scenes: list[Path], outputs: Path, scores: Path
) -> None:
    np.savez(scores.with_name("hall.npz"), score=np.zeros(4, np.float32))
    with pytest.raises(UserError, match=r"scores/hall.npz: it has 4 rows, .*outputs/hall.npz has 5; score it again"):
        command("export_clouds", *given(outputs, scores, scenes), "--out", tmp_path / "clouds/colours.json")
    assert not (tmp_path / "clouds").exists()


def test_shards_without_a_scene_are_refused(tmp_path: Path, command: Callable[..., None], scenes: list[Path]) -> None:
    outputs, scores = write_outputs(tmp_path / "none", {}), write_scores(tmp_path / "none_scored", {})
    with pytest.raises(UserError, match="the scores have no scene, expected one or more; evaluate splits"):
        command("export_clouds", *given(outputs, scores, scenes), "--out", tmp_path / "clouds/colours.json")
