"""A picture of a scene as PNG, drawn from its points without a GPU, and the colours of a report."""

from __future__ import annotations

import struct
import zlib
from typing import NamedTuple

import numpy as np

from openworld3d.reports.clouds import colour

# Unknown points have one colour in all of a report; it and the three below are told apart by the colour-blind.
UNKNOWN = (214, 0, 110)
MISSED, FALSE_ALARM, RIGHT = (240, 160, 0), (0, 114, 178), (176, 182, 190)
AZIMUTH, ELEVATION = np.radians(-55.0), np.radians(52.0)
WIDTH, HEIGHT = 620, 480  # pixels of a view
FILLED = 2.2  # points per pixel-sized neighbourhood that a surface needs to look closed
SHADE = 0.22  # how dark edges of depth are drawn


class View(NamedTuple):
    """Pixels of points (M,), their depth in metres and half the side of a drawn square in pixels."""

    column: np.ndarray
    row: np.ndarray
    depth: np.ndarray
    radius: int


def view_of(coord: np.ndarray) -> View:
    """Return where points (M, 3) lie in the picture: seen from above at a slant, filling it, without perspective."""
    x, y, z = (coord - coord.mean(axis=0)).astype(np.float64).T
    x, y = x * np.cos(AZIMUTH) - y * np.sin(AZIMUTH), x * np.sin(AZIMUTH) + y * np.cos(AZIMUTH)
    up = z * np.cos(ELEVATION) + y * np.sin(ELEVATION)
    depth = y * np.cos(ELEVATION) - z * np.sin(ELEVATION)
    scale = 0.96 * min(WIDTH / max(np.ptp(x), 1e-6), HEIGHT / max(np.ptp(up), 1e-6))
    column = (WIDTH / 2 + (x - (x.max() + x.min()) / 2) * scale).astype(np.int64)
    row = (HEIGHT / 2 - (up - (up.max() + up.min()) / 2) * scale).astype(np.int64)
    covered = len(np.unique(row // 8 * WIDTH + column // 8)) * 64
    radius = int(np.clip(np.ceil((np.sqrt(FILLED * covered / max(1, len(coord))) - 1) / 2), 1, 5))
    return View(column, row, depth, radius)


def draw(view: View, colours: np.ndarray) -> np.ndarray:
    """Return a picture of points in colours (M, 3) uint8, nothing where there is none: (H, W, 4) uint8.

    Edges of depth are darkened, after Boucheny's eye-dome lighting (2009).
    """
    order = np.argsort(-view.depth, kind="stable")  # the nearest last, which stays
    nearest = np.full(HEIGHT * WIDTH, np.inf)
    image = np.zeros((HEIGHT * WIDTH, 4), np.uint8)
    steps = range(-view.radius, view.radius + 1)
    for down in steps:
        for right in steps:
            row, column = view.row[order] + down, view.column[order] + right
            inside = (row >= 0) & (row < HEIGHT) & (column >= 0) & (column < WIDTH)
            place, point = (row * WIDTH + column)[inside], order[inside]
            of_step = np.full(HEIGHT * WIDTH, -1, np.int64)
            of_step[place] = point
            hit = np.flatnonzero(of_step >= 0)
            hit = hit[view.depth[of_step[hit]] < nearest[hit]]
            nearest[hit] = view.depth[of_step[hit]]
            image[hit, :3], image[hit, 3] = colours[of_step[hit]], 255
    depth = nearest.reshape(HEIGHT, WIDTH)
    picture = image.reshape(HEIGHT, WIDTH, 4)
    picture[..., :3] = (picture[..., :3] * lighting(depth)[..., None]).astype(np.uint8)
    return picture


def lighting(depth: np.ndarray) -> np.ndarray:
    """Return how bright each pixel is, darker the further it lies behind those around it: (H, W) in 0..1."""
    finite = depth[np.isfinite(depth)]
    span = max(float(np.ptp(finite)), 1e-6) if len(finite) else 1.0
    behind = np.zeros_like(depth)
    for down, right in ((2, 0), (-2, 0), (0, 2), (0, -2)):
        neighbor = np.roll(depth, (down, right), axis=(0, 1))
        with np.errstate(invalid="ignore"):
            behind += np.nan_to_num(np.clip((depth - neighbor) / span, 0, 0.05), nan=0.0, posinf=0.0) / 0.05
    return 1 - SHADE * np.minimum(behind, 3) / 3 * 2


def of_truth(scanned: np.ndarray, is_unknown: np.ndarray) -> np.ndarray:
    """Return points as they were scanned, paler, and the unknown ones in their colour: (M, 3) uint8."""
    grey = scanned.astype(np.float64).mean(axis=1, keepdims=True)
    pale = (0.35 * scanned + 0.65 * grey) * 0.7 + 70
    return np.where(is_unknown[:, None], UNKNOWN, pale.clip(0, 255)).astype(np.uint8)


def of_level(level: np.ndarray) -> np.ndarray:
    """Return the colours of scores by their level (M,), 0..127: (M, 3) uint8."""
    return colour(level.astype(np.float64), 0, 127)


def of_errors(is_unknown: np.ndarray, flagged: np.ndarray) -> np.ndarray:
    """Return the colours of found, missed and wrongly flagged points, and of those rightly left: (M, 3) uint8."""
    known = np.where(flagged[:, None], FALSE_ALARM, RIGHT)
    return np.where(is_unknown[:, None], np.where(flagged[:, None], UNKNOWN, MISSED), known).astype(np.uint8)


def png(image: np.ndarray) -> bytes:
    """Return a picture (H, W, 4) uint8 as a PNG file."""
    height, width = image.shape[:2]
    lines = np.concatenate([np.zeros((height, 1), np.uint8), image.reshape(height, -1)], axis=1)
    header = struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(lines.tobytes(), 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in chunks
    )
