from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Callable

import numpy as np
import pytest
from tests.datasets import clouds
from tests.datasets.clouds import COLOR, COORD, FORMATS, INTENSITY, KEYS, RAW, write_las, write_npz, write_ply

from openworld3d.datasets.folder import read_scene, scenes_of_split
from openworld3d.errors import UserError
from openworld3d.raw.labels import Reading
from openworld3d.scenes.scene import VOID

DATA = Path(os.environ.get("DATA_DIR", Path(__file__).resolve().parents[2] / "../shared/data")) / "ign_lidarhd"


def read(root: Path, **changed: Any) -> Reading:
    return read_scene(root, "tile", **{**KEYS, **changed})


@pytest.mark.parametrize("name", FORMATS)
def test_cloud_by_hand(tmp_path: Path, name: str) -> None:
    file, write = FORMATS[name]
    write(tmp_path / file)
    assert scenes_of_split(tmp_path, "all", **KEYS) == ["tile"]
    scene, void_ids, shift = read(tmp_path)[:3]
    assert scene.coord.tolist() == COORD.tolist()
    assert scene.label.tolist() == [1, 0, 2, VOID]
    assert scene.intensity is not None
    assert scene.intensity.tolist() == [0, 0.5, 1, 1]
    assert (scene.color, scene.origin_is_sensor) == (None, False)
    assert scene.instance.tolist() == [-1] * 4
    assert void_ids == {"1": 1}
    assert shift == (0, 0, 0)
    assert [array.dtype for array in (scene.coord, scene.label, scene.intensity)] == [
        np.float32,
        np.uint8,
        np.float32,
    ]


@pytest.mark.parametrize("name", FORMATS)
def test_colour_by_hand(tmp_path: Path, name: str) -> None:
    file, write = FORMATS[name]
    write(tmp_path / file)
    scene = read(tmp_path, intensity_full=None, color_full=255).scene
    assert scene.intensity is None
    assert scene.color is not None
    assert scene.color.tolist() == COLOR.tolist()
    half = read(tmp_path, color_full=510).scene.color
    assert half is not None
    assert half[0].tolist() == [0, 26, 128]  # 25.5 and 127.5, to the even one


@pytest.mark.parametrize("name", FORMATS)
def test_coordinates_of_a_map_keep_their_millimetres(tmp_path: Path, name: str) -> None:
    corner = np.array([1e7 + 0.25, -2e7, 50])
    file, write = FORMATS[name]
    write(tmp_path / file, coord=COORD / 1000 + corner)
    scene, _, shift = read(tmp_path)[:3]
    assert shift == (1e7, -2e7, 50)
    step = 1e-3 if "tile.la" in file.lower() else 1e-6
    assert np.abs(scene.coord - COORD / 1000 - [0.25, 0, 0]).max() < step
    assert scene.coord.max() < 1


