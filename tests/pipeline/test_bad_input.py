"""Each mistake in the input is one clear sentence, an exit status that is not zero, and no partial output."""

from __future__ import annotations

from pathlib import Path
from typing import Callable

import numpy as np
import pytest
import yaml
from tests.datasets.test_semantickitti import write_scan
from tests.pipeline.conftest import Project

POINTS = np.random.default_rng(0).uniform([-9, -9, -9, 0], [9, 9, 9, 1], (50, 4))
RAW = np.repeat([10, 20, 40, 70, 0], 10)

Mistake = Callable[[Path], None]


def truncate(root: Path) -> None:
    file = root / "sequences/04/velodyne/000003.bin"
    file.write_bytes(file.read_bytes()[:-7])


def shorten_labels(root: Path) -> None:
    RAW[:-1].astype("<u4").tofile(root / "sequences/04/labels/000003.label")


def strange_label(root: Path) -> None:
    raw = RAW.copy()
    raw[17] = 77
    raw.astype("<u4").tofile(root / "sequences/04/labels/000003.label")


def nan_coordinate(root: Path) -> None:
    points = POINTS.copy()
    points[3, 1] = np.nan
    points.astype("<f4").tofile(root / "sequences/04/velodyne/000003.bin")


def empty_scene(root: Path) -> None:
    (root / "sequences/04/velodyne/000003.bin").write_bytes(b"")
    (root / "sequences/04/labels/000003.label").write_bytes(b"")


def missing_labels(root: Path) -> None:
    (root / "sequences/04/labels/000003.label").unlink()


def missing_sequence(root: Path) -> None:
    (root / "sequences/04").rename(root / "sequences/05")


def no_unknown(root: Path) -> None:
    for frame in ("000000", "000003"):
        np.where(RAW == 20, 10, RAW).astype("<u4").tofile(root / f"sequences/04/labels/{frame}.label")


MISTAKES: dict[str, tuple[Mistake, str]] = {
    "truncated .bin": (truncate, "000003.bin: is 793 bytes long, expected a multiple of 16; the file is truncated"),
    "label of another length": (shorten_labels, "000003.label: holds 49 labels, expected 50, one for each point"),
    "raw id outside the map": (strange_label, "000003.label: point 17 has the raw label 77, which is neither"),
    "NaN coordinate": (nan_coordinate, "000003.bin: point 3 has the coordinate ["),
    "empty scene": (empty_scene, "000003.bin: holds no point, expected at least one"),
    "missing labels": (missing_labels, "000003.label: does not exist, though scene 04_000003 needs it"),
    "missing sequence": (missing_sequence, "sequences/04/velodyne: does not exist, though split 04 needs it"),
    "unknown class that no evaluation scene contains": (
        no_unknown,
        "a point of the unknown class other-vehicle;",
    ),
}


@pytest.fixture
def lidar(checked: Project) -> Project:
    """Return a pipeline on two scans made by hand, one to train on and one split to evaluate."""
    root = checked.folder / "scans"
    for frame in ("000000", "000003"):
        write_scan(root, POINTS, RAW, frame)
    (root / "sequences/00").rename(root / "sequences/04")
    write_scan(root, 0.9 * POINTS, RAW)  # the same points would be a copy
    experiment = yaml.safe_load(checked.read("experiments/semantickitti_mini.yaml"))
    experiment["datasets"]["semantickitti_mini"]["root"] = "scans"
    experiment["protocols"]["mini_other_vehicle"]["train"] = ["00"]
    checked.write("mine.yaml", yaml.safe_dump(experiment))
    return checked


def told(output: str) -> list[str]:
    """Return the distinct lines in which the pipeline says what is wrong."""
    return sorted({line for line in output.splitlines() if line.startswith("error: ")})


def files_below(folder: Path) -> set[Path]:
    """Return the files and links below a folder; the folders of keys in which nothing was made do not count."""
    return {path for path in folder.rglob("*") if path.is_symlink() or not path.is_dir()}


@pytest.mark.parametrize("name", MISTAKES)
def test_mistake_in_the_scans_is_a_sentence(lidar: Project, name: str) -> None:
    mistake, sentence = MISTAKES[name]
    mistake(lidar.folder / "scans")
    done = lidar.snakemake("protocols", "--configfile", "mine.yaml")
    assert done.returncode != 0
    assert len(told(done.stdout)) == 1, done.stdout
    assert sentence in told(done.stdout)[0]
    assert "Traceback" not in done.stdout
    assert files_below(lidar.folder / "results/protocols") == set()
    if mistake is not no_unknown:
        evaluated = files_below(lidar.folder / "results/scenes/semantickitti_mini/04")
        assert {file.name for file in evaluated} <= {"04_000000.npz", "journal.jsonl"}


def test_nothing_is_trained_after_a_mistake(lidar: Project) -> None:
    no_unknown(lidar.folder / "scans")
    done = lidar.snakemake("--configfile", "mine.yaml")
    assert done.returncode != 0
    assert len(told(done.stdout)) == 1
    assert not list(lidar.folder.glob("results/runs/**/*.npz"))


def test_scene_missing_from_the_raw_scans_is_a_sentence(checked: Project) -> None:
    root = checked.folder / "scannet"
    (root / "scans").mkdir(parents=True)
    for split in ("train", "val"):
        (root / f"scannetv2_{split}.txt").write_text("scene0707_00\n")
    checked.edit_config(lambda config: config["datasets"].update(rooms={"layout": "scannet", "root": "scannet"}))
    done = checked.snakemake("scenes")
    assert done.returncode != 0
    expected = "scans/scene0707_00: does not exist, though line 'scene0707_00' of scannet/scannetv2_"
    assert all(expected in line for line in told(done.stdout))
    assert told(done.stdout)


def test_root_that_does_not_exist_is_a_sentence(lidar: Project) -> None:
    (lidar.folder / "scans").rename(lidar.folder / "elsewhere")
    done = lidar.snakemake("scenes", "--configfile", "mine.yaml")
    assert done.returncode != 0
    assert "scans: is not a folder; set datasets.semantickitti_mini.root" in told(done.stdout)[0]


@pytest.mark.parametrize(
    ("before", "after", "sentence"),
    [
        (
            "unknown: [sofa]",
            "unkown: [sofa]",
            "has the key unkown, which does not exist, did you mean unknown",
        ),
        ("unknown: [sofa]", "unknown: [soffa]", "class soffa does not exist, did you mean sofa"),
    ],
)
def test_mistake_in_the_config_is_a_sentence(project: Project, before: str, after: str, sentence: str) -> None:
    project.write("config.yaml", project.read("config.yaml").replace(before, after))
    done = project.snakemake()
    assert done.returncode != 0
    assert sentence in done.stdout
    assert "Traceback" not in done.stdout
    assert not (project.folder / "results").exists()
