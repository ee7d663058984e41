"""Colours of furniture: a range of hue, saturation and value per material, and patterns that vary them."""

from __future__ import annotations

import colorsys
from typing import Callable, Tuple

import numpy as np

Pattern = Callable[[np.ndarray], np.ndarray]
Range = Tuple[float, float]

HSV_OF_MATERIAL: dict[str, tuple[Range, Range, Range]] = {
    "wall": ((0.06, 0.17), (0.02, 0.12), (0.78, 0.92)),
    "floor": ((0.05, 0.10), (0.22, 0.50), (0.32, 0.60)),
    "tiles": ((0.08, 0.60), (0.02, 0.12), (0.55, 0.80)),
    "cabinet": ((0.11, 0.15), (0.35, 0.60), (0.55, 0.85)),
    "bed linen": ((0.36, 0.46), (0.15, 0.45), (0.60, 0.92)),
    "chair": ((0.97, 1.03), (0.45, 0.80), (0.25, 0.50)),
    "sofa": ((0.57, 0.72), (0.15, 0.45), (0.28, 0.62)),
    "table": ((0.05, 0.08), (0.50, 0.72), (0.42, 0.68)),
    "door": ((0.24, 0.36), (0.15, 0.40), (0.50, 0.80)),
    "glass": ((0.53, 0.60), (0.22, 0.45), (0.84, 1.0)),
    "frame": ((0.05, 0.15), (0.0, 0.15), (0.80, 0.96)),
    "bookshelf": ((0.04, 0.10), (0.30, 0.58), (0.30, 0.58)),
    "book": ((0.0, 1.0), (0.25, 0.80), (0.25, 0.85)),
    "paint": ((0.0, 1.0), (0.30, 0.85), (0.30, 0.90)),
    "worktop": ((0.34, 0.44), (0.12, 0.28), (0.24, 0.45)),
    "desk": ((0.07, 0.11), (0.22, 0.42), (0.62, 0.84)),
    "curtain": ((0.76, 0.94), (0.25, 0.60), (0.48, 0.85)),
    "refrigerator": ((0.55, 0.64), (0.08, 0.18), (0.58, 0.76)),
    "shower curtain": ((0.45, 0.52), (0.25, 0.50), (0.75, 0.96)),
    "ceramic": ((0.90, 0.98), (0.08, 0.20), (0.86, 0.98)),
    "enamel": ((0.13, 0.17), (0.16, 0.30), (0.86, 0.98)),
    "porcelain": ((0.68, 0.76), (0.12, 0.25), (0.84, 0.98)),
    "metal": ((0.55, 0.65), (0.0, 0.08), (0.45, 0.75)),
    "dark": ((0.0, 1.0), (0.0, 0.25), (0.08, 0.25)),
    "cloth": ((0.0, 1.0), (0.25, 0.75), (0.30, 0.75)),
    "shade": ((0.08, 0.15), (0.10, 0.35), (0.82, 1.0)),
}


def draw_color(material: str, rng: np.random.Generator) -> np.ndarray:
    """Return one colour (3,) in 0..1 from the range of a material."""
    hue, saturation, value = (rng.uniform(*bounds) for bounds in HSV_OF_MATERIAL[material])
    return np.array(colorsys.hsv_to_rgb(hue % 1.0, saturation, value))


def plain(points: np.ndarray) -> np.ndarray:
    """Return the factor 1 for points (N, 3): no pattern."""
    return np.ones((len(points), 1))


def grid_pattern(cell: tuple[float, float], contrast: float, rng: np.random.Generator) -> Pattern:
    """Return a pattern of boards or tiles: each level cell (metres) has a brightness of its own."""
    brightness = rng.uniform(1 - contrast, 1 + contrast, (64, 64))

    def pattern(points: np.ndarray) -> np.ndarray:
        index = np.floor(points[:, :2] / cell).astype(int) % 64
        return brightness[index[:, 0], index[:, 1]][:, None]

    return pattern


def stripes(width: float, contrast: float, rng: np.random.Generator) -> Pattern:
    """Return a pattern of soft stripes across x, one every `width` metres."""
    phase = rng.uniform(0, 2 * np.pi)
    return lambda points: 1 + contrast * np.sin(2 * np.pi * points[:, :1] / width + phase)


def painting(size: tuple[float, float], rng: np.random.Generator) -> Pattern:
    """Return the colours of a picture on the x-z plane, `size` metres wide and high: a few soft spots."""
    spots = rng.uniform((-size[0] / 2, 0), (size[0] / 2, size[1]), (6, 2))
    colors = np.stack([draw_color("paint", rng) for _ in spots])

    def pattern(points: np.ndarray) -> np.ndarray:
        distance = np.linalg.norm(points[:, None, [0, 2]] - spots, axis=2)
        return colors[distance.argmin(axis=1)]

    return pattern