MISTAKES: dict[str, tuple[str, Callable[[Path], object], dict[str, Any], str]] = {
    "attribute that is not there": (
        "tile.laz",
        write_las,
        {"label": "clasification"},
        "tile.laz: has no attribute clasification, did you mean classification; it has X?",
    ),
    "property that is not there": ("tile.ply", write_ply, {"label": "label"}, "tile.ply: has no attribute label"),
    "array that is not there": (
        "tile.npz",
        write_npz,
        {"label": "class"},
        "tile.npz: has no attribute class, did",
    ),
    "no colour": (
        "tile.npz",
        lambda file: np.savez(file, coord=COORD, classification=RAW),
        {"color_full": 255, "intensity_full": None},
        "tile.npz: has no attribute color",
    ),
    "raw id outside the map": (
        "tile.las",
        lambda file: write_las(file, raw=np.array([5, 2, 7, 1])),
        {},
        "tile.las: point 2 has the raw label 7, which is neither a class nor void",
    ),
    "label that is not whole": (
        "tile.ply",
        lambda file: write_ply(file, raw=np.array([5, 2, 2.5, 1])),
        {},
        "tile.ply: point 2 has the classification 2.5, expected whole numbers",
    ),
    "label that is no number": (
        "tile.ply",
        lambda file: write_ply(file, raw=np.array([5, np.inf, 2, 1])),
        {},
        "tile.ply: point 1 has the classification inf, expected whole numbers",
    ),
    "coordinate that is no number": (
        "tile.ply",
        lambda file: write_ply(file, coord=np.where(COORD == 5, np.nan, COORD)),
        {},
        "tile.ply: point 1 has the coordinate",
    ),
    "intensity that is no number": (
        "tile.npz",
        lambda file: np.savez(file, coord=COORD, classification=RAW, intensity=np.array([1, np.nan, 0, 0])),
        {},
        "tile.npz: point 1 has the intensity nan, expected finite numbers",
    ),
    "labels of another length": (
        "tile.npz",
        lambda file: np.savez(file, coord=COORD, classification=RAW[:3], intensity=INTENSITY),
        {},
        r"tile.npz: its classification is int64 of shape \(3,\), expected numbers of shape \(4,\)",
    ),
    "label too large for any id": (
        "tile.ply",
        lambda file: write_ply(file, raw=np.array([5, 2, 1e30, 1])),
        {},
        r"tile.ply: point 2 has the classification 1\.0.*e\+30, expected whole numbers",
    ),
    "colour that is no number": (
        "tile.npz",
        lambda file: write_npz(file, color=np.where(COLOR == 51, np.nan, COLOR)),
        {"color_full": 255},
        r"tile.npz: point 0 has the color \[0\.0, nan, 255\.0\], expected finite numbers",
    ),
    "labels that are text": (
        "tile.npz",
        lambda file: np.savez(file, coord=COORD, classification=RAW.astype(str), intensity=INTENSITY),
        {},
        "tile.npz: its classification is <U21 of shape",
    ),
    "coordinates of two columns": (
        "tile.npz",
        lambda file: np.savez(file, coord=COORD[:, :2], classification=RAW, intensity=INTENSITY),
        {},
        r"tile.npz: its coord is float64 of shape \(4, 2\), expected numbers of shape \(4, 3\)",
    ),
    "no points": (
        "tile.ply",
        lambda file: write_ply(file, coord=COORD[:0], raw=RAW[:0]),
        {},
        "tile.ply: holds no point, expected at least one",
    ),
    "pickled array": (
        "tile.npz",
        lambda file: np.savez(file, coord=COORD, classification=np.array([{}] * 4), intensity=INTENSITY),
        {},
        "tile.npz: its classification is object of shape",
    ),
    "scene wider than float32 can tell": (
        "tile.ply",
        lambda file: write_ply(file, coord=np.where(COORD == 9, 1e7, COORD)),
        {},
        "tile.ply: point 2 lies at .* m from the scene's lowest corner, expected at most 16384 m",
    ),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_mistake_is_a_sentence(tmp_path: Path, name: str) -> None:
    file, write, keys, sentence = MISTAKES[name]
    write(tmp_path / file)
    with pytest.raises(UserError, match=sentence):
        read(tmp_path, **keys)


@pytest.mark.parametrize("name", FORMATS)
def test_scene_of_one_point_is_read(tmp_path: Path, name: str) -> None:
    file, write = FORMATS[name]
    write(tmp_path / file, coord=COORD[:1], raw=RAW[:1])
    assert read(tmp_path).scene.coord.tolist() == [[1, 2, 3]]


@pytest.mark.parametrize("name", FORMATS)
def test_file_cut_in_half_is_refused(tmp_path: Path, name: str) -> None:
    file, write = FORMATS[name]
    write(tmp_path / file)
    content = (tmp_path / file).read_bytes()
    for size in (0, 10, len(content) // 2):
        (tmp_path / file).write_bytes(content[:size])
        with pytest.raises(UserError, match=file):
            read(tmp_path)


@pytest.mark.skipif(not DATA.exists(), reason="real tiles are absent: set DATA_DIR to the folder that holds them")
def test_real_tile_is_read() -> None:
    keys = {**KEYS, "classes": [["ground", [2]], ["vegetation", [3, 4, 5]], ["building", [6]]], "void": [1, 64]}
    keys["splits"] = {"west": ["test_data_77050_*.laz"]}
    names = scenes_of_split(DATA, "west", **keys)
    assert names == ["test_data_77050_627755_LA93_IGN69", "test_data_77050_627760_LA93_IGN69"]
    scene, void_ids, shift = read_scene(DATA, names[0], **keys)[:3]
    assert np.bincount(scene.label).tolist()[:3] == [13881, 30891, 27239]
    assert void_ids == {"1": 1344}
    assert shift == (770500, 6277500, 20)
    assert scene.coord.max(0) == pytest.approx([41.68, 50, 23.49], abs=1e-5)


LAYOUTS = clouds.LAYOUTS
