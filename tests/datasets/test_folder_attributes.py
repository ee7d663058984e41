"""What the attributes of a cloud are named in its file, of which range they are, and which points are withheld."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Callable

import laspy
import numpy as np
import pytest
from tests.datasets.clouds import COLOR, COORD, INTENSITY, KEYS, RAW, write_las, write_npz, write_ply
from tests.datasets.test_folder import read

from openworld3d.datasets.folder import scenes_of_split
from openworld3d.errors import UserError
from openworld3d.raw.labels import Reading
from openworld3d.scenes.scene import VOID

FULL = {"color_full": 255, "intensity_full": 1000}


def write_text(file: Path, names: str, element: str = "vertex", coord: np.ndarray = COORD) -> None:
    """Write a text .ply with coordinates, colour, intensity and label, all declared as float, by these names."""
    rows = np.column_stack([coord, COLOR, INTENSITY, RAW])
    head = ["ply", "format ascii 1.0", f"element {element} {len(rows)}"]
    declared = [f"property float {name}" for name in names.split()]
    lines = [" ".join(map(repr, row)) for row in rows.tolist()]
    file.write_text("\n".join([*head, *declared, "end_header", *lines, ""]))


def write_arrays(file: Path, **names: str) -> None:
    arrays: dict[str, Any] = {"coord": COORD, "color": COLOR, "intensity": INTENSITY, "classification": RAW}
    np.savez(file, **{names.get(name, name): array for name, array in arrays.items()})


NAMES: dict[str, tuple[Callable[[Path], None], dict[str, Any]]] = {
    "DALES": (
        lambda root: write_text(root / "tile.ply", "x y z red green blue intensity classification", "testing"),
        {},
    ),
    "CloudCompare": (
        lambda root: write_text(root / "tile.ply", "x y z red green blue scalar_Intensity scalar_Classification"),
        {},
    ),
    "capitals": (
        lambda root: write_text(root / "tile.ply", "X Y Z Red Green Blue Intensity Classification"),
        {},
    ),
    "old MeshLab": (
        lambda root: write_text(
            root / "tile.ply", "x y z diffuse_red diffuse_green diffuse_blue intensity classification"
        ),
        {},
    ),
    "names of one's own": (
        lambda root: write_text(root / "tile.ply", "e n u c0 c1 c2 refl sem", "cloud"),
        {
            "coord": ["e", "n", "u"],
            "color": ["c0", "c1", "c2"],
            "intensity": "refl",
            "label": "sem",
            "element": "cloud",
        },
    ),
    "dimensions of LAS": (
        lambda root: write_las(root / "tile.las"),
        {"label": "Classification", "intensity": "Intensity"},
    ),
    "arrays": (
        lambda root: write_arrays(root / "tile.npz", coord="xyz", color="rgb", intensity="refl"),
        {"coord": "xyz", "color": "rgb", "intensity": "refl"},
    ),
    "arrays in capitals": (lambda root: write_arrays(root / "tile.npz", coord="Coord", color="COLOR"), {}),
    "arrays of one column": (
        lambda root: np.savez(
            root / "tile.npz",
            **dict(zip("xyz", COORD.T)),
            **dict(zip("rgb", COLOR.T)),
            intensity=INTENSITY,
            classification=RAW,
        ),
        {},
    ),
}


@pytest.mark.parametrize("name", NAMES)
def test_attributes_are_found_by_their_names(tmp_path: Path, name: str) -> None:
    write, keys = NAMES[name]
    write(tmp_path)
    scene = read(tmp_path, **{**FULL, **keys}).scene
    assert scene.coord.tolist() == COORD.tolist()
    assert scene.color is not None
    assert scene.color.tolist() == COLOR.tolist()
    assert scene.intensity is not None
    assert scene.intensity.tolist() == [0, 0.5, 1, 1]
    assert scene.label.tolist() == [1, 0, 2, VOID]


MISTAKES: dict[str, tuple[Callable[[Path], object], dict[str, Any], str]] = {
    "intensity that is not there": (
        lambda root: write_text(root / "tile.ply", "x y z red green blue refl classification"),
        {},
        r"tile\.ply: has no attribute intensity; it has blue, .*, or name the attribute by the key intensity of a d",
    ),
    "coordinates that are not there": (
        lambda root: write_arrays(root / "tile.npz", coord="xyz"),
        {},
        r"tile\.npz: has no attribute coord.*; it has classification, .*, or name the attribute by the key coord",
    ),
    "name that a key misspells": (
        lambda root: write_arrays(root / "tile.npz", coord="xyz"),
        {"coord": "xzy"},
        r"tile\.npz: has no attribute xzy, did you mean xyz; it has",
    ),
    "element that is not there": (
        lambda root: write_ply(root / "tile.ply"),
        {"element": "vertices"},
        r"tile\.ply: has no element vertices, did you mean vertex; it has vertex; correct the dataset's key element",
    ),
    "array of one column for all three": (
        lambda root: write_ply(root / "tile.ply"),
        {"coord": "x"},
        r"tile\.ply: its coord is float64 of shape \(4,\), expected numbers of shape \(4, 3\)",
    ),
    "transposed coordinates": (
        lambda root: write_npz(root / "tile.npz", coord=COORD.T),
        {},
        r"tile\.npz: its coord is of shape \(3, 4\), expected \(N, 3\), a row for each point; write its transpose",
    ),
    "arrays of three columns for each": (
        lambda root: write_npz(root / "tile.npz"),
        {"coord": ["coord", "color", "classification"]},
        r"tile\.npz: its coord is float64 of shape \(4, 3\), expected numbers of shape \(4,\)",
    ),
    "colour below 0": (
        lambda root: write_npz(root / "tile.npz", color=COLOR / 127.5 - 1),
        {"color_full": 1},
        r"tile\.npz: point 0 has the color \[-1\.0, -0\.6, 1\.0\], expected finite numbers from 0 on",
    ),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_mistake_is_a_sentence(tmp_path: Path, name: str) -> None:
    write, keys, sentence = MISTAKES[name]
    write(tmp_path)
    with pytest.raises(UserError, match=sentence):
        read(tmp_path, **keys)


@pytest.mark.parametrize("name", ["color", "intensity"])
def test_name_of_what_is_not_read_is_refused(tmp_path: Path, name: str) -> None:
    write_npz(tmp_path / "tile.npz")
    with pytest.raises(
        UserError, match=f"key {name} is refl, but without {name}_full no {name} is read; add {name}_f"
    ):
        scenes_of_split(tmp_path, "all", **{**KEYS, f"{name}_full": None, name: "refl"})


@pytest.mark.parametrize("ending", ["las", "laz"])
@pytest.mark.parametrize("point_format", [0, 3, 6, 7])
def test_withheld_points_are_void(tmp_path: Path, ending: str, point_format: int) -> None:
    cloud = laspy.LasData(laspy.LasHeader(point_format=point_format, version="1.4"))
    cloud.x, cloud.y, cloud.z = COORD.T
    cloud.classification = [5, 2, 30, 1]  # no raw id of the dataset's, which a deleted point may have
    cloud.withheld = [0, 1, 1, 0]
    cloud.write(str(tmp_path / f"tile.{ending}"))
    scene, void_ids = read(tmp_path, intensity_full=None)[:2]
    assert scene.coord.tolist() == COORD.tolist()
    assert scene.label.tolist() == [1, VOID, VOID, VOID]
    assert void_ids == {"1": 1, "withheld": 2}


def test_raw_id_after_withheld_points_is_told_by_its_own_place(tmp_path: Path) -> None:
    cloud = laspy.LasData(laspy.LasHeader(point_format=6, version="1.4"))
    cloud.x, cloud.y, cloud.z = COORD.T
    cloud.classification, cloud.withheld = [5, 30, 30, 1], [1, 1, 0, 0]
    cloud.write(str(tmp_path / "tile.las"))
    with pytest.raises(UserError, match=r"tile\.las: point 2 has the raw label 30"):
        read(tmp_path, intensity_full=None)


MAP = COORD / 8 + [431234.5, 5412345.25, 100]
RESOLUTIONS: dict[str, tuple[Callable[[Path], None], float]] = {
    "float64": (lambda root: write_npz(root / "tile.npz", coord=MAP), 2**-30),
    "float32": (lambda root: write_npz(root / "tile.npz", coord=MAP.astype(np.float32)), 0.5),
    "float32 of a room": (lambda root: write_npz(root / "tile.npz", coord=(COORD / 8).astype(np.float32)), 2**-23),
    "float16": (lambda root: write_npz(root / "tile.npz", coord=(COORD * 100.5).astype(np.float16)), 0.5),
    "integers": (lambda root: write_npz(root / "tile.npz", coord=COORD.astype(int)), 1),
    "text": (
        lambda root: write_text(root / "tile.ply", "x y z red green blue intensity classification", coord=MAP),
        2**-30,
    ),
    "binary doubles": (lambda root: write_ply(root / "tile.ply", coord=MAP), 2**-30),
    "LAS": (lambda root: write_las(root / "tile.las", coord=MAP), 2**-30),
    "LAS of a scale of 1 m": (lambda root: write_las(root / "tile.las", coord=MAP, scale=1), 1),
    "LAS of a scale of 0.5 m": (lambda root: write_las(root / "tile.las", coord=MAP * 4 + 0.3, scale=0.5), 0.5),
    "whole numbers in float64": (lambda root: write_npz(root / "tile.npz", coord=np.floor(COORD)), 1),
    "one point": (lambda root: write_npz(root / "tile.npz", coord=COORD[:1] / 8, raw=RAW[:1]), 2**-54),
}


@pytest.mark.parametrize("name", RESOLUTIONS)
def test_resolution_is_that_of_the_files_type_or_of_all_its_points(tmp_path: Path, name: str) -> None:
    write, resolution = RESOLUTIONS[name]
    write(tmp_path)
    assert read(tmp_path).resolution == resolution


def brightness(reading: Reading) -> dict[str, tuple[float, ...]]:
    return {name: tuple(found) for name, found in reading.brightness.items()}


def test_brightness_is_of_the_file(tmp_path: Path) -> None:
    write_npz(tmp_path / "tile.npz", color=COLOR * 257)
    of_intensity = (1000, 3000, 0.25)
    assert brightness(read(tmp_path)) == {"intensity": of_intensity}
    assert brightness(read(tmp_path, **FULL)) == {"color": (255, 65535, 0.75), "intensity": of_intensity}
    assert brightness(read(tmp_path, color_full=65535, intensity_full=None)) == {"color": (65535, 65535, 0)}
