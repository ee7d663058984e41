"""`openworld3d score`: the scores of a saved folder are those that the pipeline computes, and go into `evaluate`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Callable

import numpy as np
import pytest
from tests.commands.devkit import as_array, values_of, write_small

from openworld3d.commands.evaluate import evaluate
from openworld3d.commands.score import score
from openworld3d.plugins import load

ROWS, POINTS, CHANNELS = 30, 90, 6


def write_saved(root: Path, dtype: str = "float32") -> dict[str, np.ndarray]:
    """Write a scene with all that a folder may have; return its arrays and those of the training sample."""
    generator = np.random.default_rng(0)
    weight, bias = generator.normal(0, 1, (3, CHANNELS)), generator.normal(0, 1, 3)
    arrays: dict[str, np.ndarray] = {}
    for name, rows in (("scenes/08/000000", ROWS), ("train_sample", 60)):
        features = np.abs(generator.normal(0, 1, (rows, CHANNELS)))
        of_place = {"features": features, "logits": features @ weight.T + bias}
        (root / name).mkdir(parents=True)
        for kind, array in of_place.items():
            arrays[f"{name}/{kind}"] = array.astype(dtype)
            np.save(root / name / f"{kind}.npy", arrays[f"{name}/{kind}"])
    arrays["inverse"] = np.concatenate([np.arange(ROWS), generator.integers(0, ROWS, POINTS - ROWS)])
    np.save(root / "scenes/08/000000/inverse.npy", arrays["inverse"])
    np.save(root / "train_sample/label.npy", arrays["train_sample/logits"].argmax(axis=1))
    np.savez(root / "classifier.npz", weight=weight.astype(dtype), bias=bias.astype(dtype))
    return arrays


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_score_of_logits(tmp_path: Path, dtype: str) -> None:
    arrays = write_saved(tmp_path / "saved", dtype)
    score(tmp_path / "saved", "max_logit", tmp_path / "out")
    found = np.load(tmp_path / "out/08_000000.npy")
    assert found.dtype == dtype
    assert found.tolist() == (-arrays["scenes/08/000000/logits"].max(axis=1))[arrays["inverse"]].tolist()
    of_sample = np.sort(-arrays["train_sample/logits"].max(axis=1))
    about = json.loads((tmp_path / "out/score.json").read_text())
    threshold = float(of_sample[56])  # 57 of 60 are 95 %
    assert about == {"score": "max_logit", "threshold": threshold, "points": {"08_000000.npy": POINTS}}


def test_score_that_is_fitted(tmp_path: Path) -> None:
    arrays = write_saved(tmp_path / "saved")
    score(tmp_path / "saved", "knn", tmp_path / "out")
    module, features = load("scores", "knn"), arrays["train_sample/features"]
    options = {name: key["default"] for name, key in module.KEYS.items()}
    sample = {"features": features, "weight": np.ones(len(features)), "target": np.zeros(len(features), np.uint8)}
    fitted = module.fit({name: sample[name] for name in module.FITS}, **options)
    expected = module.score({"features": arrays["scenes/08/000000/features"]}, **fitted)[arrays["inverse"]]
    np.testing.assert_array_equal(np.load(tmp_path / "out/08_000000.npy"), expected)


def test_scores_go_into_a_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two logits of which the smaller is 0 and the larger minus the score."""
    monkeypatch.chdir(tmp_path)
    write_small(tmp_path)
    as_array(tmp_path / "scores")
    expected = values_of(evaluate("stu_val", tmp_path / "labels", tmp_path / "scores"))
    (tmp_path / "logits").mkdir()
    for file in tmp_path.glob("scores/*.npy"):
        score_of_point = np.load(file)
        np.save(tmp_path / "logits" / file.name, np.c_[-score_of_point, -score_of_point - 1])
    score(tmp_path / "logits", "max_logit", tmp_path / "out")
    assert values_of(evaluate("stu_val", tmp_path / "labels", tmp_path / "out")) == expected


@pytest.mark.parametrize("rows", [[1], [1, 9], [2, 3]])
def test_few_rows_are_no_transposes(tmp_path: Path, rows: list[int]) -> None:
    saved = folder(tmp_path / "saved")
    for scene, count in enumerate(rows):
        np.save(saved / f"{scene}.npy", np.random.default_rng(0).normal(0, 1, (count, 3)))
    scored(tmp_path)
    assert len(np.load(tmp_path / "out/0.npy")) == rows[0]


def folder(path: Path) -> Path:
    path.mkdir()
    return path


def scored(root: Path) -> None:
    score(root / "saved", "msp", root / "out")


def scored_with_own_link(root: Path) -> None:
    scored(root)
    (root / "out/link").symlink_to(root / "saved")


