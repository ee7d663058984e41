from __future__ import annotations

import struct
import zlib

import numpy as np

from openworld3d.reports.picture import (
    FALSE_ALARM,
    HEIGHT,
    MISSED,
    RIGHT,
    UNKNOWN,
    WIDTH,
    draw,
    of_errors,
    png,
    view_of,
)


def test_nearer_points_hide_those_behind() -> None:
    """Looked at from above at a slant: a plate lies over another of the same size."""
    flat = np.stack(np.meshgrid(np.linspace(0, 1, 60), np.linspace(0, 1, 60)), axis=-1).reshape(-1, 2)
    plates = np.concatenate([np.c_[flat, np.full(len(flat), height)] for height in (0.0, 0.01)])
    colours = np.repeat(np.array([[250, 0, 0], [0, 250, 0]], np.uint8), len(flat), axis=0)
    image = draw(view_of(plates), colours)
    assert image.shape == (HEIGHT, WIDTH, 4)
    drawn = image[image[..., 3] > 0]
    assert (drawn[:, 1] > drawn[:, 0]).mean() > 0.9
    assert 0.2 < (image[..., 3] > 0).mean() < 0.9


def test_errors_have_four_colours() -> None:
    is_unknown, flagged = np.array([True, True, False, False]), np.array([True, False, True, False])
    assert of_errors(is_unknown, flagged).tolist() == [list(c) for c in (UNKNOWN, MISSED, FALSE_ALARM, RIGHT)]


def test_png_holds_every_pixel() -> None:
    image = np.random.default_rng(0).integers(0, 256, (3, 5, 4)).astype(np.uint8)
    data = png(image)
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    assert struct.unpack(">II", data[16:24]) == (5, 3)
    begin = data.index(b"IDAT")
    (size,) = struct.unpack(">I", data[begin - 4 : begin])
    lines = np.frombuffer(zlib.decompress(data[begin + 4 : begin + 4 + size]), np.uint8).reshape(3, 1 + 20)
    assert not lines[:, 0].any()
    np.testing.assert_array_equal(lines[:, 1:].reshape(3, 5, 4), image)
