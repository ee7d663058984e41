"""`openworld3d evaluate`: the table of a protocol for saved scores, wherever it is called."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any, Callable

import numpy as np
import pytest
from tests.commands.devkit import SEQUENCES, as_array, values_of, write_scan, write_small, write_text_scores
from tests.golden import golden_files, read_golden

from openworld3d.commands.evaluate import evaluate
from openworld3d.commands.registry import config_of, named_protocol
from openworld3d.errors import UserError
from openworld3d.metrics.ranking import ranking

# What the devkit prints, and what of it depends on a threshold.
POINT_LEVEL = {"aupr": "point_AP", "auroc": "point_AUROC", "fpr95_strict": "point_FPR95"}
OBJECT_LEVEL = {f"object_{name.lower()}": f"dbscan_{name}" for name in ("SQ", "RecallQ", "UQ")}


@pytest.fixture(autouse=True)
def _outside_a_checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("is_scaled", [True, False])
@pytest.mark.parametrize("path", golden_files("stu"))
def test_golden_frames_have_the_numbers_of_the_devkit(path: Path, is_scaled: bool, tmp_path: Path) -> None:
    """The protocol's threshold is 0.5; what is above the golden one times 5/8, exact in float64, is above that."""
    golden = read_golden(path)
    assert np.isclose(golden["threshold"] * 5 / 8, 0.5)
    for number in range(int(golden["frames"])):
        sequence, frame = SEQUENCES[number % 2], f"{number:06d}"
        write_scan(tmp_path / "val", sequence, frame, golden[f"xyz_{number}"], golden[f"label_{number}"])
        score = golden[f"score_{number}"].astype(np.float64) * (5 / 8 if is_scaled else 1)
        write_text_scores(tmp_path / "scores", sequence, frame, score)
    threshold = None if is_scaled else float(golden["threshold"])
    found = values_of(evaluate("stu_val", tmp_path, tmp_path / "scores", threshold))
    for name, answer in {**POINT_LEVEL, **OBJECT_LEVEL}.items():
        value, low, high = found[name]
        assert 100 * value == pytest.approx(float(golden[answer]), abs=1e-6), name
        assert low <= value <= high


@pytest.mark.parametrize("path", golden_files("stu"))
def test_golden_instances_that_a_network_predicts_are_counted_as_the_devkit_does(path: Path, tmp_path: Path) -> None:
    golden = read_golden(path)
    for number in range(int(golden["frames"])):
        sequence, frame = SEQUENCES[number % 2], f"{number:06d}"
        write_scan(tmp_path / "val", sequence, frame, golden[f"xyz_{number}"], golden[f"label_{number}"])
        scene = tmp_path / f"saved/scenes/{sequence}_{frame}"
        scene.mkdir(parents=True)
        np.save(scene / "score.npy", golden[f"score_{number}"])
        np.save(scene / "instance.npy", golden[f"instance_{number}"])
    table = evaluate("stu_val", tmp_path, tmp_path / "saved")
    for name in ("SQ", "RecallQ", "UQ"):
        assert 100 * values_of(table)[f"object_{name.lower()}"][0] == pytest.approx(float(golden[f"object_{name}"]))
    assert "predicted instances for saved_outputs + saved_score." in " ".join(table.split())
    (tmp_path / "saved/scenes/125_000000/instance.npy").unlink()
    sentence = "scene 125_000000: has no instance.npy, which other scenes have; save it for each scene that counts"
    with pytest.raises(UserError, match=sentence):
        evaluate("stu_val", tmp_path, tmp_path / "saved")


