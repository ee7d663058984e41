"""Brightness and origin of a cloud without labels, as of the clouds that a network was trained on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from openworld3d.errors import UserError
from openworld3d.raw.unlabelled import Sensing, read_unlabelled

FULL: dict[str, tuple[str, float | None, Any, Any]] = {
    "bytes": ("color", None, np.array([[255, 51, 0]], np.uint8), [[255, 51, 0]]),
    "bytes, whatever the training had": ("color", 65535, np.array([[255, 51, 0]], np.uint8), [[255, 51, 0]]),
    "bytes in 16 bits": ("color", None, np.array([[255, 51, 0]], np.uint16), [[255, 51, 0]]),
    "bytes as floats": ("color", None, np.array([[255.0, 51, 0]]), [[255, 51, 0]]),
    "shares": ("color", None, np.array([[1, 0.2, 0]]), [[255, 51, 0]]),
    "16 bits": ("color", None, np.array([[65535, 13107, 0]], np.uint16), [[255, 51, 0]]),
    "16 bits of a dark cloud": ("color", 65535, np.array([[257, 0, 0]], np.uint16), [[1, 0, 0]]),
    "intensities as shares": ("intensity", None, np.array([0.25]), [0.25]),
    "intensities above full are clipped": ("intensity", None, np.array([1.5]), [1]),
    "intensities in 16 bits": ("intensity", None, np.array([13107], np.uint16), [0.2]),
    "intensities as the training had them": ("intensity", 2000, np.array([500], np.uint16), [0.25]),
}


@pytest.mark.parametrize("name", FULL)
def test_full_brightness(tmp_path: Path, name: str) -> None:
    appearance, full, values, expected = FULL[name]
    np.savez(tmp_path / "hall.npz", coord=np.zeros((1, 3)), **{appearance: values})
    scene = read_unlabelled(tmp_path / "hall.npz", Sensing(appearance, False, full))
    np.testing.assert_allclose(getattr(scene, appearance), expected, rtol=1e-6)


def test_map_coordinates_are_moved_unless_the_sensor_is_the_origin(tmp_path: Path) -> None:
    coord = np.array([[700_000.25, 6_000_000, 30], [700_001, 6_000_001, 31]])
    np.savez(tmp_path / "tile.npz", coord=coord)
    assert read_unlabelled(tmp_path / "tile.npz", Sensing(None, False)).coord.tolist() == [[0.25, 0, 0], [1, 1, 1]]
    with pytest.raises(UserError, match=r"point 0 lies at \[700000.25, .* whose sensor is the origin"):
        read_unlabelled(tmp_path / "tile.npz", Sensing(None, True))


def test_scan_of_nuscenes_has_a_ring(tmp_path: Path) -> None:
    np.array([[1, 2, 3, 51, 7], [4, 5, 6, 255, 8]], "<f4").tofile(tmp_path / "one.pcd.bin")
    scene = read_unlabelled(tmp_path / "one.pcd.bin", Sensing("intensity", True, 255))
    assert scene.coord.tolist() == [[1, 2, 3], [4, 5, 6]]
    assert scene.intensity is not None
    np.testing.assert_allclose(scene.intensity, [0.2, 1])
    assert scene.origin_is_sensor


DAMAGED: dict[str, tuple[Any, str]] = {
    "truncated": (np.zeros(7, "<f4"), "is 28 bytes long, expected a multiple of 16"),
    "no return at all": (np.zeros(8, "<f4"), "holds no point, expected at least one; leave it out of the folder"),
    "not finite": (np.array([np.nan, 1, 1, 0], "<f4"), "point 0 has the coordinate"),
}


@pytest.mark.parametrize("name", DAMAGED)
def test_damaged_scan_is_a_sentence(tmp_path: Path, name: str) -> None:
    content, sentence = DAMAGED[name]
    content.tofile(tmp_path / "one.bin")
    with pytest.raises(UserError, match=sentence):
        read_unlabelled(tmp_path / "one.bin", Sensing("intensity", True))
