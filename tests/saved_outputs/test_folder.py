from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.saved_outputs.conftest import COLUMNS, save

from openworld3d.errors import UserError
from openworld3d.saved_outputs.arrays import read_array
from openworld3d.saved_outputs.folder import columns_of, open_saved


def test_folder_has_what_its_files_are(root: Path) -> None:
    saved = open_saved(root)
    assert saved.classes == COLUMNS
    assert list(saved.scenes) == ["08_000001", "hall"]
    assert saved.files_of("hall")["features"] == root / "scenes/hall/features.npy"
    assert saved.outputs == {"logits", "features"}
    assert saved.fits == {"logits", "features", "target", "weight", "last_weight", "last_bias"}
    assert len(saved.files) == 4 + 3 + 2
    assert root / "meta.json" in saved.files_of_sample


def test_outputs_are_those_of_every_scene(root: Path) -> None:
    (root / "scenes/hall/features.npy").unlink()
    assert open_saved(root).outputs == {"logits"}


def test_folder_that_does_not_exist_has_nothing(tmp_path: Path) -> None:
    saved = open_saved(tmp_path / "absent")
    assert (saved.outputs, saved.fits, saved.files) == (set(), set(), [])


@pytest.mark.parametrize(
    ("files", "scenes"),
    [
        (["hall.npy", "attic.npy"], ["attic", "hall"]),
        (["08/000000.npy", "08/000001.npy"], ["08_000000", "08_000001"]),
        (["125/000000.txt", "125/000001.txt"], ["125_000000", "125_000001"]),
        (["hall.npy", "hall.txt", "notes.txt"], ["hall"]),  # text beside .npy is a note
        (["hall.npy", "._hall.npy", ".trash/attic.npy", "train_sample/logits.npy"], ["hall"]),
        (["hall.v2.npy"], ["hall.v2"]),
        (["hall.NPY", "notes.txt"], ["hall"]),
        (["125/000000.TXT"], ["125_000000"]),
    ],
)
def test_flat_folder_has_an_array_per_scene(tmp_path: Path, files: list[str], scenes: list[str]) -> None:
    for name in files:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        with open(tmp_path / name, "wb") as file:  # numpy.save would add an ending
            (np.savetxt if name.lower().endswith(".txt") else np.save)(file, np.zeros(4))
    saved = open_saved(tmp_path)
    assert list(saved.scenes) == scenes
    assert all(read_array(file["saved_score"]).tolist() == [0] * 4 for file in saved.scenes.values())
    assert saved.outputs == {"saved_score"}


def test_score_of_one_column_or_below_a_header_is_a_score(tmp_path: Path) -> None:
    np.save(tmp_path / "hall.npy", np.zeros((4, 1)))
    assert open_saved(tmp_path).outputs == {"saved_score"}
    (tmp_path / "hall.npy").unlink()
    np.savetxt(tmp_path / "hall.txt", np.zeros(4), header="score")
    assert open_saved(tmp_path).outputs == {"saved_score"}


def test_flat_arrays_of_two_axes_are_logits(tmp_path: Path) -> None:
    np.savetxt(tmp_path / "hall.txt", np.zeros((4, 3)))
    assert open_saved(tmp_path).outputs == {"logits"}


def test_scene_of_two_files_is_told(root: Path) -> None:
    save(root, {"scenes/08_000001/logits": np.zeros((10, 3))})
    with pytest.raises(UserError, match=r"08_000001: is of scene 08_000001, as is .*08/000001; keep one of them"):
        open_saved(root)


def test_scene_that_is_missing_is_told_with_the_nearest_name(root: Path) -> None:
    with pytest.raises(UserError, match=r"has nothing of scene hal, did you mean hall; save the arrays of each"):
        open_saved(root).files_of("hal")


@pytest.mark.parametrize(
    ("meta", "sentence"),
    [
        ("{", "is not JSON"),
        ("[" * 100_000, "nests lists or keys hundreds deep, which cannot be read"),
        ('{"classes": ["a", "b"], "classes": ["b", "a"]}', "the key classes stands twice, of which JSON would keep"),
        ("[1]", r"holds \[1\], expected an object such as"),
        ('{"clases": []}', "has the key clases, which does not exist, did you mean classes"),
        ('{"classes": "wall"}', 'classes is "wall", expected the name of each column'),
        ('{"classes": [1, 2]}', r"classes is \[1, 2\], expected the name of each column"),
        ('{"classes": ["wall", "floor", "wall"]}', "classes has wall twice; name the class of each column once"),
        ('{"kind": "probabilities"}', 'kind is "probabilities", expected logits'),
        ('{"kind": "confidences"}', 'kind is "confidences", expected logits, .* save it as score.npy'),
    ],
)
def test_meta_that_is_wrong_is_told(root: Path, meta: str, sentence: str) -> None:
    (root / "meta.json").write_text(meta)
    with pytest.raises(UserError, match=sentence):
        open_saved(root)


def test_notes_of_meta_may_be_anything(root: Path) -> None:
    notes: dict[str, Any] = {"precision": "float16", "seed": 3, "preprocessing": {"voxel": 0.05}}
    (root / "meta.json").write_text(json.dumps(notes))
    assert open_saved(root).classes == []


def test_columns_are_the_known_classes_or_what_meta_says(root: Path) -> None:
    saved, classes = open_saved(root), ["wall", "sofa", "floor", "lamp"]
    assert columns_of(saved, classes, ["sofa"]) == COLUMNS
    with pytest.raises(UserError, match=r"meta.json: classes says lamp, which the protocol holds unknown"):
        columns_of(saved, classes, ["sofa", "lamp"])
    (root / "meta.json").unlink()
    assert columns_of(open_saved(root), classes, ["sofa"]) == ["wall", "floor", "lamp"]
