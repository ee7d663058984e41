"""Materials of surfaces, as a laser sees them."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

SOLID = np.inf


@dataclass(frozen=True)
class Material:
    """How a surface returns a pulse.

    remission: the mean recorded value in 0..1; spread: its standard deviation; reflectivity: the share of light
    returned at normal incidence, which limits the range of detection; roughness: standard deviation of the surface
    in metres; density: hits per metre of a ray within it, SOLID where the surface stops every ray.
    """

    remission: float
    spread: float
    reflectivity: float
    roughness: float = 0.0
    density: float = SOLID


MATERIALS = {
    "asphalt": Material(0.3, 0.07, 0.25, 0.004),
    "marking": Material(0.52, 0.12, 0.6, 0.004),
    "paving": Material(0.35, 0.06, 0.3, 0.005),
    "slabs": Material(0.34, 0.06, 0.3, 0.005),
    "gravel": Material(0.31, 0.08, 0.3, 0.015),
    "grass": Material(0.4, 0.06, 0.35, 0.03),
    "plaster": Material(0.42, 0.1, 0.4, 0.01),
    "brick": Material(0.31, 0.09, 0.3, 0.01),
    "concrete": Material(0.33, 0.08, 0.35, 0.01),
    "glass": Material(0.06, 0.08, 0.0002),
    "clear pane": Material(0.06, 0.08, 0.002, density=30.0),
    "paint": Material(0.28, 0.1, 0.2),
    "dark paint": Material(0.0, 0.05, 0.004),
    "rubber": Material(0.05, 0.06, 0.05, 0.005),
    "metal": Material(0.18, 0.15, 0.15),
    "sign": Material(0.6, 0.3, 0.9),
    "lamp": Material(0.9, 0.2, 0.9),
    "plastic": Material(0.2, 0.12, 0.15),
    "canvas": Material(0.42, 0.1, 0.4, 0.02),
    "cloth": Material(0.4, 0.13, 0.35, 0.02),
    "skin": Material(0.45, 0.1, 0.4),
    "bark": Material(0.32, 0.11, 0.3, 0.02),
    "wood": Material(0.3, 0.09, 0.3, 0.01),
    "leaves": Material(0.33, 0.09, 0.35, 0.02, density=3.0),
    "dense leaves": Material(0.32, 0.09, 0.35, 0.02, density=9.0),
    "mesh": Material(0.25, 0.12, 0.2, density=12.0),
    "pickets": Material(0.31, 0.09, 0.3, density=40.0),
    "spokes": Material(0.3, 0.15, 0.2, density=25.0),
}


def draw_material(name: str, rng: np.random.Generator) -> Material:
    """Return one piece of a material, a little brighter or darker than others."""
    material = MATERIALS[name]
    return replace(material, remission=max(0.0, material.remission + 0.3 * material.spread * rng.normal()))


def draw_paint(rng: np.random.Generator) -> Material:
    """Return a vehicle's paint, half of the time one that reflects almost nothing."""
    return draw_material("dark paint" if rng.random() < 0.5 else "paint", rng)
