"""Objects that a network predicts, saved beside its outputs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.saved_outputs.conftest import COLUMNS, save

from openworld3d.errors import UserError
from openworld3d.saved_outputs.folder import open_saved
from openworld3d.saved_outputs.scenes import SavedScene, read_scene


def read(root: Path) -> SavedScene:
    return read_scene(open_saved(root), "hall", COLUMNS)


def test_instances_are_those_of_points(root: Path) -> None:
    instance = np.array([0, -1, 7, 2**30 + 1, 7] * 6)
    save(root, {"scenes/hall/instance": instance, "scenes/hall/inverse": np.arange(30)[::-1]})
    found = read(root)
    assert found.instance is not None
    assert (found.instance >= 0).tolist() == (instance[::-1] > 0).tolist()
    assert len(np.unique(found.instance[instance[::-1] == 7])) == 1
    assert len(np.unique(found.instance)) == 3
    assert "instance" not in found.outputs


@pytest.mark.parametrize("instance", [np.zeros(30), np.zeros((30, 1), int), np.zeros(29, int)])
def test_instances_that_are_wrong_are_told(root: Path, instance: np.ndarray) -> None:
    save(root, {"scenes/hall/instance": instance})
    sentence = r"instance.npy: holds .*, expected integers \(30,\), the object of each row, 0 where none"
    with pytest.raises(UserError, match=sentence):
        read(root)
