from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from openworld3d.errors import UserError
from openworld3d.scenes.manifests import read_scenes, scene_names


def write(folder: Path, manifest: Any) -> Path:
    folder.mkdir()
    path = folder / "manifest.json"
    path.write_text(json.dumps(manifest))
    return path


def split(*names: str, classes: tuple[str, ...] = ("wall", "sofa")) -> dict[str, Any]:
    return {"classes": list(classes), "scenes": [{"name": name, "points": 5} for name in names]}


def test_scenes_of_two_splits_are_found(tmp_path: Path) -> None:
    paths = [write(tmp_path / "train", split("a", "b")), write(tmp_path / "val", split("c"))]
    scenes = read_scenes(paths)
    assert scenes.classes == ["wall", "sofa"]
    assert scenes.find("c").path == tmp_path / "val" / "c.npz"
    assert scenes.find("a").points == 5


def test_missing_scene_is_a_sentence(tmp_path: Path) -> None:
    scenes = read_scenes([write(tmp_path / "train", split("room_1", "room_2"))])
    with pytest.raises(UserError, match="'room_3' is in none of the scenes manifests, did you mean room_"):
        scenes.find("room_3")


@pytest.mark.parametrize(
    ("second", "sentence"),
    [
        (split("c", classes=("wall", "lamp")), "its classes are wall, lamp, but .* has wall, sofa"),
        (split("a"), "scene 'a' is also in .*train"),
        ({"classes": []}, "expected the keys classes, scenes, missing scenes"),
        ([], "missing classes, scenes"),
    ],
)
def test_second_manifest_that_does_not_fit_is_refused(tmp_path: Path, second: Any, sentence: str) -> None:
    paths = [write(tmp_path / "train", split("a")), write(tmp_path / "val", second)]
    with pytest.raises(UserError, match=sentence):
        read_scenes(paths)


def test_file_that_is_absent_or_no_json_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="does not exist"):
        read_scenes([tmp_path / "manifest.json"])
    (tmp_path / "manifest.json").write_text("{")
    with pytest.raises(UserError, match="not JSON"):
        read_scenes([tmp_path / "manifest.json"])


def test_manifest_may_list_no_scene(tmp_path: Path) -> None:
    assert scene_names(write(tmp_path / "outputs", {"scenes": []})) == []
