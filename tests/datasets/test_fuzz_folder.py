"""Whatever is in a file of one's own, reading gives a scene or one sentence, in bounded memory and time."""

from __future__ import annotations

import resource
from pathlib import Path
from random import Random
from typing import Any, Callable, Iterator

import laspy
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.datasets import test_folder
from tests.datasets.fuzzing import FUZZ, MOST_MEMORY, Layout, check_answer, damage

from openworld3d.datasets import folder
from openworld3d.raw.labels import Reading

POINTS = 300
KEYS: dict[str, Any] = {**test_folder.KEYS, "color_full": 255}


def write_packed_npz(file: Path) -> None:
    coord, raw, color, intensity = test_folder.COORD, test_folder.RAW, test_folder.COLOR, test_folder.INTENSITY
    np.savez_compressed(file, coord=coord, classification=raw, color=color, intensity=intensity)


def write_new_las(file: Path) -> None:
    """Write what LAS 1.4 has more: its own point formats, attributes of one's own, records after the points."""
    generator = np.random.default_rng(0)
    header = laspy.LasHeader(point_format=7, version="1.4")
    header.add_extra_dim(laspy.ExtraBytesParams("height", "u2", scales=np.array([0.01]), offsets=np.zeros(1)))
    header.scales = np.full(3, 0.001)
    cloud = laspy.LasData(header)
    cloud.x, cloud.y, cloud.z = generator.uniform(0, 9, (3, POINTS))
    cloud.red, cloud.green, cloud.blue = generator.integers(0, 256, (3, POINTS))
    cloud.intensity = generator.integers(0, 1000, POINTS)
    cloud.classification = generator.choice(test_folder.RAW, POINTS)
    cloud.evlrs = laspy.vlrs.vlrlist.VLRList([laspy.VLR("mine", 1, "notes", b"flown in March")])
    cloud.write(str(file))


def read(root: Path) -> Iterator[Reading]:
    for name in folder.scenes_of_split(root, "all", **KEYS):
        yield folder.read_scene(root, name, **KEYS)


WRITERS: dict[str, tuple[str, Callable[[Path], None]]] = {
    **{name: test_folder.FORMATS[name] for name in ("las", "laz", "ply", "ply as text", "npz")},
    "packed npz": ("tile.npz", write_packed_npz),
    "las 1.4": ("tile.las", write_new_las),
    "laz 1.4": ("tile.laz", write_new_las),
}


def layout_of(name: str) -> Layout:
    file, write = WRITERS[name]
    return Layout(lambda root: write(root / file), (file,), read, len(KEYS["classes"]))


@pytest.mark.parametrize("name", WRITERS)
def test_whole_file_is_read(tmp_path: Path, name: str) -> None:
    layout = layout_of(name)
    layout.write(tmp_path)
    assert check_answer(layout, tmp_path) == "scenes"


@pytest.mark.parametrize("name", WRITERS)
@settings(FUZZ)
@given(random=st.randoms(use_true_random=True))
def test_damaged_file_is_a_scene_or_a_sentence(tmp_path: Path, name: str, random: Random) -> None:
    layout, root, whole = layout_of(name), tmp_path / "root", tmp_path / "whole"
    file = root / layout.files[0]
    if not root.exists():
        root.mkdir()
        layout.write(root)
        whole.write_bytes(file.read_bytes())
    file.write_bytes(damage(whole.read_bytes(), random))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    check_answer(layout, root)
    # What the decompressor asks for itself no tracer of Python's sees.
    assert (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) << 10 < MOST_MEMORY