def scored_around_saved(root: Path) -> None:
    scored(root)
    (root / "saved").rename(root / "out/saved")


def test_scores_replace_those_of_an_earlier_call(tmp_path: Path) -> None:
    write_saved(tmp_path / "saved")
    scored(tmp_path)
    (tmp_path / "saved/scenes/08/000000").rename(tmp_path / "saved/scenes/08/000001")
    scored(tmp_path)
    assert sorted(file.name for file in (tmp_path / "out").iterdir()) == ["08_000001.npy", "score.json"]


MISTAKES: dict[str, tuple[Callable[[Path], Any], list[str], str]] = {
    "no folder": (lambda root: None, ["--saved", "svaed"], "svaed: has no scenes, expected scenes/SCENE/logits.npy"),
    "no such score": (lambda root: None, ["--score", "energi"], "there is no score energi, did you mean energy; "),
    "output that is not saved": (
        lambda root: None,
        ["--score", "mutual_information"],
        "saved: score mutual_information reads ",
    ),
    "no training sample": (
        lambda root: (root / "saved/train_sample").rename(root / "sample"),
        ["--score", "knn"],
        "saved: score knn is fitted on features",
    ),
    "probabilities": (
        lambda root: np.save(root / "saved/scenes/08/000000/logits.npy", np.full((ROWS, 3), 1 / 3)),
        [],
        "scenes/08/000000/logits.npy: its rows sum to one, as probabilities do after a softmax; save the logits",
    ),
    "scene without rows": (
        lambda root: np.save(root / "saved/scenes/08/000000/logits.npy", np.zeros((0, 3))),
        ["--score", "max_logit"],
        "000000/logits.npy: holds float64 (0, 3), ",
    ),
    "logits without columns": (
        lambda root: np.save(folder(root / "flat") / "08_000000.npy", np.zeros((9, 0))),
        ["--saved", "flat"],
        "flat/08_000000.npy: holds float64 (9, 0), which is empty; save a row for each point",
    ),
    "transposed logits": (
        lambda root: np.save(folder(root / "flat") / "0.npy", np.zeros((3, 9))),
        ["--saved", "flat"],
        "flat/0.npy: holds float64 (3, 9), which seems to be (columns, points); save its transpose, as by array.T",
    ),
    "more columns than labels": (
        lambda root: np.save(folder(root / "flat") / "0.npy", np.zeros((300, 256))),
        ["--saved", "flat"],
        "flat/0.npy: holds float64 (300, 256), which seems to be (columns, points); save its transpose",
    ),
    "score of groups": (
        lambda root: None,
        ["--score", "group_msp"],
        "score group_msp needs the group that a dataset gives, and openworld3d score has none; run the pipeline",
    ),
    "score of ranges": (
        lambda root: None,
        ["--score", "range_standardised_max_logit"],
        "score range_standardised_max_logit needs the range that a dataset gives",
    ),
    "results of others": (
        lambda root: np.save(folder(root / "project") / "thesis.npy", np.zeros(3)),
        ["--out", "project"],
        "project: would be replaced, but holds thesis.npy, which no score.json in it lists; give a new folder",
    ),
    "own file among scores": (
        scored_with_own_link,
        [],
        "out: would be replaced, but holds link, which no score.json in it lists; give a new folder as --out",
    ),
    "score.json of others": (
        lambda root: (folder(root / "out") / "score.json").write_text("{}"),
        [],
        "out: would be replaced, but holds score.json, which no score.json in it lists",
    ),
    "file as out": (lambda root: (root / "out").write_text("all of it"), [], "out: is a file, expected a folder"),
    "saved in out": (
        scored_around_saved,
        ["--saved", "out/saved"],
        "out: would be replaced, but out/saved of --saved lies in it; give another as --out",
    ),
    "out in saved": (lambda root: None, ["--out", "saved/msp"], "saved/msp: lies in saved, the folder of --saved; "),
    "out around all": (
        lambda root: (root / "saved").rename(root.with_name(f"{root.name}_saved")),
        ["--saved", "../{root}_saved", "--out", "."],
        ".: would be replaced, but is or holds the working directory",
    ),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_mistake_is_one_sentence(name: str, tmp_path: Path, refusal: Callable[..., str]) -> None:
    damage, changed, sentence = MISTAKES[name]
    write_saved(tmp_path / "saved")
    damage(tmp_path)
    before = sorted(tmp_path.rglob("*"))
    changed = [option.format(root=tmp_path.name) for option in changed]
    assert sentence in refusal("score", "--saved", "saved", "--score", "msp", "--out", "out", *changed)
    assert sorted(tmp_path.rglob("*")) == before
