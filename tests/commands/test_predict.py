"""`openworld3d predict`: clouds without labels come back as they were, with what a network says of each point."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any, Callable

import laspy
import numpy as np
import pytest
from plyfile import PlyData
from tests.commands.run_folder import KNOWN, RUN, write_run
from tests.small_run import CLASSES, red_wall_on_green_floor

from openworld3d.commands.predict import predict
from openworld3d.generators.rooms.generation import generate_room
from openworld3d.generators.rooms.scannet_layout import write_scene
from openworld3d.inference.config import InferenceConfig
from openworld3d.inference.crops import Bounds
from openworld3d.inference.model import infer_scene, load_trained
from openworld3d.reports.clouds import write_cloud
from openworld3d.scenes.scene import Scene

DATA = Path(os.environ.get("DATA_DIR", Path(__file__).resolve().parents[2] / "../shared/data")) / "ign_lidarhd"
STEP = 2.0**-10  # metres
ADDED = ["prediction", "probability", "msp", "energy"]


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """Return the folder of a run whose network sees colours."""
    return write_run(tmp_path, "color")


def room() -> Scene:
    """Return a room whose coordinates are whole steps of the `.las` below."""
    scene = red_wall_on_green_floor()
    scene.coord = np.round(scene.coord / STEP).astype(np.float32) * np.float32(STEP)
    return scene


def write_room(folder: Path, format: str) -> Path:
    """Write a room without labels in a format of clouds."""
    scene, file = room(), folder / f"hall{format}"
    folder.mkdir(parents=True, exist_ok=True)
    assert scene.color is not None
    if format == ".ply":
        write_cloud(file, scene, scene.color)
    elif format == ".npz":
        np.savez_compressed(file, coord=scene.coord, color=scene.color, name=np.array("hall"))
    else:
        cloud = laspy.create(point_format=7, file_version="1.4")
        cloud.header.scales = np.full(3, STEP)
        cloud.x, cloud.y, cloud.z = scene.coord.astype(np.float64).T
        cloud.red, cloud.green, cloud.blue = scene.color.astype(np.uint16).T
        cloud.gps_time = np.arange(len(scene))
        cloud.write(str(file))
    return file


def columns_in(file: Path) -> dict[str, np.ndarray]:
    """Return all columns of a cloud, by the packages that others read it with."""
    if file.suffix == ".ply":
        vertex = PlyData.read(str(file))["vertex"]
        return {each.name: np.asarray(vertex[each.name]) for each in vertex.properties}
    if file.suffix == ".npz":
        with np.load(file) as arrays:
            return {name: arrays[name] for name in arrays.files}
    cloud = laspy.read(str(file))
    return {name: np.asarray(cloud[name]) for name in cloud.point_format.dimension_names}


def expected_of(run: Path, scene: Scene) -> dict[str, np.ndarray]:
    """Return prediction and logits of each point, straight from the network."""
    config = InferenceConfig(Bounds(5000, 10**6), {"kind": "closed_set"})
    outputs = infer_scene(
        load_trained(run / "current/weights.npz", config).model, scene, "single", Bounds(5000, 10**6)
    )
    logits = outputs["logits"][outputs["inverse"]]
    index = np.array([CLASSES.index(name) for name in KNOWN])
    return {"prediction": index[logits.argmax(axis=1)], "energy": -np.logaddexp(*logits.astype(np.float64).T)}


@pytest.mark.parametrize("format", [".ply", ".las", ".laz", ".npz"])
def test_room_comes_back_with_columns(run: Path, tmp_path: Path, format: str) -> None:
    source = write_room(tmp_path / "clouds/upstairs", format)
    predict(run, tmp_path / "clouds", ["msp", "energy"], tmp_path / "out")
    before, after = columns_in(source), columns_in(tmp_path / f"out/upstairs/hall{format}")
    assert list(after) == [*before, *ADDED]
    assert {name: after[name].tolist() for name in before} == {name: before[name].tolist() for name in before}
    expected = expected_of(run, room())
    assert after["prediction"].tolist() == expected["prediction"].tolist()
    assert len(set(after["prediction"])) == 2
    np.testing.assert_allclose(after["energy"], expected["energy"], rtol=1e-5)
    assert ((after["probability"] >= 0.5) & (after["probability"] <= 1)).all()


def test_legend_says_what_the_columns_are(run: Path, tmp_path: Path) -> None:
    write_room(tmp_path / "clouds", ".ply")
    predict(run, tmp_path / "clouds", ["msp", "energy"], tmp_path / "out")
    legend = json.loads((tmp_path / "out/predictions.json").read_text())
    assert (legend["columns"], legend["classes"], legend["predicted"]) == (ADDED, CLASSES, KNOWN)
    assert legend["points"] == {"hall.ply": 800}
    with np.load(run / "current/sample.npz") as sample:
        energy = -np.logaddexp(*sample["logits"].astype(np.float64).T)
    assert legend["thresholds"]["energy"] == pytest.approx(np.sort(energy)[47])  # 95 % of 50 do not exceed it


def test_run_that_is_only_trained_has_no_thresholds(run: Path, tmp_path: Path) -> None:
    write_room(tmp_path / "clouds", ".ply")
    for file in (run / "current").glob("sample.*"):
        file.unlink()
    predict(run, tmp_path / "clouds", ["msp"], tmp_path / "out")
    assert json.loads((tmp_path / "out/predictions.json").read_text())["thresholds"] == {"msp": None}


def test_folder_of_a_key_is_a_run(run: Path, tmp_path: Path) -> None:
    write_room(tmp_path / "clouds", ".ply")
    predict(run / "bbbbbbbbbbbb", tmp_path / "clouds", ["msp"], tmp_path / "out")
    assert json.loads((tmp_path / "out/predictions.json").read_text())["thresholds"]["msp"] is not None


def test_generated_rooms_need_no_labels(run: Path, tmp_path: Path) -> None:
    clouds = tmp_path / "clouds"
    clouds.mkdir()
    for number in range(2):
        write_scene(tmp_path / "scans", f"room{number}", generate_room(3, 0, number, 0.2))
        shutil.copy(tmp_path / f"scans/room{number}/room{number}_vh_clean_2.ply", clouds)
    predict(run, clouds, ["msp"], tmp_path / "out")
    for file in clouds.glob("*.ply"):
        before, after = columns_in(file), columns_in(tmp_path / "out" / file.name)
        assert list(after) == [*before, *ADDED[:3]]
        assert all(np.array_equal(before[name], after[name]) for name in before)


@pytest.mark.skipif(not DATA.exists(), reason="real tiles are absent: set DATA_DIR to the folder that holds them")
def test_airborne_tile_is_opened_again(tmp_path: Path) -> None:
    run = write_run(tmp_path, "intensity", "folder", 4.0, intensity_full=2000)
    clouds = tmp_path / "clouds"
    clouds.mkdir()
    for file in sorted(DATA.glob("test_data_77050_627755_*.laz")):
        (clouds / file.name).symlink_to(file.resolve())
    predict(run, clouds, ["msp"], tmp_path / "out")
    for file in clouds.glob("*.laz"):
        before, after = laspy.read(str(file)), laspy.read(str(tmp_path / "out" / file.name))
        assert len(before) == len(after)
        for name in before.point_format.dimension_names:
            assert np.array_equal(before[name], after[name]), name
        assert [vlr.record_id for vlr in before.vlrs if vlr.record_id != 4] == [
            vlr.record_id for vlr in after.vlrs if vlr.record_id != 4
        ]
        assert set(after["prediction"]) <= {0, 2}
        assert ((after["msp"] >= 0) | (after["msp"] < 0)).all()


def test_scan_keeps_its_rows_without_a_return(tmp_path: Path) -> None:
    run = write_run(tmp_path, "intensity", "stu", intensity_full=2.0)
    rows = np.zeros((900, 4), "<f4")
    rows[100:, :3], rows[100:, 3] = red_wall_on_green_floor().coord + 1, 0.5
    (tmp_path / "clouds").mkdir()
    rows.tofile(tmp_path / "clouds/000000.bin")
    predict(run, tmp_path / "clouds", ["msp"], tmp_path / "out")
    found = np.fromfile(tmp_path / "out/000000.bin", "<f4").reshape(900, 7)
    assert np.array_equal(found[:, :4], rows)
    assert (found[:100, 4] == 255).all()
    assert np.isnan(found[:100, 5:]).all()
    assert set(found[100:, 4]) <= {0, 2}
    assert np.isfinite(found[100:, 5:]).all()


def no_clouds(root: Path) -> None:
    (root / "clouds/hall.ply").rename(root / "clouds/hall.txt")


def other_results(root: Path) -> None:
    (root / "out").mkdir()
    (root / "out/thesis.txt").write_text("all of it")


def predicted_already(root: Path) -> None:
    predict(root / RUN, root / "clouds", ["msp"], root / "other")
    shutil.rmtree(root / "clouds")
    (root / "other").rename(root / "clouds")


def predicted_among_inputs(root: Path) -> None:
    predict(root / RUN, root / "clouds", ["msp"], root / "project")
    (root / "clouds").rename(root / "project/raw")


def other_results_among_predictions(root: Path) -> None:
    predict(root / RUN, root / "clouds", ["msp"], root / "out")
    (root / "out/notes").mkdir()
    (root / "out/notes/thesis.tex").write_text("all of it")


def without_colour(root: Path) -> None:
    (root / "clouds/hall.ply").unlink()
    np.savez(root / "clouds/hall.npz", coord=np.zeros((3, 3), np.float32))


def scan(root: Path) -> None:
    np.ones((3, 4), "<f4").tofile(root / "clouds/000000.bin")


def copied_weights(root: Path) -> None:
    shutil.copytree(root / RUN / "bbbbbbbbbbbb", root / "copy")
    shutil.rmtree(root / "results/scenes")


def of_an_earlier_version(root: Path) -> None:
    weights = root / RUN / "bbbbbbbbbbbb/weights.npz"
    with np.load(weights) as arrays:
        state = {name: arrays[name] for name in arrays.files}
    about = json.loads(str(state["config"]))
    np.savez(
        weights, **{**state, "config": np.array(json.dumps({**about, "untaught": None}).replace("untaught", "x"))}
    )


MISTAKES: dict[str, tuple[Callable[[Path], Any], list[str], str]] = {
    "run without weights": (
        lambda root: (root / RUN / "current/weights.npz").unlink(),
        [],
        f"{RUN}: has no weights.npz, nor has current in it; give the folder of a trained run",
    ),
    "weights far from their checkout": (
        copied_weights,
        ["--run", "copy"],
        "weights.provenance.json: leads to no training scenes that are there",
    ),
    "weights of an earlier version": (
        of_an_earlier_version,
        [],
        "weights.npz: does not say untaught, as an earlier version wrote it; train the run again",
    ),
    "no clouds": (no_clouds, [], "clouds: has no cloud, expected .ply, .las, .laz, .npz, .bin"),
    "no folder": (lambda root: None, ["--clouds", "cluods"], "cluods: is not a folder; give that of the clouds"),
    "results of others": (
        other_results,
        [],
        "out: would be replaced, but holds thesis.txt, which no predictions.json",
    ),
    "out in clouds": (
        lambda root: None,
        ["--out", "clouds/out"],
        "clouds/out: lies in clouds, the folder of --clouds",
    ),
    "out in the run": (lambda root: None, ["--out", f"{RUN}/out"], f"{RUN}/out: lies in {RUN}, the folder of --run"),
    "run in out": (lambda root: None, ["--out", "results"], f"results: would be replaced, but {RUN} of --run lies"),
    "clouds in out": (
        predicted_among_inputs,
        ["--clouds", "project/raw", "--out", "project"],
        "project: would be replaced, but project/raw of --clouds lies in it; give another as --out",
    ),
    "own file among predictions": (
        other_results_among_predictions,
        [],
        "out: would be replaced, but holds notes/thesis.tex, which no predictions.json in it lists; give",
    ),
    "no such score": (
        lambda root: None,
        ["--scores", "mspp"],
        "there is no score mspp, did you mean msp; choose from",
    ),
    "score of another recipe": (
        lambda root: None,
        ["--scores", "mutual_information"],
        "score mutual_information reads",
    ),
    "score that is fitted on what is not there": (
        lambda root: None,
        ["--scores", "knn"],
        "score knn is fitted on features",
    ),
    "columns that are there": (
        predicted_already,
        [],
        "hall.ply: has the attribute msp already, which would be added",
    ),
    "no colour": (without_colour, [], "clouds/hall.npz: has no attribute color"),
    "scan for a network of colours": (scan, [], "000000.bin: has no colour, which the network reads"),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_mistake_is_one_sentence(name: str, run: Path, tmp_path: Path, refusal: Callable[..., str]) -> None:
    damage, changed, sentence = MISTAKES[name]
    write_room(tmp_path / "clouds", ".ply")
    damage(tmp_path)
    before = sorted(tmp_path.rglob("*"))
    assert sentence in refusal("predict", "--run", RUN, "--clouds", "clouds", "--out", "out", *changed)
    assert sorted(tmp_path.rglob("*")) == before
