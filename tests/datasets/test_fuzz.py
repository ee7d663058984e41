"""Whatever is in its files, every reader gives scenes or one sentence, in bounded memory and time.

The datasets are the modules on disk; `LAYOUTS` of `test_NAME.py` says which files of each are damaged.
"""

from __future__ import annotations

import importlib
from itertools import zip_longest
from pathlib import Path
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.datasets.fuzzing import FUZZ, Layout, check_answer, damage, damage_json, leave_behind, read

from openworld3d import datasets
from openworld3d.plugins import load

NAMES = sorted(file.stem for file in Path(str(datasets.__file__)).parent.glob("[!_]*.py"))


def layouts_of(name: str) -> dict[str, Layout]:
    layouts: dict[str, Layout] = importlib.import_module(f"tests.datasets.test_{name}").LAYOUTS
    return layouts


LAYOUTS = [(name, variant) for name in NAMES for variant in layouts_of(name)]
FILES = [(name, variant, file) for name, variant in LAYOUTS for file in layouts_of(name)[variant].files]


@pytest.mark.parametrize(("name", "variant"), LAYOUTS)
def test_whole_files_are_read(tmp_path: Path, name: str, variant: str) -> None:
    layout = layouts_of(name)[variant]
    layout.write(tmp_path)
    assert check_answer(load("datasets", name), layout, tmp_path) == "scenes"


@pytest.mark.parametrize(("name", "variant"), LAYOUTS)
def test_what_systems_leave_in_folders_is_not_read(tmp_path: Path, name: str, variant: str) -> None:
    layout, dataset = layouts_of(name)[variant], load("datasets", name)
    layout.write(tmp_path)
    before = list(read(dataset, layout, tmp_path))
    leave_behind(tmp_path)
    for reading, expected in zip_longest(read(dataset, layout, tmp_path), before):
        np.testing.assert_equal(vars(reading.scene), vars(expected.scene))
        assert reading[1:] == expected[1:]


@pytest.mark.parametrize(("name", "variant", "file"), FILES)
@settings(FUZZ)
@given(random=st.randoms(use_true_random=True))
def test_damaged_file_is_scenes_or_a_sentence(
    tmp_path: Path, name: str, variant: str, file: str, random: Random
) -> None:
    layout, root, whole = layouts_of(name)[variant], tmp_path / "root", tmp_path / "whole"
    if not root.exists():
        root.mkdir()
        layout.write(root)
        whole.write_bytes((root / file).read_bytes())
    change = damage_json if file.endswith(".json") and random.random() < 0.5 else damage
    (root / file).write_bytes(change(whole.read_bytes(), random))
    check_answer(load("datasets", name), layout, root)