def test_frame_without_anomalies_needs_no_scores(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    counted = write_small(tmp_path)
    (tmp_path / "scores/137/000009.txt").unlink()
    table = evaluate("stu_val", tmp_path / "labels", tmp_path / "scores")
    score = np.concatenate([counted["125_000000"], counted["137_000004"]])
    unknown = np.concatenate([np.arange(350) < 30, np.arange(350) < 12])
    expected = ranking(score, unknown)
    found = values_of(table)
    assert [found[name][0] for name in POINT_LEVEL] == [expected.aupr, expected.auroc, expected.fpr95_strict]
    said = capsys.readouterr().err
    assert "2 of 3 scans count" in said
    assert "not evaluated: 17 of 19 splits, 138, 139, " in said


def test_other_threshold_of_objects_is_said(tmp_path: Path) -> None:
    write_small(tmp_path)
    table = " ".join(evaluate("stu_val", tmp_path / "labels", tmp_path / "scores", 4.0).split())
    assert "objects are clusters of points whose score is above 4, on whatever scale" in table
    assert "objects by threshold 4.0, not 0.5" in table
    sentence = "--object-threshold: protocol semantickitti_void compares no objects; leave it out"
    with pytest.raises(UserError, match=sentence):
        config_of(named_protocol("semantickitti_void"), tmp_path, None, 0.5)


def test_table_of_some_sequences_says_so(tmp_path: Path) -> None:
    write_small(tmp_path)
    table = evaluate("stu_val", tmp_path / "labels", tmp_path / "scores")
    assert "Protocol stu_val is stu_val but for this: " in table
    assert "So no published row of stu_val stands here." in table


def test_published_rows_stand_beside_all_sequences_with_what_was_found(tmp_path: Path) -> None:
    write_small(tmp_path)
    for number in [*range(138, 154), 169]:
        for part in ("labels", "scores"):
            shutil.copytree(tmp_path / part / "137", tmp_path / part / str(number))
    table = evaluate("stu_val", tmp_path / "labels", tmp_path / "scores")
    assert "| NDP" in table
    assert "of all scans of the split, the others of the 37 found" in " ".join(table.split())


def without_returns(folder: Path) -> None:
    """Leave out the rows that have no return."""
    for file in folder.glob("*/*.txt"):
        np.savetxt(file, np.loadtxt(file)[:-40])


def test_other_forms_of_the_same_scores_have_the_same_table(tmp_path: Path) -> None:
    write_small(tmp_path)
    labels, scores = tmp_path / "labels", tmp_path / "scores"
    expected = evaluate("stu_val", labels, scores)
    without_returns(scores)
    assert evaluate("stu_val", labels, scores) == expected
    as_array(scores)
    assert evaluate("stu_val", labels, scores) == expected


def remove(folder: Path, file: str) -> None:
    (folder / file).unlink()


def write(folder: Path, file: str, text: str) -> None:
    (folder / file).write_text(text)


def logits_in_place_of_scores(folder: Path) -> None:
    for file in (folder / "scores").glob("*/*.txt"):
        np.savetxt(file, np.zeros((400, 19)))


def no_sequence(folder: Path) -> None:
    for name in SEQUENCES:
        shutil.rmtree(folder / "labels" / name)


def no_anomaly(folder: Path) -> None:
    for file in folder.glob("labels/*/labels/*.label"):
        np.ones(400, "<u4").tofile(file)


MISTAKES: dict[str, tuple[Any, list[str], str]] = {
    "protocol that there is not": (
        lambda folder: None,
        ["--protocol", "stu_vla"],
        "--protocol says stu_vla, but there is no such protocol, did you mean stu_val; choose one of ",
    ),
    "protocol of which too little is known": (
        lambda folder: None,
        ["--protocol", "hgmm_semantickitti"],
        "protocol hgmm_semantickitti has no keys, as what is unknown in it was not found",
    ),
    "protocol in which nothing is unknown": (
        lambda folder: None,
        ["--protocol", "semantickitti_closed"],
        "--protocol: semantickitti_closed has nothing unknown, expected unknown points for scores to find",
    ),
    "labels that are not there": (
        lambda folder: shutil.rmtree(folder / "labels"),
        [],
        "labels: is not a folder; give that of the stu dataset, as --labels",
    ),
    "number that is none in place of a score": (
        lambda folder: write(folder, "scores/125/000000.txt", "0.5\n" * 399 + "-\n"),
        [],
        "scores/125/000000.txt: is not an array of numbers; save it with numpy.savetxt",
    ),
    "no sequence of the protocol": (
        no_sequence,
        [],
        "labels/125/velodyne: does not exist, though split 125 needs it",
    ),
    "scores of a scan that are missing": (
        lambda folder: remove(folder, "scores/125/000000.txt"),
        [],
        "scores: has nothing of scene 125_000000, did you mean 137_000009; save the arrays of each evaluation scene",
    ),
    "scores of a scan that are there twice": (
        lambda folder: shutil.copy(folder / "scores/125/000000.txt", folder / "scores/125_000000.txt"),
        [],
        "scores/125_000000.txt: is of scene 125_000000, as is scores/125/000000.txt; keep one of them",
    ),
    "no scores at all": (
        lambda folder: shutil.rmtree(folder / "scores"),
        [],
        "scores: has no scores, expected a .npy or .txt for each scan, such as 125/000000.txt; give their folder as",
    ),
    "logits in place of scores": (
        logits_in_place_of_scores,
        [],
        "scores: has logits, expected scores; save one number for each point, or let openworld3d score compute them",
    ),
    "too few scores": (
        lambda folder: np.savetxt(folder / "scores/125/000000.txt", np.zeros(399)),
        [],
        "scores/125/000000.txt: holds float64 (399,), expected floats (360,), which is (points,), or (400,) with the "
        "rows that are no points",
    ),
    "text that is no number": (
        lambda folder: write(folder, "scores/125/000000.txt", "0.5\n0.25\nhigh\n"),
        [],
        "scores/125/000000.txt: is not an array of numbers; save it with numpy.savetxt",
    ),
    "text below a line of words": (
        lambda folder: [file.write_text(f"score\n{file.read_text()}") for file in folder.glob("scores/*/*.txt")],
        [],
        "scores/125/000000.txt: is not an array of numbers; save it with numpy.savetxt",
    ),
    "text that is not ASCII": (
        lambda folder: write(folder, "scores/125/000000.txt", "0,5\n½\n"),
        [],
        "scores/125/000000.txt: is not an array of numbers; save it with numpy.savetxt",
    ),
    "score that is not finite": (
        lambda folder: np.savetxt(folder / "scores/125/000000.txt", np.r_[np.zeros(7), np.nan, np.zeros(392)]),
        [],
        "scores/125/000000.txt: the score of row 7 is nan, expected a finite number",
    ),
    "label that is in no map": (
        lambda folder: np.full(400, 7, "<u4").tofile(folder / "labels/125/labels/000000.label"),
        [],
        "labels/125/labels/000000.label: point 0 has the raw label 7, which is neither a class nor void",
    ),
    "no anomaly at all": (
        no_anomaly,
        [],
        "labels: none of its 3 scans counts, as none has 5 unknown points",
    ),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_mistake_is_one_sentence(name: str, tmp_path: Path, refusal: Callable[..., str]) -> None:
    damage, changed, sentence = MISTAKES[name]
    write_small(tmp_path)
    damage(tmp_path)
    given = ["--protocol", "stu_val", "--labels", "labels", "--scores", "scores"]
    assert sentence in refusal("evaluate", *given, *changed)
